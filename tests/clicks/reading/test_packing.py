"""Whole numbers side by side in one: they come out again as they went in, and sort as rows do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.clicks.reading.packing import Packing

ROWS = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 3), st.integers(0, 2**30)), min_size=1, max_size=30)


@given(ROWS)
def test_numbers_come_out_again_and_keys_sort_as_rows_do(rows):
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    packing = Packing.of([int(column.max()) for column in columns], 62)

    keys = packing.pack(columns)

    assert [tuple(row) for row in np.stack(packing.unpack(keys), axis=1).tolist()] == rows
    assert [rows[i] for i in np.argsort(keys, kind="stable")] == sorted(rows)
    assert (keys >= 0).all()


def test_numbers_that_need_more_bits_than_there_are_have_no_packing():
    assert Packing.of([2**31 - 1, 2**31 - 1], 62) == Packing((31, 31))
    assert Packing.of([2**31, 2**31 - 1], 62) is None


def test_there_is_room_to_grow():
    packing = Packing.of([100, 10], 62)

    assert packing.holds([20_000, 2_000])
    assert not packing.holds([2**62, 10])
