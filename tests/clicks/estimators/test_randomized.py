import json
import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators._homogeneity import _null_moments, homogeneity
from weaklabel.clicks.estimators.randomized import Randomized
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import AssumptionError, ModelError, NotIdentifiedError

THETA = np.array([1.0, 0.7, 0.5, 0.4, 0.3])
PAIR = ("query_id", "doc_id")


def counts_of(*rows):
    return ClickCounts(
        pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "impressions", "clicks"], orient="row")
    )


def one_document(**clicks_of_100):
    """One document shown 100 times at each position: p1=40 means 40 clicks at position 1."""
    return counts_of(*(("q", "a", int(name[1:]), 100, clicks) for name, clicks in clicks_of_100.items()))


def pages(orders, queries, theta, rng):
    """A position-based model's clicks on pages of documents in these orders, shape (pages, positions)."""
    shown = len(theta)
    attraction = np.random.default_rng(99).uniform(0.1, 0.9, (queries.max() + 1, orders.max() + 1))
    examined = attraction[queries[:, None], orders] * theta
    frame = pl.DataFrame(
        {
            "query_id": np.repeat(queries, shown),
            "doc_id": orders.ravel(),
            "position": np.tile(np.arange(1, shown + 1), len(orders)),
            "click": (rng.random(orders.shape) < examined).ravel(),
        }
    )
    return count(ClickLog(frame))


def shuffled(rng, n=2000, queries=4, documents=5, theta=THETA):
    """Each page shows its query's documents in a fresh random order."""
    orders = np.argsort(rng.random((n, documents)), axis=1)[:, : len(theta)]
    return pages(orders, rng.integers(0, queries, n), theta, rng)


def ranked(rng, n=2000, queries=4, theta=THETA):
    """Each page shows its query's documents in the one order of a deterministic ranker."""
    return pages(np.tile(np.arange(len(theta)), (n, 1)), rng.integers(0, queries, n), theta, rng)


def test_examination_is_the_click_rate_relative_to_the_first_position():
    found = Randomized().estimate(one_document(p1=40, p2=20, p3=10))

    assert found.position.tolist() == [1, 2, 3]
    assert found.examination.tolist() == [1.0, 0.5, 0.25]
    assert found.impressions.tolist() == [100, 100, 100]
    assert found.clicks.tolist() == [40, 20, 10]


def test_intervals_are_katz_log_intervals_and_the_reference_is_exact():
    # var log = (1 - .2) / 20 + (1 - .4) / 40 = .055; .5 * exp(-+ 1.959964 * .055 ** .5) = .31575, .79177
    found = Randomized().estimate(one_document(p1=40, p2=20))

    assert (found.lower[0], found.upper[0]) == (1.0, 1.0)
    assert found.lower[1] == pytest.approx(0.31575, abs=1e-5)
    assert found.upper[1] == pytest.approx(0.79177, abs=1e-5)


def test_a_higher_level_widens_the_intervals():
    narrow, wide = (Randomized(level=level).estimate(one_document(p1=40, p2=20)) for level in (0.5, 0.99))

    assert wide.level == 0.99
    assert wide.lower[1] < narrow.lower[1] < narrow.upper[1] < wide.upper[1]


def test_a_lower_position_may_be_examined_more_than_the_first():
    assert Randomized().estimate(one_document(p1=20, p2=30)).examination[1] == pytest.approx(1.5)


def test_a_log_that_starts_below_the_top_is_relative_to_its_first_position():
    found = Randomized().estimate(one_document(p3=40, p7=10))

    assert found.position.tolist() == [3, 7]
    assert found.examination.tolist() == [1.0, 0.25]
    assert found.provenance["reference_position"] == 3


def test_a_position_on_which_every_impression_was_clicked_is_no_obstacle():
    found = Randomized().estimate(one_document(p1=100, p2=50))

    assert found.examination[1] == 0.5
    assert math.isclose(found.upper[1], 0.5 * math.exp(1.959964 * (0.5 / 50) ** 0.5), rel_tol=1e-6)


def test_planted_examination_is_recovered_from_shuffled_pages():
    found = Randomized().estimate(shuffled(np.random.default_rng(1), n=20_000))

    assert found.examination == pytest.approx(THETA, rel=0.05)
    assert ((found.lower <= THETA) & (found.upper >= THETA)).all()


def test_intervals_cover_planted_examination_as_often_as_they_say():
    rng = np.random.default_rng(2)
    shown, rate = 2000, 0.2 * THETA

    def covered():
        clicks = rng.binomial(shown, rate)
        found = Randomized().estimate(counts_of(*(("q", "a", k + 1, shown, int(c)) for k, c in enumerate(clicks))))
        return (found.lower[1:] <= THETA[1:]) & (found.upper[1:] >= THETA[1:])

    coverage = np.mean([covered() for _ in range(200)])

    assert 0.90 <= coverage <= 0.99


def test_shuffled_logs_are_not_refused():
    rng = np.random.default_rng(3)

    p_values = [Randomized().estimate(shuffled(rng)).provenance["p_value"] for _ in range(20)]

    assert min(p_values) > 0.001
    assert max(p_values) > 0.5


def test_random_draws_from_more_documents_than_fit_on_a_page_are_not_refused():
    rng = np.random.default_rng(4)

    p_values = [Randomized().estimate(shuffled(rng, documents=40, queries=50)).provenance["p_value"] for _ in range(10)]

    assert min(p_values) > 0.001


def test_a_deterministic_ranker_is_refused_with_test_document_and_remedy():
    message = (
        r"not randomised.*chi-square test of homogeneity, p = .*document '\d' for query '\d' was shown \d+ times "
        r"at position \d, where random order would give .*Use only the traffic that was randomised"
    )

    with pytest.raises(AssumptionError, match=message):
        Randomized().estimate(ranked(np.random.default_rng(5)))


def test_a_ranker_on_queries_that_are_each_seen_twice_is_refused():
    # Every expected cell is far below 5: a test that needs full tables would see nothing here.
    queries = np.repeat(np.arange(300), 2)
    orders = np.tile(np.arange(5), (600, 1)) + 5 * queries[:, None]  # no document belongs to two queries

    with pytest.raises(AssumptionError, match="for query"):
        Randomized().estimate(pages(orders, queries, THETA, np.random.default_rng(6)))


def test_a_ranker_on_queries_that_are_each_seen_once_is_refused_by_its_documents():
    orders = np.tile(np.arange(5), (500, 1))

    with pytest.raises(AssumptionError, match=r"document '\d' was shown 500 times at position \d"):
        Randomized().estimate(pages(orders, np.arange(500), THETA, np.random.default_rng(7)))


def test_a_stray_impression_far_down_does_not_hide_a_ranker():
    rows = ranked(np.random.default_rng(8)).frame.rows()

    with pytest.raises(AssumptionError, match="not randomised"):
        Randomized().estimate(counts_of(*rows, ("0", "0", 50, 1, 1)))


def test_a_tenth_of_ranked_traffic_is_enough_to_be_refused():
    rng = np.random.default_rng(9)
    mixed = pl.concat([shuffled(rng, n=9000).frame, ranked(rng, n=1000).frame])
    mixed = mixed.group_by("query_id", "doc_id", "position").agg(pl.col("impressions", "clicks").sum())

    with pytest.raises(AssumptionError, match="not randomised"):
        Randomized().estimate(ClickCounts(mixed))


def test_a_departure_that_is_significant_but_tiny_is_let_through_and_recorded():
    # 51 % against 49 % in two million impressions: w = .02, a bias of at most 2 % per unit of variation of relevance.
    counts = counts_of(
        ("q", "a", 1, 510_000, 5000),
        ("q", "a", 2, 490_000, 2500),
        ("q", "b", 1, 490_000, 5000),
        ("q", "b", 2, 510_000, 2500),
    )

    found = Randomized().estimate(counts)

    assert found.provenance["p_value"] < 1e-9
    assert found.provenance["departure"] == pytest.approx(0.02, abs=1e-4)


def test_with_alpha_0_nothing_is_refused():
    counts = ranked(np.random.default_rng(10))

    assert Randomized(alpha=0).estimate(counts).provenance["p_value"] == pytest.approx(0, abs=1e-12)


def test_a_log_that_says_nothing_about_its_order_is_marked_untested():
    found = Randomized().estimate(counts_of(("q", "a", 1, 1, 1), ("q", "b", 2, 1, 1), ("q", "c", 2, 1, 0)))

    assert found.provenance["tested"] == "untested: nothing was shown twice"
    assert found.provenance["p_value"] is None


def test_lists_of_different_length_are_refused_with_the_length_that_all_have():
    rng = np.random.default_rng(11)
    long, short = shuffled(rng, queries=2), shuffled(rng, queries=2, documents=3, theta=THETA[:3])
    short = short.frame.with_columns(pl.format("short {}", pl.col(name)).alias(name) for name in PAIR)
    both = ClickCounts(pl.concat([long.frame, short]))

    with pytest.raises(AssumptionError, match=r"every query reaches position 3, so log\.upto\(3\)"):
        Randomized().estimate(both)


def test_a_position_that_was_never_clicked_is_named_with_the_remedy():
    with pytest.raises(NotIdentifiedError) as caught:
        Randomized().estimate(counts_of(("q", "a", 1, 9, 3), ("q", "a", 8, 9, 1), ("q", "a", 9, 4, 0)))

    assert str(caught.value) == (
        "position 9 was shown 4 times and never clicked, so its propensity is unknown: drop it with log.upto(8) "
        "(on the command line: --upto 8)"
    )


@pytest.mark.parametrize(
    ("clicks", "message"),
    [
        ({"p1": 0, "p2": 5}, "position 1 was shown 100 times and never clicked, and all others are relative to it"),
        ({"p1": 5, "p2": 0}, "position 2 was shown 100 times and never clicked, .*: collect more clicks"),
        ({"p1": 0, "p2": 0}, "position 1 was shown 100 times and never clicked"),
        ({"p2": 5}, "the log has only position 2, and propensities are relative"),
        ({"p1": 100, "p2": 100}, "each of the 200 impressions was clicked.*log what was shown and not clicked"),
    ],
)
def test_a_log_that_cannot_tell_is_refused(clicks, message):
    with pytest.raises(NotIdentifiedError, match=message):
        Randomized().estimate(one_document(**clicks))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"level": 1.0}, "level is 1.0: a confidence lies between 0 and 1"),
        ({"level": 0}, "level is 0"),
        ({"level": 95}, "level is 95"),
        ({"alpha": 1}, "alpha is 1: a significance lies in"),
        ({"alpha": -0.1}, "alpha is -0.1"),
        ({"alpha": float("nan")}, "alpha is nan"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(params, message):
    with pytest.raises(ModelError, match=message):
        Randomized(**params).estimate(one_document(p1=40, p2=20))


def test_the_estimate_carries_its_provenance_to_a_file_and_back(tmp_path):
    found = Randomized(level=0.9).estimate(shuffled(np.random.default_rng(12)))
    found.save(tmp_path / "propensities.parquet")

    again = type(found).load(tmp_path / "propensities.parquet")

    assert found.provenance["estimator"] == "randomized"
    assert found.provenance["parameters"] == {"level": 0.9, "alpha": 0.001}
    assert again.provenance == json.loads(json.dumps(found.provenance))
    assert again.examination.tolist() == found.examination.tolist()


def test_estimating_twice_gives_the_same_to_the_last_digit():
    counts = shuffled(np.random.default_rng(13))

    first, second = (Randomized().estimate(counts) for _ in range(2))

    assert first.examination.tolist() == second.examination.tolist()
    assert first.provenance == second.provenance


def test_the_statistic_behind_the_departure_is_pearsons():
    # X2 from scipy; the departure takes off the mean under random order, N (r-1)(c-1) / (N-1) + (c-1)
    table = np.array([[30, 10, 20], [10, 30, 25], [5, 5, 40]])
    rows = [("q", "abc"[i], k + 1, int(table[i, k]), 0) for i in range(3) for k in range(3)]
    statistic = chi2_contingency(table, correction=False).statistic
    n = table.sum()

    found = homogeneity(counts_of(*rows).frame, PAIR)

    assert found.departure**2 * n == pytest.approx(statistic - (n * 4 / (n - 1) + 2))
    assert found.example == {"query_id": "q", "doc_id": "c", "position": 3}
    assert found.shown == 40
    assert found.expected == pytest.approx(50 * 85 / 175)


def test_moments_of_the_statistic_are_those_of_shuffles_of_one_list():
    # 60 pages, one list of 4 documents: X2 is 4/3 of a chi-square with 9 degrees: mean 12, variance 32 (as n grows).
    rng = np.random.default_rng(14)
    documents, n = 4, 60

    def statistic():
        table = np.zeros((documents, documents))
        for order in np.argsort(rng.random((n, documents)), axis=1):
            table[order, np.arange(documents)] += 1
        return ((table - n / documents) ** 2 / (n / documents)).sum()

    drawn = [statistic() for _ in range(1500)]
    mean, variance = _null_moments(np.full(documents, float(n)), np.full(documents, float(n)))

    assert mean == pytest.approx(12, rel=0.01)
    assert np.mean(drawn) == pytest.approx(mean, rel=0.03)
    assert np.var(drawn) == pytest.approx(variance, rel=0.15)


def test_each_context_has_a_curve_of_its_own():
    frame = pl.concat(
        [
            one_document(p1=40, p2=20).frame.with_columns(device=pl.lit("phone")),
            one_document(p1=40, p2=30).frame.with_columns(device=pl.lit("desk")),
        ]
    )

    found = Randomized().estimate(ClickCounts(frame, context=("device",)))

    assert found.to_frame().select("device", "position", "examination").rows() == [
        ("desk", 1, 1.0),
        ("desk", 2, pytest.approx(0.75)),
        ("phone", 1, 1.0),
        ("phone", 2, 0.5),
    ]
