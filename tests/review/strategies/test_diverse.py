import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.errors import ModelError
from weaklabel.review.picking.pool import Pool
from weaklabel.review.strategies.diverse import Diverse, Geometry, of_features, of_gradients, seeded


def drawn(features, weight, size, seed):
    return seeded(of_features(Pool(np.ones((len(features), 2)), features)), np.array(weight, float), size, seed)


def random_pool(seed, n=12):
    rng = np.random.default_rng(seed)
    return Pool(rng.dirichlet(np.ones(3), n), rng.normal(size=(n, 4)))


@pytest.mark.parametrize("space", ["features", "badge"])
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_the_best_item_is_first_and_none_is_taken_twice(space, seed, size):
    rows = Diverse(space).choose(random_pool(seed), size, seed)

    assert rows[0] == 0
    assert len(set(rows.tolist())) == size == len(rows)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gradients_are_as_far_apart_as_if_they_were_written_out(seed):
    pool = random_pool(seed)
    error = pool.probs - np.eye(3)[pool.probs.argmax(axis=1)]
    gradients = (error[:, :, None] * pool.features[:, None, :]).reshape(len(pool), -1)

    distances = of_gradients(pool).distances(5)

    assert distances == pytest.approx(((gradients - gradients[5]) ** 2).sum(axis=1), abs=1e-9)


def test_an_item_is_drawn_by_weight_times_squared_distance():
    # From the first at 0: weights x squared distances are 1 x 1, 3 x 1 and 1 x 4.
    second = [drawn(np.array([[0.0], [1.0], [-1.0], [2.0]]), [1, 1, 3, 1], 2, seed)[1] for seed in range(4000)]

    counts = np.bincount(second, minlength=4)
    # Standard deviations are below 32; four of those.
    assert counts == pytest.approx([0, 500, 1500, 2000], abs=128)


def test_distance_is_to_the_nearest_of_those_chosen():
    # Once 0 and 10 are chosen, all that is left lies on one of them, but for 5.
    features = np.array([[0.0], [0.0], [10.0], [10.0], [5.0]])

    for seed in range(50):
        rows = drawn(features, np.ones(5), 3, seed)
        assert len({features[row, 0] for row in rows}) == 3


def test_where_all_lie_on_chosen_ones_the_best_of_the_rest_follow():
    assert drawn(np.ones((5, 2)), np.ones(5), 3, 0).tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_same_place_is_no_distance_whatever_rounding_leaves(kind):
    place = np.random.default_rng(0).normal(100, 1, 777).astype(kind)

    for scale in np.linspace(0.1, 10, 50):
        assert of_features(Pool(np.ones((3, 2)), np.stack([place * kind(scale)] * 3))).distances(0).tolist() == [
            0,
            0,
            0,
        ]


def test_an_item_that_seems_apart_from_itself_is_not_taken_twice():
    geometry = Geometry(np.ones(3), lambda row: np.zeros(3))

    for seed in range(20):
        assert sorted(seeded(geometry, np.ones(3), 3, seed)) == [0, 1, 2]


def test_items_without_weight_are_taken_last():
    geometry = Geometry(np.array([0.0, 1.0, 4.0]), lambda row: np.array([0.0, 1.0, 2.0]) * row)

    assert seeded(geometry, np.array([1.0, 0.0, 1.0]), 3, 0).tolist() == [0, 2, 1]


@pytest.mark.parametrize("wrong", [{"space": "gradients"}, {"funnel": 0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ModelError, match="diverse has"):
        Diverse(**wrong)


def test_the_short_list_is_made_by_any_strategy():
    pool = Pool(np.array([[0.9, 0.1], [0.6, 0.4]]), np.eye(2), np.array([[0.0, 1.0], [0.6, 0.4]]), 0.9)

    assert Diverse().score(pool).argmax() == 1
    assert Diverse(by="lf_aware").score(pool).argmax() == 0
    assert Diverse(by=lambda probs: probs[:, 0]).score(pool).tolist() == [0.9, 0.6]
