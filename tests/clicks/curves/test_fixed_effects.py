import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects
from weaklabel.clicks.curves.links import groups


def cells_of(*rows):
    """Cells of (document, position, impressions, clicks)."""
    names = ["doc_id", "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row").with_columns(query_id=pl.lit("q"))).cells


def alternating(cells, rounds=20_000):
    """Maximum likelihood of C ~ Poisson(N theta gamma) by turns: relevance given the curve, and the curve given it."""
    theta = np.ones(len(cells.position))
    for _ in range(rounds):
        gamma = cells.per_item(cells.C) / cells.per_item(cells.N * theta[cells.slot])
        theta = cells.per_slot(cells.C) / cells.per_slot(cells.N * gamma[cells.item])
    return np.log(theta / theta[0])


def numerical(cells, log_theta, step=1e-5):
    """The gradient of the log-likelihood by differences."""
    ups = [log_theta + step * (np.arange(len(log_theta)) == k) for k in range(len(log_theta))]
    downs = [2 * log_theta - up for up in ups]
    value = [[fixed_effects.log_likelihood(cells, at) for at in side] for side in (ups, downs)]
    return (np.array(value[0]) - np.array(value[1])) / (2 * step)


def test_one_document_at_two_positions_gives_the_ratio_of_its_click_rates():
    cells = cells_of(("a", 1, 100, 40), ("a", 2, 50, 5))

    log_theta = fixed_effects.fit(cells)

    assert np.exp(log_theta) == pytest.approx([1.0, (5 / 50) / (40 / 100)])


def test_documents_shown_at_one_position_or_never_clicked_say_nothing():
    told = [("a", 1, 100, 40), ("a", 2, 50, 5)]
    silent = [("b", 1, 900, 300), ("c", 2, 70, 0), ("c", 1, 9, 0)]

    log_theta = fixed_effects.fit(cells_of(*told, *silent))

    assert log_theta == pytest.approx(fixed_effects.fit(cells_of(*told)))


def test_informative_items_are_those_clicked_and_shown_at_two_positions():
    cells = cells_of(("a", 1, 9, 4), ("a", 2, 5, 0), ("b", 1, 9, 3), ("c", 1, 9, 0), ("c", 2, 9, 0))

    telling = fixed_effects.informative(cells)

    assert telling.N.tolist() == [9, 5]
    assert telling.item.tolist() == [0, 0]
    assert len(telling.query) == 1


CELL = st.tuples(st.sampled_from("abcd"), st.integers(1, 4), st.integers(1, 30), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(CELL, min_size=4, max_size=16, unique_by=lambda cell: cell[:2]))
def test_newton_finds_the_fixed_point_of_alternating_maximum_likelihood(rows):
    cells = cells_of(*[(doc, k, n, round(n * share)) for doc, k, n, share in rows])
    assume(len(cells.position) > 1 and len(set(groups(cells))) == 1)
    cells = fixed_effects.informative(cells)

    found = fixed_effects.fit(cells)

    assume(np.abs(found).max() < 4)  # far out the slow way has not arrived yet
    assert found == pytest.approx(alternating(cells), abs=1e-6)


def test_the_score_is_the_gradient_and_the_information_its_change():
    cells = cells_of(("a", 1, 10, 4), ("a", 2, 5, 1), ("a", 3, 8, 1), ("b", 2, 7, 3), ("b", 3, 9, 2))
    at, step = np.array([0.0, -0.3, -0.9]), 1e-5

    score, information = fixed_effects.derivatives(cells, at)
    moved = [fixed_effects.derivatives(cells, at + step * (np.arange(3) == k))[0] for k in range(3)]

    assert score == pytest.approx(numerical(cells, at), abs=1e-6)
    assert information == pytest.approx(-np.array([(each - score) / step for each in moved]), abs=1e-3)


def test_the_information_is_a_laplacian():
    cells = cells_of(("a", 1, 10, 4), ("a", 2, 5, 1), ("b", 2, 7, 3), ("b", 3, 9, 2), ("c", 4, 5, 2))

    information = fixed_effects.derivatives(cells, np.zeros(4))[1]

    assert information.sum(axis=1) == pytest.approx(np.zeros(4))
    assert information[0, 2] == 0  # no document was shown at both 1 and 3
    assert information[3] == pytest.approx(np.zeros(4))  # position 4 shares none with any


def test_a_strong_prior_holds_the_curve_and_a_weak_one_leaves_it():
    cells, mean = cells_of(("a", 1, 100, 40), ("a", 2, 50, 5)), np.array([0.0, -0.1])
    priors = [fixed_effects.Prior(mean, np.array([0.0, precision])) for precision in (1e9, 1e-9)]

    strong, weak = (fixed_effects.fit(cells, prior=prior) for prior in priors)

    assert strong[1] == pytest.approx(-0.1, abs=1e-5)
    assert weak[1] == pytest.approx(np.log(0.25), abs=1e-5)


def test_the_sandwich_of_independent_clicks_is_near_the_inverse_information(planted_log):
    theta = [0.1, 0.05, 0.03, 0.02]  # few clicks per impression: nearly Poisson
    cells = fixed_effects.informative(count(planted_log(sessions=60_000, depth=4, theta=theta)).cells)
    log_theta = fixed_effects.fit(cells)
    information = fixed_effects.derivatives(cells, log_theta)[1][1:, 1:]

    robust = fixed_effects.sandwich(cells, log_theta, np.arange(4) > 0, "item")

    assert robust[1:, 1:].diagonal() == pytest.approx(np.linalg.inv(information).diagonal(), rel=0.35)
    assert robust[0].tolist() == [0.0] * 4
