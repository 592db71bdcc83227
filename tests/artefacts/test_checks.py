import polars as pl
import pytest

from weaklabel.artefacts import checks
from weaklabel.errors import TableError


@pytest.mark.parametrize(
    ("values", "text"),
    [([1, 2], ["1", "2"]), (["a", 1], ["a", "1"]), (pl.Series("key", ["b", "a"]), ["b", "a"]), ([], [])],
)
def test_ids_become_a_text_column_called_id_in_their_order(values, text):
    ids = checks.ids(values)

    assert ids.name == "id"
    assert ids.dtype == pl.String
    assert ids.to_list() == text


@pytest.mark.parametrize("values", [["a", "b", None], [1, 2, None], [1.0, 2.0, float("nan")]])
def test_a_missing_id_is_named_with_its_row(values):
    with pytest.raises(TableError, match="the message in row 2 has no id: give every message one"):
        checks.ids(values, "message")


def test_a_repeated_id_is_named_with_its_rows_and_how_many_there_are():
    with pytest.raises(TableError, match="id 'b' stands in rows 1 and 3; 2 ids occur more than once"):
        checks.ids(["a", "b", "c", "b", "c", "b"])


def test_ids_that_differ_only_before_they_are_text_are_repeated():
    with pytest.raises(TableError, match="id '1' stands in rows 0 and 1"):
        checks.ids([1, "1"])


def test_class_names_become_text_in_their_order():
    assert checks.classes([1, 0]) == ("1", "0")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("ham", r"classes are a sequence of names, such as \('ham', 'spam'\), not the text 'ham'"),
        ([], "0 classes given .*; 2 to 127 are possible"),
        (["ham"], "1 classes given .'ham',.; 2 to 127"),
        (range(128), "128 classes given"),
        (["ham", "spam", "ham"], "class names must differ: ham, spam, ham"),
        ([1, "1"], "class names must differ: 1, 1"),
    ],
)
def test_class_names_that_cannot_be_used_are_explained(classes, message):
    with pytest.raises(TableError, match=message):
        checks.classes(classes)


def test_as_many_classes_as_a_vote_can_name_are_possible():
    assert len(checks.classes(range(127))) == 127


def test_gold_is_checked_for_shape_and_range():
    with pytest.raises(TableError, match=r"gold has shape \(2,\); there are 3 items"):
        checks.gold([0, 1], 3, ("ham", "spam"))
    with pytest.raises(TableError, match="gold holds .*2.* in row 1; it is -1 .unknown. or one of 0..1 .ham, spam."):
        checks.gold([0, 2, -1], 3, ("ham", "spam"))
