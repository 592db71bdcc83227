import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.cells import Cells
from weaklabel.clicks.checks import curve_tests
from weaklabel.clicks.checks.specification import specification
from weaklabel.clicks.counting import count
from weaklabel.clicks.curves import fixed_effects
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging, simulate
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import NotIdentifiedError


def cells_of(N, C):
    """One item a row, one slot a column."""
    N, C = np.asarray(N, float), np.asarray(C, float)
    n, p = N.shape
    item, slot = (each.ravel() for each in np.indices((n, p)))
    return Cells(item, slot, N.ravel(), C.ravel(), np.arange(1, p + 1), np.zeros(p, int), np.arange(n))


def test_the_score_of_two_groups_is_what_a_table_by_hand_says():
    cells = cells_of([[100, 100], [100, 100]], [[20, 10], [10, 20]])  # together 30 and 30: the common curve is flat

    found = curve_tests.evidence(cells, np.array([0, 1]), np.zeros(2))

    assert found.score == pytest.approx([5, -5, -5, 5])


def test_groups_that_have_the_common_curve_have_no_score():
    cells = cells_of([[100, 50], [30, 90]], [[40, 10], [6, 9]])  # both are examined half as often at the second place

    found = curve_tests.evidence(cells, np.array([0, 1]), fixed_effects.fit(cells))

    assert found.score == pytest.approx(np.zeros(4), abs=1e-8)
    assert curve_tests.test(found).statistic == pytest.approx(0, abs=1e-8)


def test_the_variance_of_the_score_is_that_of_scores_of_clicks_drawn_again_and_again():
    rng = np.random.default_rng(0)
    N = rng.integers(1, 12, (40, 3))
    p = np.array([1, 0.6, 0.3]) * rng.uniform(0.2, 0.9, (40, 1))
    group = np.arange(40) % 2

    draws = []
    for _ in range(250):
        cells = fixed_effects.informative(cells_of(N, rng.binomial(N, p)))
        draws.append(curve_tests.evidence(cells, group[cells.query], fixed_effects.fit(cells)))

    drawn = np.cov([found.score for found in draws], rowvar=False).diagonal()
    said = np.mean([found.variance for found in draws], axis=0).diagonal()
    seen = np.mean([found.scatter for found in draws], axis=0).diagonal()
    assert said == pytest.approx(drawn, rel=0.2)
    assert seen == pytest.approx(drawn, rel=0.25)


def test_clicks_that_come_in_fives_scatter_five_times_as_much():
    rng = np.random.default_rng(0)
    N = np.full((300, 2), 1000)
    clicks = 5 * rng.poisson(4, (300, 2))
    cells = cells_of(N, clicks)

    found = curve_tests.test(curve_tests.evidence(cells, np.arange(300) % 3, fixed_effects.fit(cells)))

    assert found.dispersion == pytest.approx(5, rel=0.25)
    assert found.p_value > 0.01


def test_position_based_users_are_found_to_be_so(planted_log):
    found = specification(count(planted_log(sessions=12_000)))

    assert found.verdict == "position-based fits"
    assert found.test.p_value > 0.05
    assert found.ratio.lower < 1 < found.ratio.upper


def test_position_based_users_are_called_otherwise_about_as_often_as_alpha_says(planted_log):
    p_values = [specification(count(planted_log(sessions=3_000, seed=seed))).test.p_value for seed in range(60)]

    assert np.sum(np.array(p_values) < 0.05) <= 8  # three standard deviations above 5 % of 60


def test_trust_is_seen_in_relevant_documents_that_keep_their_clicks_further_down(planted_log):
    found = specification(count(planted_log("trust", sessions=6_000)))

    assert found.verdict == "trust-like"
    assert found.ratio.lower > 1
    last = found.curves.filter(pl.col("position") == 6)["examination"]
    assert last[2] > last[0]  # the most relevant third, and the least
    assert "anchors" in found.reason


@pytest.mark.parametrize("user", ["cascade", "dbn"])
def test_users_who_stop_when_they_found_something_are_not_position_based(rankings, user):
    # Queries differ in how good their documents are, as they do: where they are good, people stop sooner.
    goodness = pl.Series(np.repeat(np.tile([0.15, 1.0], 30), 10))
    frame = rankings(60).with_columns(relevance=pl.col("relevance") * goodness)
    log = simulate(frame, user, 30_000, depth=6, seed=1)

    found = specification(count(log))

    assert found.verdict in ("cascade-like", "not position-based")
    assert found.test.p_value < 1e-3
    assert found.test.between_queries > 1.5


def test_contexts_with_curves_of_their_own_are_no_sign_against_position_based_users(planted_log):
    users = {"desktop": PositionBased(eta=0.5), "phone": PositionBased(eta=2.0)}

    found = specification(count(planted_log(users, sessions=12_000), context="device"))

    assert found.verdict == "position-based fits"
    assert found.curves.columns[:3] == ["device", "third", "position"]
    assert len(found.curves) == 2 * 3 * 6


def test_a_log_of_few_clicks_cannot_tell(planted_log):
    found = specification(count(planted_log(sessions=400)))

    assert found.verdict == "cannot tell"
    assert "too few clicks" in found.reason


def test_a_log_without_sessions_cannot_be_split_and_says_so(planted_log):
    found = specification(count(ClickLog(planted_log(sessions=500).frame.drop("session_id"))))

    assert found.verdict == "cannot tell"
    assert "no session_id" in found.reason
    assert found.ratio is None
    assert len(found.curves) == 0


def test_a_log_whose_positions_are_not_linked_is_refused(planted_log):
    fixed = planted_log(sessions=500, logging=Logging(rankers=["ranker_0"]))

    with pytest.raises(NotIdentifiedError, match="every document has its place"):
        specification(count(fixed))


def test_other_names_and_another_order_of_rows_change_nothing(planted_log):
    log = planted_log("trust", sessions=2_000)
    renamed = pl.concat_str(pl.lit("z"), 9_999 - pl.col("doc_id").cast(pl.Int64)).alias("doc_id")
    other = ClickLog(log.frame.with_columns(renamed).sample(fraction=1, shuffle=True, seed=3))

    first, second = specification(count(log)), specification(count(other))

    assert second.test.statistic == pytest.approx(first.test.statistic, rel=1e-6)
    assert second.ratio.value == pytest.approx(first.ratio.value, rel=1e-6)
