import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from weaklabel.labeling.compiled.bit_planes import bit_planes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 6), st.integers(2, 5), st.integers(0, 99))
def test_each_vote_is_the_bit_of_its_item_in_the_row_of_its_function_and_class(n, m, k, seed):
    votes = np.random.default_rng(seed).integers(-1, k, (n, m)).astype(np.int8)

    planes = bit_planes(votes, k)

    bits = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little").reshape(m, k, -(-n // 64) * 64)
    assert planes.shape == (m * k, -(-n // 64))
    assert (bits[:, :, :n] == (votes.T[:, None] == np.arange(k)[:, None])).all()
    assert not bits[:, :, n:].any()


def test_votes_that_lie_column_by_column_are_read_right():
    votes = np.asfortranarray(np.random.default_rng(0).integers(-1, 2, (100, 3)).astype(np.int8))

    assert (bit_planes(votes, 2) == bit_planes(votes.copy(order="C"), 2)).all()
