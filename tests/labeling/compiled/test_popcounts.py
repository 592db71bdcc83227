import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from weaklabel.labeling.compiled.popcounts import popcounts


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), st.integers(0, 40), st.integers(0, 99))
def test_the_bits_that_two_rows_share_are_counted_above_the_diagonal(rows, words, seed):
    bits = np.random.default_rng(seed).integers(0, 2**64, (rows, words), np.uint64)

    shared = popcounts(bits)

    expected = [
        [sum((x & y).bit_count() for x, y in zip(a, b, strict=True)) for b in bits.tolist()] for a in bits.tolist()
    ]
    assert (shared == np.triu(np.array(expected, np.int64).reshape(rows, rows))).all()


def test_full_words_count_in_full():
    bits = np.full((3, 1000), 2**64 - 1, np.uint64)

    assert (popcounts(bits) == np.triu(np.full((3, 3), 64_000))).all()
