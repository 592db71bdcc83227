"""Numbering what comes again and again: as a dictionary would, however it is cut."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.clicks.reading.cell_numbers import CellNumbers
from weaklabel.clicks.reading.hashing import RowHashes

CELLS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "ab"]), st.integers(0, 30)), max_size=60)


def numbered(cells, batches):
    """The number of each cell, and the cells in the order of their numbers."""
    numbers, found, known = CellNumbers(), [], []
    for batch in batches:
        frame = pl.DataFrame(cells[batch], schema={"text": pl.String, "n": pl.Int64}, orient="row")
        number, new = numbers.of(RowHashes(frame), ["text", "n"])
        found += number.tolist()
        known += frame[new].rows()
    return found, known


@given(CELLS, st.integers(0, 60))
def test_equal_rows_have_one_number_and_different_rows_have_two(cells, cut):
    found, known = numbered(cells, [slice(0, cut), slice(cut, None)])

    assert [known[number] for number in found] == cells
    assert len(known) == len(set(known)) == len(set(cells))


def test_numbers_stay_as_they_are_while_the_table_grows():
    cells = [("a", i % 50_000) for i in range(120_000)]

    found, _ = numbered(cells, [slice(i, i + 1_000) for i in range(0, 120_000, 1_000)])

    assert found[:50_000] == found[50_000:100_000]
    assert set(found) == set(range(50_000))


def test_texts_are_not_run_together():
    found, _ = numbered([("a", 1), ("", 1), ("b", 1), ("a", 1)], [slice(0, 4)])

    assert found[0] == found[3]
    assert len(set(found)) == 3
