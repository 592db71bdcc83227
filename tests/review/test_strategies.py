import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import plugins
from weaklabel.review.picking.choosing import resolved
from weaklabel.review.picking.pool import Pool

UNCERTAINTY = ("entropy", "least_confident", "margin")


def score(name, probs):
    return plugins.get("strategy", name)(np.array(probs, float))


def full_pool(probs):
    """A pool that has what any strategy may ask for."""
    probs = np.array(probs, float)
    weak = probs[:, ::-1]
    return Pool(probs, probs[:, :1], weak, 0.9, np.stack([probs, weak]), np.round(probs))


def test_the_strategies_that_ship_are_found_by_their_file_names():
    assert plugins.names("strategy") == (
        "committee", "diverse", "entropy", "least_confident", "lf_aware", "margin", "random", "relabel",
    )  # fmt: skip


def test_margin_is_one_less_the_lead_of_the_best_class():
    scores = score("margin", [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.2, 0.4]])

    assert scores == pytest.approx([0.8, 0.3, 1.0])


@settings(deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_whichever_classes_lead_the_two_highest_are_found(k, seed):
    probs = np.random.default_rng(seed).dirichlet(np.ones(k), 20)
    ranked = np.sort(probs, axis=1)

    assert score("margin", probs).tolist() == (1 - (ranked[:, -1] - ranked[:, -2])).tolist()
    assert score("least_confident", probs).tolist() == (1 - ranked[:, -1]).tolist()


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
@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=50, unique_by=lambda p: abs(p - 500_000)))
def test_with_two_classes_every_uncertainty_orders_by_closeness_to_one_half(name, millionths):
    p = np.array(millionths) / 1e6

    order = np.argsort(-score(name, np.stack([p, 1 - p], axis=1)))

    assert order.tolist() == np.argsort([abs(m - 500_000) for m in millionths]).tolist()


@pytest.mark.parametrize("name", UNCERTAINTY)
def test_float32_probabilities_near_one_half_do_not_tie(name):
    # Neighbours in float32, whose entropies in float32 are all log 2; the nearest to one half is the last.
    p = np.unique(np.float32(0.5) + np.arange(1, 2000, dtype=np.float32) * np.float32(2**-24))[::-1]

    order = np.argsort(-plugins.get("strategy", name)(np.stack([p, 1 - p], axis=1)), kind="stable")

    assert order.tolist() == list(range(len(p)))[::-1]


@pytest.mark.parametrize("name", UNCERTAINTY)
def test_float32_probabilities_of_many_classes_are_scored_as_the_same_numbers_in_float64(name):
    probs = np.random.default_rng(0).dirichlet(np.ones(5), 20_000).astype(np.float32)
    strategy = plugins.get("strategy", name)

    assert strategy(probs).tolist() == strategy(probs.astype(float)).tolist()


@pytest.mark.parametrize("name", plugins.names("strategy"))
def test_no_strategy_writes_into_the_pool(name):
    probs = [[0.2, 0.8], [1.0, 0.0]]
    pool, untouched = full_pool(probs), full_pool(probs)

    scores = resolved(name)[0].score(pool)

    assert all(np.array_equal(vars(pool)[what], vars(untouched)[what]) for what in vars(pool))
    assert scores.shape == (2,)
    assert scores.dtype == np.float64


@pytest.mark.parametrize("name", plugins.names("strategy"))
def test_no_items_have_no_scores(name):
    assert resolved(name)[0].score(full_pool(np.empty((0, 3)))).shape == (0,)


@pytest.mark.parametrize("name", plugins.names("strategy"))
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_a_pool_in_two_parts_has_the_scores_of_the_whole(name, seed, cut):
    pool, strategy = full_pool(np.random.default_rng(seed).dirichlet(np.ones(3), 10)), resolved(name)[0]

    whole = strategy.score(pool)
    parts = [strategy.score(pool.take(rows)) for rows in (np.arange(cut), np.arange(cut, 10))]

    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-15)
