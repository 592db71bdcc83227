import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.errors import TableError
from weaklabel.review.second.freed import without_peoples_errors


@given(accuracy=st.floats(0, 1), error=st.floats(0, 0.45), k=st.integers(2, 8))
def test_the_accuracy_behind_an_agreement_is_found(accuracy, error, k):
    agreement = accuracy * (1 - error) + (1 - accuracy) * error / (k - 1)

    assert without_peoples_errors(agreement, error, k) == pytest.approx(accuracy, abs=1e-9)


def test_it_is_found_in_simulated_answers():
    rng = np.random.default_rng(0)
    truth = rng.integers(4, size=40_000)
    said, guess = (
        np.where(rng.random(40_000) < a, truth, (truth + rng.integers(1, 4, 40_000)) % 4) for a in (0.85, 0.7)
    )

    assert without_peoples_errors((said == guess).mean(), 0.15, 4) == pytest.approx(0.7, abs=0.01)


def test_nothing_below_0_or_above_1_comes_out():
    assert without_peoples_errors(0.99, 0.1, 2) == 1
    assert without_peoples_errors(0.01, 0.1, 2) == 0


def test_people_who_never_err_change_nothing():
    assert without_peoples_errors(0.8, 0.0, 3) == 0.8


@pytest.mark.parametrize(("share", "error"), [(1.1, 0.1), (0.5, -0.1)])
def test_shares_outside_their_range_are_refused(share, error):
    with pytest.raises(TableError, match="both lie in"):
        without_peoples_errors(share, error, 2)


def test_answers_that_are_guesses_tell_nothing():
    with pytest.raises(TableError, match="50% of answers wrong among 2 classes"):
        without_peoples_errors(0.5, 0.5, 2)
