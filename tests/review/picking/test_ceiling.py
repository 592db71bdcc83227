import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import plugins
from weaklabel.review.picking import ceiling as home
from weaklabel.review.picking.ceiling import reachable
from weaklabel.review.strategies.diverse import Diverse

CAPPED = ("entropy", "least_confident", "margin")
ROUNDING = 1e-4


def pool(seed, k, n=300, even=1.0):
    """Distributions of all kinds, some of them certain, some even, and none that sums to 1 exactly."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(k, even), n)
    probs[:3], probs[3] = 1 / k, np.eye(k)[0]
    return np.clip(probs + rng.uniform(-1, 1, (n, k)) * 0.99 * ROUNDING / k, 0, None)


@pytest.mark.parametrize("name", CAPPED)
@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 7]),
    st.sampled_from([0.1, 1.0, 30.0]),
    st.sampled_from([np.float32, np.float64]),
    st.floats(0, 1),
)
def test_no_row_is_passed_by_that_scores_enough(name, seed, k, even, kind, share):
    strategy, probs = plugins.get("strategy", name), pool(seed, k, even=even).astype(kind)
    scores = strategy(probs)
    floor = np.quantile(scores, share)

    rows = reachable(probs, strategy.ceiling, floor, 1.1 * ROUNDING)

    assert rows is None or set(np.flatnonzero(scores >= floor)) <= set(rows)


@pytest.mark.parametrize("name", CAPPED)
def test_of_two_classes_hardly_a_row_is_looked_at_that_does_not_score_enough(name):
    strategy, p = plugins.get("strategy", name), np.random.default_rng(0).random(100_000)
    probs = np.stack([p, 1 - p], axis=1)
    floor = np.sort(strategy(probs))[-100]

    assert len(reachable(probs, strategy.ceiling, floor, 1e-9)) == 100


def test_rows_keep_their_numbers_however_many_are_looked_at_together(monkeypatch):
    strategy, probs = plugins.get("strategy", "entropy"), pool(0, 3)
    together = reachable(probs, strategy.ceiling, 1.05, ROUNDING)

    monkeypatch.setattr(home, "VALUES", 21)

    assert 0 < len(together) < len(probs)
    assert reachable(probs, strategy.ceiling, 1.05, ROUNDING).tolist() == together.tolist()


@pytest.mark.parametrize("name", CAPPED)
def test_whole_numbers_for_probabilities_are_compared_as_numbers(name):
    certain = np.array([[1, 0], [0, 1]])

    assert len(reachable(certain, plugins.get("strategy", name).ceiling, 0.1, ROUNDING)) == 0
    assert reachable(certain, plugins.get("strategy", name).ceiling, 0.0, ROUNDING) is None


def test_the_second_of_many_classes_is_not_known_from_the_first():
    assert reachable(pool(0, 3), plugins.get("strategy", "margin").ceiling, 0.9, ROUNDING) is None


def test_a_short_list_has_the_ceiling_of_the_strategy_that_makes_it():
    assert Diverse(by="entropy").ceiling is plugins.get("strategy", "entropy").ceiling
    assert Diverse(by="random").ceiling is None


@pytest.mark.parametrize("name", CAPPED)
def test_the_row_that_sets_the_floor_reaches_it_in_float32_too(name):
    strategy, p = plugins.get("strategy", name), np.linspace(0.5, 0.9, 40, dtype=np.float32)
    probs = np.stack([p, 1 - p], axis=1)
    scores = strategy(probs)

    assert all(i in reachable(probs, strategy.ceiling, scores[i], 1e-9) for i in range(len(p)))
