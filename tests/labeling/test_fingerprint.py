import os
import subprocess
import sys
import threading

import polars as pl
import pytest

from weaklabel.labeling.apply import apply
from weaklabel.labeling.files import load_lfs
from weaklabel.labeling.fingerprint import fingerprint
from weaklabel.labeling.functions import LabelingFunction
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.lookup import lookup
from weaklabel.labeling.kinds.threshold import threshold

RULES = """
from snorkel.labeling import labeling_function as snorkel_function
from snorkel.preprocess import preprocessor
from weaklabel import labeling_function

LIMIT = 3

def is_long(word):
    return len(word) > 3

@labeling_function()
def other(x):
    return 1 if x.text == "prize" else -1

@preprocessor(memoize=True)
def lower(x):
    x.text = x.text.lower()
    return x

"""
RULE = {
    "source": "@labeling_function()\ndef f(x):\n    return 1 if len(x.text) > 3 else -1",
    "a global that it reads": "@labeling_function()\ndef f(x):\n    return len(x.text) > LIMIT",
    "a global read inside a comprehension": (
        "@labeling_function()\ndef f(x):\n    return any(len(word) > LIMIT for word in x.text.split())"
    ),
    "a function that it calls": "@labeling_function()\ndef f(x):\n    return is_long(x.text)",
    "a labeling function that it calls": "@labeling_function()\ndef f(x):\n    return other(x)",
    "a default": "@labeling_function()\ndef f(x, limit=3):\n    return len(x.text) > limit",
    "a default by keyword": "@labeling_function()\ndef f(x, *, limit=3):\n    return len(x.text) > limit",
    "a set of words": "@labeling_function()\ndef f(x):\n    return x.text in {'prize', 'won', 'cash'}",
    "resources": "@labeling_function(resources={'limit': 3})\ndef f(x, limit):\n    return len(x.text) > limit",
    "a preprocessor": "@labeling_function(pre=[lambda x: x if len(x.text) > 3 else None])\ndef f(x):\n    return 1",
    "Snorkel's preprocessor": "@labeling_function(pre=[lower])\ndef f(x):\n    return 1",
    "Snorkel's function": "@snorkel_function()\ndef f(x):\n    return 1 if len(x.text) > 3 else -1",
    "resources of Snorkel's": "@snorkel_function(resources={'limit': 3})\ndef f(x, limit):\n    return limit",
    "pre of Snorkel's": "@snorkel_function(pre=[lower])\ndef f(x):\n    return 1",
}


def load(folder, text, name="rules.py"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return {lf.name: lf for lf in load_lfs(path).lfs}


@pytest.mark.parametrize("part", RULE)
def test_it_changes_when_what_the_function_is_made_of_changes(tmp_path, part):
    text = RULES + RULE[part]
    changed = text.replace("3", "4").replace("prize", "price").replace("lower()", "upper()")

    before, again, after = (fingerprint(load(tmp_path, each)["f"]) for each in (text, text, changed))

    assert before == again
    assert before != after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (keywords("k", ["won"], 1), keywords("k", ["won", "prize"], 1)),
        (keywords("k", ["won"], 1), keywords("k", ["won"], 0)),
        (lookup("k", "sender", {"mum": 0}), lookup("k", "sender", {"mum": 1})),
        (threshold("k", "area", 1, above=1), threshold("k", "area", 1, above=2)),
    ],
)
def test_it_changes_with_what_a_factory_was_given(before, after):
    assert fingerprint(before) != fingerprint(after)


def test_names_of_variables_comments_and_lines_do_not_matter(tmp_path):
    plain = "def f(x):\n    words = x.text.split()\n    return 1 if len(words) > 3 else -1\n"
    other = "\n\n\ndef f(x):\n    # so many\n    w = x.text.split()\n\n    return 1 if len(w) > 3 else -1\n"
    head = "from weaklabel import labeling_function\n@labeling_function()\n"
    moved = "from weaklabel import labeling_function\n# moved\n\n@labeling_function()\n"

    one, two = (load(tmp_path, text)["f"] for text in (head + plain, moved + other.lstrip()))

    assert fingerprint(one) == fingerprint(two)


def test_functions_that_call_each_other_or_themselves_have_one(tmp_path):
    text = (
        "from weaklabel import labeling_function\n"
        "def even(n):\n    return n == 0 or odd(n - 1)\n"
        "def odd(n):\n    return n != 0 and even(n - 1)\n"
        "@labeling_function()\ndef f(x):\n    return even(x.n) if x.n > 0 else f(x)\n"
    )

    assert len(fingerprint(load(tmp_path, text)["f"])) == 32


def test_a_resource_that_cannot_be_pickled_is_known_by_its_type():
    one, other, none = (LabelingFunction("f", len, {"lock": lock}) for lock in (threading.Lock(), threading.Lock(), 0))

    assert fingerprint(one) == fingerprint(other) != fingerprint(none)


def test_it_is_the_same_in_every_process(tmp_path):
    names = [f"f{n}" for n in range(len(RULE))]
    rules = [rule.replace("def f(", f"def {name}(") for name, rule in zip(names, RULE.values(), strict=True)]
    here = load(tmp_path, RULES + "\n\n".join(rules))
    script = (
        "from weaklabel.labeling.files import load_lfs\nfrom weaklabel.labeling.fingerprint import fingerprint\n"
        f"print(*(fingerprint(lf) for lf in load_lfs({str(tmp_path / 'rules.py')!r}).lfs))"
    )

    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # sets are in another order there
    elsewhere = subprocess.check_output([sys.executable, "-c", script], text=True, env=environment).split()

    assert elsewhere == [fingerprint(lf) for lf in here.values()]


def test_it_does_not_depend_on_what_the_function_has_seen(tmp_path):
    lf = load(tmp_path, RULES + RULE["Snorkel's preprocessor"])["f"]
    before = fingerprint(lf)

    L = apply([lf], pl.DataFrame({"id": [1], "text": ["HELLO"]}), ("ham", "spam"))

    assert fingerprint(lf) == before
    assert L.provenance["fingerprints"] == {"f": before}
