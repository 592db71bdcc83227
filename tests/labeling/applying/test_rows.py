import copy
import pickle

import polars as pl
import pytest
from snorkel.map.core import get_hashable

from weaklabel.labeling.applying.rows import Row, Rows

FRAME = pl.DataFrame({"id": ["a", "b"], "text": ["hello", None], "n": [1, 2], "tags": [["x"], []]})


@pytest.fixture(autouse=True)
def _kept():
    kept.clear()


kept = []  # rows do not keep what they come from alive


def all_of(rows):
    kept.append(rows)
    return rows.of(FRAME)


def test_a_row_has_the_values_of_its_columns_as_attributes_and_by_name():
    first, second = all_of(Rows(2))

    assert (first.text, first["n"], first.tags) == ("hello", 1, ["x"])
    assert (second.text, second["n"], second.tags) == (None, 2, [])


def test_a_column_that_is_not_there_is_missed_by_name():
    row = all_of(Rows(2))[0]

    with pytest.raises(AttributeError, match="the row has no 'body'; its columns are id, text, n, tags"):
        _ = row.body
    with pytest.raises(KeyError, match="body"):
        _ = row["body"]
    assert not hasattr(row, "body")


def test_what_a_function_writes_into_a_row_is_there_until_the_next_function():
    rows = Rows(2)
    row = rows.of(FRAME)[0]
    row.text, row.length = row.text.upper(), 5
    row.tags.append("y")

    assert (row.text, row.length, row.tags) == ("HELLO", 5, ["x", "y"])
    again = rows.fresh()[0]
    assert (again.text, again.tags, hasattr(again, "length")) == ("hello", ["x"], False)


def test_a_written_value_survives_the_first_reading_of_other_columns():
    first, second = all_of(Rows(2))
    first.text = "mine"

    assert second.text is None
    assert vars(first) == {"text": "mine", "id": "a", "n": 1, "tags": ["x"]}


def test_a_row_is_whole_for_whoever_looks_at_all_of_it():
    row = all_of(Rows(2))[0]

    whole = {"id": "a", "text": "hello", "n": 1, "tags": ["x"]}
    assert vars(row) == whole
    assert get_hashable(row) == get_hashable(Row(**whole))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda row: pickle.loads(pickle.dumps(row))])
def test_a_copy_is_a_row_of_its_own(copied):
    row = all_of(Rows(2))[0]

    other = copied(row)
    other.text = "changed"

    assert (row.text, other.text, other.n) == ("hello", "changed", 1)
    assert type(other) is Row


def test_the_rows_of_the_next_frame_hold_nothing_of_the_last():
    rows = Rows(3)
    rows.of(FRAME)[0].text = "written"

    (row,) = rows.of(FRAME[1:].drop("n"))

    assert vars(row) == {"id": "b", "text": None, "tags": []}
    assert not hasattr(row, "n")


def test_rows_are_gone_with_what_made_them():
    import gc
    import weakref

    gc.disable()
    try:
        rows = Rows(2)
        rows.of(FRAME)
        gone = weakref.ref(rows)
        del rows
        assert gone() is None
    finally:
        gc.enable()
