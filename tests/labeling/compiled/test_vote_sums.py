import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from weaklabel.labeling.compiled.vote_sums import VoteSums


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 50), st.integers(0, 11), st.sampled_from([2, 3, 4, 15, 16, 127]), st.integers(0, 99))
def test_the_weights_of_each_rows_votes_are_added_up(n, m, k, seed):
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, k, (n, m)).astype(np.int8)
    weights = rng.integers(-(2**40), 2**40, (m, k, 3)).astype(float)

    sums = VoteSums(weights)(votes)

    expected = [sum((weights[j, v] for j, v in enumerate(row) if v >= 0), np.zeros(3)) for row in votes]
    assert (np.array(expected).reshape(n, 3) == sums.T).all()
