import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.numerics import entropy, normalise_log, top_two

MATRIX = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(st.floats(-30, 30), min_size=k, max_size=k), min_size=1, max_size=6)
)


@given(MATRIX)
def test_log_probabilities_become_shares_of_their_exponentials(rows):
    expected = [[math.exp(x) / sum(math.exp(y) for y in row) for x in row] for row in rows]

    assert normalise_log(np.array(rows)) == pytest.approx(np.array(expected))


def test_log_probabilities_of_any_size_are_normalised():
    found = normalise_log(np.array([[1e5, 1e5 - math.log(3)], [-1e5, -1e5], [0, -np.inf]]))

    assert found == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5], [1, 0]]))


@given(MATRIX)
def test_entropy_is_that_of_a_plain_loop(rows):
    probs = normalise_log(np.array(rows))

    expected = [-sum(p * math.log(p) for p in row if p > 0) for row in probs]

    assert entropy(probs) == pytest.approx(np.array(expected))


def test_certainty_has_no_entropy():
    assert entropy(np.array([[0.0, 1.0], [0.5, 0.5]])).tolist() == [0, pytest.approx(math.log(2))]


@given(MATRIX)
def test_the_two_largest_are_those_of_a_sort(rows):
    best, second = top_two(np.array(rows))

    assert [list(pair) for pair in zip(best, second, strict=True)] == [sorted(row)[:-3:-1] for row in rows]


def test_numbers_given_are_left_as_they_were():
    given_rows = np.array([[0.2, 0.8], [0.0, 1.0]])
    before = given_rows.copy()

    for function in (normalise_log, entropy, top_two):
        function(given_rows)

    assert (given_rows == before).all()
