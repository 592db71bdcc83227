import os
import subprocess
import sys
import threading
from functools import partial

import polars as pl
import pytest

from weaklabel.labeling.apply import apply
from weaklabel.labeling.applying.fingerprint import fingerprint, source
from weaklabel.labeling.files import load_lfs
from weaklabel.labeling.functions import LabelingFunction
from weaklabel.labeling.kinds.expression import expression
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
    "a class that it uses": (
        "class Judge:\n    def says(self, x):\n        return len(x.text) > 3\n"
        "@labeling_function()\ndef f(x):\n    return int(Judge().says(x))"
    ),
    "a constant of a class": (
        "class Limit:\n    LEAST = 3\n@labeling_function()\ndef f(x):\n    return int(len(x.text) > Limit.LEAST)"
    ),
    "an object of a class": (
        "class Judge:\n    def says(self, x):\n        return len(x.text) > 3\njudge = Judge()\n"
        "@labeling_function()\ndef f(x):\n    return int(judge.says(x))"
    ),
    "what an object holds": (
        "class Judge:\n    def __init__(self, least):\n        self.least = least\njudge = Judge(3)\n"
        "@labeling_function()\ndef f(x):\n    return int(len(x.text) > judge.least)"
    ),
    "a list of a class": (
        "class Words:\n    ALL = ['prize', 'won']\n@labeling_function()\ndef f(x):\n    return int(x.text in Words.ALL)"
    ),
    "a method of a base class": (
        "class Base:\n    def says(self, x):\n        return len(x.text) > 3\nclass Judge(Base):\n    pass\n"
        "@labeling_function()\ndef f(x):\n    return int(Judge().says(x))"
    ),
    "a member of an enumeration": (
        "from enum import IntEnum\nclass Label(IntEnum):\n    LEAST = 3\n"
        "@labeling_function()\ndef f(x):\n    return int(len(x.text) > Label.LEAST)"
    ),
    "a dictionary keyed by members": (
        "from enum import Enum\nclass Label(Enum):\n    HAM = 0\nWORDS = {Label.HAM: ['prize']}\n"
        "@labeling_function()\ndef f(x):\n    return int(x.text in WORDS[Label.HAM])"
    ),
    "a method of a tuple": (
        "from typing import NamedTuple\nclass Rule(NamedTuple):\n    word: str\n    def holds(self, text):\n"
        "        return len(text) > 3\nRULE = Rule('x')\n"
        "@labeling_function()\ndef f(x):\n    return int(RULE.holds(x.text))"
    ),
    "an object with an f": (
        "class Rule:\n    def __init__(self, f, least):\n        self.f, self.least = f, least\n"
        "    def __call__(self, x):\n        return int(self.f(x) > self.least)\n"
        "rule = Rule(lambda x: len(x.text), 3)\n"
        "@labeling_function()\ndef f(x):\n    return rule(x)"
    ),
    "an object with slots": (
        "class Rule:\n    __slots__ = ('least',)\nrule = Rule()\nrule.least = 3\n"
        "@labeling_function()\ndef f(x):\n    return int(len(x.text) > rule.least)"
    ),
    "an attribute of a function": (
        "def helper():\n    pass\nhelper.least = 3\n"
        "@labeling_function()\ndef f(x):\n    return len(x.text) > helper.least"
    ),
    "a function with a cache": (
        "from functools import lru_cache\n@lru_cache\ndef judge(text):\n    return len(text) > 3\n"
        "@labeling_function()\ndef f(x):\n    return int(judge(x.text))"
    ),
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


def test_it_changes_when_a_neighbouring_file_that_it_imports_changes(tmp_path):
    rules = (
        "import neighbour_rules\nfrom weaklabel import labeling_function\n"
        "@labeling_function()\ndef f(x):\n    return neighbour_rules.judge(x.text)\n"
    )
    prints = []
    for limit in (3, 3, 4):
        (tmp_path / "neighbour_rules.py").write_text(f"def judge(text):\n    return len(text) > {limit}\n")
        prints.append(fingerprint(load(tmp_path, rules)["f"]))

    assert prints[0] == prints[1] != prints[2]


def test_it_changes_with_the_order_of_a_dictionary_and_with_what_a_try_covers_and_with_names_of_parameters(tmp_path):
    head = "from weaklabel import labeling_function\n"
    pairs = [
        ("R = {'win': 1, 'prize': 0}\n", "R = {'prize': 0, 'win': 1}\n"),
        (
            "from collections import Counter\nR = Counter('ab')\n",
            "from collections import Counter\nR = Counter('ba')\n",
        ),
    ]
    first = "@labeling_function()\ndef f(x):\n    return next((y for word, y in R.items() if word in x.text), -1)\n"
    prints = [[fingerprint(load(tmp_path, head + each + first)["f"]) for each in pair] for pair in pairs]
    swapped = [
        fingerprint(load(tmp_path, head + f"@labeling_function()\ndef f(x, {names}):\n    return ham(x)\n")["f"])
        for names in ("ham, spam", "spam, ham")
    ]

    assert all(before != after for before, after in [*prints, swapped])


def test_a_function_that_imports_a_neighbour_when_it_is_called_cannot_be_known_and_of_a_library_it_can(tmp_path):
    head = "from weaklabel import labeling_function\n@labeling_function()\ndef f(x):\n"

    later = fingerprint(
        load(tmp_path, head + "    from neighbour_words import WORDS\n    return int(x.text in WORDS)")["f"]
    )
    library = fingerprint(
        load(tmp_path, head + "    import numpy as np\n    import re\n    return int(np.sum(x.n))")["f"]
    )

    assert later.endswith("?")
    assert not library.endswith("?")


def test_a_function_of_an_object_that_holds_it_has_one(tmp_path):
    text = (
        "from snorkel.labeling import LabelingFunction\n"
        "class Rule(LabelingFunction):\n    def __init__(self, word):\n        self.word = word\n"
        "        super().__init__('f', self.vote)\n    def vote(self, x):\n        return int(self.word in x.text)\n"
        "f = Rule('{}')\n"
    )

    one, same, other = (fingerprint(load(tmp_path, text.format(word))["f"]) for word in ("won", "won", "win"))

    assert one == same != other


def test_what_a_function_remembers_of_a_run_does_not_make_it_another(tmp_path):
    text = (
        "from weaklabel import labeling_function\nSEEN = {}\n@labeling_function()\n"
        "def f(x):\n    return SEEN.setdefault(x.text, 1)\n"
    )
    table = pl.DataFrame({"id": [1, 2], "text": ["a", "b"]})

    first, second = (apply([load(tmp_path, text)["f"]], table, ("ham", "spam")) for _ in range(2))

    assert first.provenance["fingerprints"] == second.provenance["fingerprints"]


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


class Counts:
    """A function with a memory, which holds itself."""

    def __init__(self, limit):
        self.limit, self.me = limit, self

    def __call__(self, x):
        return self.judge(x)

    def judge(self, x):
        return 1 if len(x.text) > self.limit else -1


class Other(Counts):
    def judge(self, x):
        return 1 if len(x.text) < self.limit else -1


def test_an_object_that_is_called_is_known_by_its_methods_and_what_it_holds():
    prints = [fingerprint(LabelingFunction("f", f)) for f in (Counts(3), Counts(3), Counts(4), Other(3))]

    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_partial_functions_and_methods_are_known_by_what_they_are_made_of():
    def longer(limit, x):
        return 1 if len(x.text) > limit else -1

    rules = [partial(longer, 3), partial(longer, 3), partial(longer, 4), Counts(3).judge, Counts(4).judge]

    prints = [fingerprint(LabelingFunction("f", rule)) for rule in rules]

    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


def test_a_batch_rule_counts_beside_the_row_rule():
    one, other = (LabelingFunction("f", len, batch=batch) for batch in (lambda rows: [1], lambda rows: [0]))

    assert fingerprint(one) != fingerprint(other)


def test_a_large_dictionary_is_known_whatever_its_order_and_by_its_types():
    numbers = {f"s{i}": i % 2 for i in range(20_000)}
    turned = dict(reversed(numbers.items()))

    prints = [fingerprint(lookup("k", "s", each)) for each in (numbers, turned, {**numbers, "s7": 0}, {7: 1}, {"7": 1})]

    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


def test_what_a_library_keeps_in_mind_is_not_the_functions():
    from re import search

    lf = LabelingFunction("f", lambda x: 1 if search("prize", x.text) else -1)
    before = fingerprint(lf)

    for i in range(50):
        search(f"pattern {i}", "")  # they lie in a cache of the module

    assert fingerprint(lf) == before


def test_a_vectorizer_is_known_by_what_it_was_fitted_to(tmp_path):
    script = (
        "from sklearn.feature_extraction.text import TfidfVectorizer\n"
        "from weaklabel.labeling.applying.fingerprint import fingerprint\n"
        "from weaklabel.labeling.functions import LabelingFunction\n"
        "for texts in (['a prize', 'mum'], ['a prize', 'dad']):\n"
        "    fitted = TfidfVectorizer(stop_words='english').fit(texts)\n"
        "    fitted.transform(texts)\n"
        "    print(fingerprint(LabelingFunction('f', len, {'vectorizer': fitted})))\n"
    )

    runs = [subprocess.check_output([sys.executable, "-c", script], text=True).split() for _ in range(2)]

    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


@pytest.mark.parametrize(
    ("lf", "said"),
    [
        (keywords("k", ["won"], 1), "keywords"),
        (expression("e", pl.col("n") > 1, 1), "expression"),
        (LabelingFunction("f", lambda x: 1), "test_fingerprint.py:"),
        (LabelingFunction("f", Counts(3)), "Counts"),
    ],
    ids=["keywords", "expression", "a lambda", "an object"],
)
def test_a_function_says_where_it_comes_from(lf, said):
    assert source(lf).startswith(said)


def test_a_resource_that_cannot_be_pickled_is_known_by_its_type():
    one, other, none = (LabelingFunction("f", len, {"lock": lock}) for lock in (threading.Lock(), threading.Lock(), 0))

    assert fingerprint(one) == fingerprint(other) != fingerprint(none)


def test_it_is_the_same_in_every_process(tmp_path):
    names = [f"f{n}" for n in range(len(RULE))]
    rules = [rule.replace("def f(", f"def {name}(") for name, rule in zip(names, RULE.values(), strict=True)]
    here = load(tmp_path, RULES + "\n\n".join(rules))
    script = (
        "from weaklabel.labeling.applying.fingerprint import fingerprint\n"
        "from weaklabel.labeling.files import load_lfs\n"
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
