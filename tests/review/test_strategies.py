import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel import plugins

UNCERTAINTY = ("entropy", "least_confident", "margin")


def score(name, probs):
    return plugins.get("strategy", name)(np.array(probs, float))


def test_the_strategies_that_ship_are_found_by_their_file_names():
    assert plugins.names("strategy") == ("entropy", "least_confident", "margin", "random")


def test_margin_is_one_less_the_lead_of_the_best_class():
    scores = score("margin", [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.2, 0.4]])

    assert scores == pytest.approx([0.8, 0.3, 1.0])


def test_entropy_is_in_nats():
    scores = score("entropy", [[0.5, 0.25, 0.25], [1, 0, 0]])

    assert scores == pytest.approx([1.5 * np.log(2), 0.0])


def test_least_confident_is_the_chance_that_the_best_class_is_wrong():
    scores = score("least_confident", [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])

    assert scores == pytest.approx([0.5, 0.2])


def test_random_holds_every_item_equally_worthwhile():
    assert score("random", [[1, 0], [0.5, 0.5]]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("name", "highest"), [("margin", 1), ("entropy", np.log(4)), ("least_confident", 0.75), ("random", 0)]
)
def test_scores_run_from_certain_to_uniform(name, highest):
    certain, uniform = score(name, [[0, 1, 0, 0], [0.25] * 4])

    assert certain == 0
    assert uniform == pytest.approx(highest)


def test_three_classes_tell_the_strategies_apart():
    # One rival against two: margin fears the first, least_confident and entropy the second.
    probs = [[0.5, 0.49, 0.01], [0.4, 0.3, 0.3]]

    assert score("margin", probs).argmax() == 0
    assert score("least_confident", probs).argmax() == 1
    assert score("entropy", probs).argmax() == 1


@pytest.mark.parametrize("name", UNCERTAINTY)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=50, unique_by=lambda p: abs(p - 500_000)))
def test_with_two_classes_every_uncertainty_orders_by_closeness_to_one_half(name, millionths):
    p = np.array(millionths) / 1e6

    order = np.argsort(-score(name, np.stack([p, 1 - p], axis=1)))

    assert order.tolist() == np.argsort([abs(m - 500_000) for m in millionths]).tolist()


@pytest.mark.parametrize("name", plugins.names("strategy"))
def test_no_strategy_writes_into_the_probabilities(name):
    probs = np.array([[0.2, 0.8], [1.0, 0.0]])

    scores = plugins.get("strategy", name)(probs)

    assert probs.tolist() == [[0.2, 0.8], [1.0, 0.0]]
    assert scores.shape == (2,)
    assert scores.dtype == np.float64


@pytest.mark.parametrize("name", plugins.names("strategy"))
def test_no_items_have_no_scores(name):
    assert score(name, np.empty((0, 3))).shape == (0,)
