import re
from pathlib import Path

import polars as pl
import pytest

from weaklabel.errors import LabelingFunctionError, TableError, UnknownNameError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.files import load_lfs

RULES = """
from weaklabel import keywords, labeling_function

CLASSES = ("ham", "spam")
LEAST = 5

def is_long(text):
    return len(text) > LEAST

@labeling_function()
def long(x):
    return 1 if is_long(x.text) else -1

prize = keywords("prize", ["won"], 1)
"""


def write(folder, text, name="rules.py"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_its_functions_in_order_and_its_classes(tmp_path):
    found = load_lfs(write(tmp_path, RULES))

    assert [lf.name for lf in found.lfs] == ["long", "prize"]
    assert found.classes == ("ham", "spam")


def test_a_file_without_classes_names_none(tmp_path):
    assert load_lfs(write(tmp_path, RULES.replace("CLASSES", "LABELS"))).classes == ()


def test_functions_in_lists_and_tuples_are_found_and_none_twice(tmp_path):
    more = "\nlist_of_lfs = [keywords(word, [word], 1) for word in ('free', 'cash')]\nLFS = (prize, *list_of_lfs)\n"

    found = load_lfs(write(tmp_path, RULES + more))

    assert [lf.name for lf in found.lfs] == ["long", "prize", "free", "cash"]


def test_snorkels_own_functions_are_found(tmp_path):
    text = (
        "from snorkel.labeling import LabelingFunction, labeling_function\n"
        "@labeling_function()\n"
        "def decorated(x):\n"
        "    return 1\n"
        "made = LabelingFunction('made', lambda x: 0)\n"
    )

    assert [lf.name for lf in load_lfs(write(tmp_path, text)).lfs] == ["decorated", "made"]


def test_functions_from_a_file_run_in_worker_processes(tmp_path):
    lfs = load_lfs(write(tmp_path, RULES)).lfs

    L = apply(lfs, pl.DataFrame({"id": [1, 2], "text": ["you won", "hi"]}), ("ham", "spam"), n_jobs=2)

    assert L.votes.tolist() == [[1, 1], [-1, -1]]
    assert not L.faults


def test_a_file_may_use_its_neighbours(tmp_path):
    write(tmp_path, "WORDS = ['won']\n", "neighbour_words.py")
    path = write(
        tmp_path, "from neighbour_words import WORDS\nfrom weaklabel import keywords\nk = keywords('k', WORDS, 1)"
    )

    assert [lf.name for lf in load_lfs(path).lfs] == ["k"]


def test_a_file_that_ships_is_found_by_its_name():
    assert load_lfs("sms_spam").classes == ("ham", "spam")


def test_a_file_in_the_working_folders_heuristics_is_found_by_its_name(tmp_path, monkeypatch):
    write(tmp_path / "heuristics", RULES, "my_rules.py")
    monkeypatch.chdir(tmp_path)

    assert [lf.name for lf in load_lfs("my_rules").lfs] == ["long", "prize"]


def test_a_name_that_neither_ships_nor_is_a_file_is_refused_with_those_that_ship():
    with pytest.raises(UnknownNameError, match="'smsspam' is neither a Python file nor .*sentiment, sms_spam, tumours"):
        load_lfs("smsspam")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LabelingFunctionError, match=re.escape(f"no file at {tmp_path / 'rules.py'}")):
        load_lfs(tmp_path / "rules.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\ndef f(:\n", r"rules\.py, line 3: invalid syntax"),
        ("x = 1\ny = x / 0\n", r"rules\.py, line 2: ZeroDivisionError: division by zero"),
        ("def f():\n    return missing\n\n\nf()\n", r"rules\.py, line 2: NameError: name 'missing' is not defined"),
        ("\nimport no_such_module\n", r"rules\.py, line 2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("from weaklabel import keywords\nkeywords('k', [], 1)", r"rules\.py, line 2: LabelingFunctionError: .*'k'"),
    ],
)
@pytest.mark.parametrize("relative", [False, True])
def test_a_file_that_cannot_run_is_named_with_the_line_and_the_reason(tmp_path, monkeypatch, text, message, relative):
    path = write(tmp_path, text)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(LabelingFunctionError, match=message):
        load_lfs(Path("rules.py") if relative else path)


def test_a_file_without_labeling_functions_is_an_error_that_says_how_to_make_one(tmp_path):
    path = write(tmp_path, "def long(x):\n    return 1\n")

    with pytest.raises(
        LabelingFunctionError, match=r"rules\.py defines no labeling function: .*@labeling_function\(\)"
    ):
        load_lfs(path)


@pytest.mark.parametrize("classes", ["'ham'", "('ham',)", "('ham', 'ham')"])
def test_classes_that_are_no_list_of_different_names_are_refused(tmp_path, classes):
    path = write(tmp_path, RULES.replace('("ham", "spam")', classes))

    with pytest.raises(TableError, match="class"):
        load_lfs(path)


def test_a_file_that_exits_is_an_error_and_not_the_end(tmp_path):
    (tmp_path / "rules.py").write_text("import sys\nsys.exit('no model here')\n")

    with pytest.raises(LabelingFunctionError, match="rules.py, line 2: SystemExit: no model here"):
        load_lfs(tmp_path / "rules.py")
