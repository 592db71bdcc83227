import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators.harvesting import Harvesting
from weaklabel.clicks.evaluate import evaluate
from weaklabel.clicks.evaluating.methods import METHODS
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging, simulate
from weaklabel.errors import ClickLogError, ModelError, TableError, UnknownNameError

ALL = tuple(METHODS)
SECOND = 1 / math.log2(3)  # the discount at rank 2


def counts_of(*rows, key=(), context=()):
    columns = ["query_id", "doc_id", *key, *context, "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=columns, orient="row"), key, context)


def propensities(*examination, **more):
    theta, ones = np.array(examination), np.ones(len(examination), int)
    return Propensities(np.arange(1, len(theta) + 1), theta, theta, theta, ones, ones, **more)


def ranking(*rows):
    return pl.DataFrame(rows, schema=["query_id", "doc_id", "rank"], orient="row")


def row_of(evaluation, method, name="new"):
    return evaluation.frame.filter((pl.col("ranking") == name) & (pl.col("method") == method)).row(0, named=True)


def value_of(evaluation, method, name="new"):
    return row_of(evaluation, method, name)["value"]


def difference(evaluation, method, name="new", baseline="logged"):
    rows = evaluation.differences.filter(
        (pl.col("ranking") == name) & (pl.col("baseline") == baseline) & (pl.col("method") == method)
    )
    return rows.row(0, named=True)


# Query q has 10 pages, r has 30. Position 2 is examined half the time. Of q, a was at the top on 8 pages and second on
# 2, so its exposure is 9 and its rho .9; b was second on 8 pages and at the top on 2: 6 and .6. Of r, c was always at
# the top (30), and d was second on 15 pages only (7.5, rho .25). e of r was never shown.
SHOWN = counts_of(
    ("q", "a", 1, 8, 4),
    ("q", "a", 2, 2, 1),
    ("q", "b", 1, 2, 1),
    ("q", "b", 2, 8, 2),
    ("r", "c", 1, 30, 6),
    ("r", "d", 2, 15, 3),
)
THETA = propensities(1.0, 0.5)
NEW = ranking(("q", "b", 1), ("q", "a", 2), ("r", "d", 1), ("r", "e", 2), ("r", "c", 3))
Q, R = 10 / 40, 30 / 40


def test_the_value_of_two_queries_is_what_the_hand_says():
    evaluation = evaluate(SHOWN, NEW, estimator=THETA, k=2, clip=0.5)

    ips = Q * (3 / 6 + SECOND * 5 / 9) + R * (3 / 7.5)
    assert value_of(evaluation, "ips") == pytest.approx(ips)
    assert value_of(evaluation, "clipped") == pytest.approx(Q * (3 / 6 + SECOND * 5 / 9) + R * 3 / (30 * 0.5))
    shown = Q * (1 + SECOND) + R
    assert value_of(evaluation, "snips") == pytest.approx(ips * (shown + R * SECOND) / shown)
    assert (evaluation.pages, evaluation.queries) == (40, 2)


def test_what_was_shown_is_valued_by_the_hand_too():
    evaluation = evaluate(SHOWN, NEW, estimator=THETA, k=2)

    a, b = (8 + 2 * SECOND) / 10, (2 + 8 * SECOND) / 10
    logged = Q * (a * 5 / 9 + b * 3 / 6) + R * (6 / 30 + 0.5 * SECOND * 3 / 7.5)
    assert value_of(evaluation, "ips", "logged") == pytest.approx(logged)
    observed = (4 + 1 + 6 + SECOND * (1 + 2 + 3) / 0.5) / 40
    assert value_of(evaluation, "observed", "logged") == pytest.approx(observed)
    assert difference(evaluation, "ips")["difference"] == pytest.approx(value_of(evaluation, "ips") - logged)


def test_the_doubly_robust_value_takes_the_model_where_the_log_shows_little_or_nothing():
    model = pl.DataFrame({"query_id": ["r", "r"], "doc_id": ["d", "e"], "relevance": [0.6, 0.3]})

    evaluation = evaluate(SHOWN, NEW, estimator=THETA, k=2, clip=0.5, model=model)

    # b and a have an exposure above the clip: IPS. d has half of the clip: half model, half IPS.
    by_hand = Q * (3 / 6 + SECOND * 5 / 9) + R * ((0.6 + 3 / 7.5) / 2 + SECOND * 0.3)
    assert value_of(evaluation, "doubly_robust") == pytest.approx(by_hand)


def test_relevance_labels_serve_as_the_model():
    columns = {"impressions": [15, 1], "clicks": [3, 0], "effective_sample_size": [15.0, 1.0]}
    labels = RelevanceLabels(
        pl.DataFrame({"query_id": ["r", "r"], "doc_id": ["d", "e"], "relevance": [0.6, 0.3], **columns})
    )

    by_labels = evaluate(SHOWN, NEW, estimator=THETA, k=2, model=labels, methods="plug_in")
    by_frame = evaluate(SHOWN, NEW, estimator=THETA, k=2, model=labels.to_frame(), methods="plug_in")

    assert value_of(by_labels, "plug_in") == value_of(by_frame, "plug_in")


def test_what_the_value_rests_on_is_reported():
    evaluation = evaluate(SHOWN, NEW, estimator=THETA, k=2, clip=0.5)

    ips, clipped = row_of(evaluation, "ips"), row_of(evaluation, "clipped")
    # weights of a click, up to the same constant: 1 / .6 for 3 of b, SECOND / .9 for 5 of a, 1 / .25 for 3 of d
    heavy, light, heaviest = 1 / 0.6, SECOND / 0.9, 4.0
    total = 3 * heavy + 5 * light + 3 * heaviest
    squares = 3 * heavy**2 + 5 * light**2 + 3 * heaviest**2
    assert ips["ess_share"] == pytest.approx(total**2 / squares / 17)
    assert ips["largest_weight_share"] == pytest.approx(heaviest / total)
    assert ips["never_shown_share"] == pytest.approx(30 / (2 * 10 + 2 * 30))
    assert ips["could_add"] == pytest.approx(R * SECOND)
    assert (ips["clipped_share"], clipped["clipped_share"]) == (0, pytest.approx(R / ((Q + R) * (1 + SECOND))))
    assert any("the log never showed" in remark for remark in evaluation.remarks)


def test_a_value_that_no_ranking_can_have_is_remarked_upon():
    counts = counts_of(("q", "a", 1, 1000, 100), ("q", "b", 2, 1, 1))

    lucky = evaluate(counts, ranking(("q", "b", 1)), estimator=THETA, k=1, methods="ips")

    assert value_of(lucky, "ips") == pytest.approx(2)  # one click, on a document whose exposure is half an impression
    assert any("ips of 'new' is 2, but none is worth more than 1" in remark for remark in lucky.remarks)


def test_the_clip_fades_with_the_root_of_the_pages_unless_it_is_given():
    pages = 40

    assert evaluate(SHOWN, NEW, estimator=THETA).clip == pytest.approx(1 / math.sqrt(pages))
    assert evaluate(SHOWN, NEW, estimator=THETA, clip=0.3).clip == 0.3


# Truth for all that follows: relevance of six documents of four queries, which three rankers order differently.
RNG = np.random.default_rng(5)
TRUTH = pl.DataFrame(
    [(q, f"{q}{d}", float(RNG.beta(1, 3))) for q in "klmn" for d in range(6)],
    schema=["query_id", "doc_id", "relevance"],
    orient="row",
).with_columns(pl.Series(f"ranker_{j}", RNG.normal(size=24)) for j in range(3))
BEST = TRUTH.select("query_id", "doc_id", score="relevance")
ETA = propensities(1.0, 1 / 2, 1 / 3, 1 / 4)


def true_value(scores, k=4):
    ranked = TRUTH.join(scores, on=["query_id", "doc_id"]).with_columns(
        rank=pl.col("score").rank("ordinal", descending=True).over("query_id")
    )
    worth = ranked.filter(pl.col("rank") <= k).select(pl.col("relevance") / (1 + pl.col("rank")).log(2))
    return worth.to_series().sum() / 4


def expected_counts(pages=1200):
    """Every order of each query's first four documents equally often, clicked exactly as often as is expected."""
    rows = []
    for query in "klmn":
        relevance = dict(TRUTH.filter(pl.col("query_id") == query).select("doc_id", "relevance").rows())
        for doc, position in itertools.product(relevance, range(1, 5)):
            clicks = round(pages * relevance[doc] / position)
            rows.append((query, doc, position, pages, clicks))
    return counts_of(*rows)


def test_with_true_examination_and_clicks_as_expected_every_unclipped_method_finds_the_truth():
    counts = expected_counts(pages=10**8)  # so many that rounding clicks to whole numbers is nothing

    evaluation = evaluate(counts, BEST, estimator=ETA, k=4, clip=1e-6, methods=ALL)

    for method in ALL:
        assert value_of(evaluation, method) == pytest.approx(true_value(BEST), rel=1e-6)


def simulated(sessions=4000, seed=0, **options):
    return count(simulate(TRUTH, sessions=sessions, depth=4, seed=seed, **options))


def test_the_value_is_unbiased_within_its_standard_error_where_naive_click_rates_are_far_off():
    target = TRUTH.select("query_id", "doc_id", score="ranker_2")
    runs = [evaluate(simulated(seed=seed), target, k=4, methods=("ips",)) for seed in range(20)]

    values = np.array([value_of(run, "ips") for run in runs])
    standard_error = values.std(ddof=1) / math.sqrt(len(values))
    naive = evaluate(simulated(), target, estimator=propensities(1, 1, 1, 1), k=4, methods=("ips",))
    assert abs(values.mean() - true_value(target)) < 3 * standard_error
    assert value_of(naive, "ips") < 0.8 * true_value(target)
    assert true_value(target) - value_of(naive, "ips") > 5 * values.std(ddof=1)


def coverage(estimator_of, sessions=1000, runs=40, **options):
    """How often the interval holds the true value of a ranker, over simulated logs."""
    target = TRUTH.select("query_id", "doc_id", score="ranker_2")
    logs = (simulated(sessions=sessions, seed=seed) for seed in range(runs))
    found = [
        row_of(evaluate(log, target, estimator=estimator_of(log), k=4, methods="ips", **options), "ips") for log in logs
    ]
    return np.mean([row["lower"] <= true_value(target) <= row["upper"] for row in found])


def test_intervals_that_refit_the_curve_cover_the_truth_and_those_of_a_known_curve_do_not():
    harvested = coverage(Harvesting().estimate)
    as_known = coverage(lambda log: propensities(*Harvesting().estimate(log).examination))

    assert harvested >= 0.85  # .95 less three standard errors of a share of 40
    assert as_known < 0.85


def test_the_bootstrap_covers_the_truth_too():
    assert coverage(Harvesting().estimate, runs=20, intervals="bootstrap", resamples=100) >= 0.8


def test_a_named_estimator_and_its_own_propensities_give_the_same_intervals():
    counts = simulated()

    by_name = evaluate(counts, BEST, estimator="harvesting", k=4)
    by_curve = evaluate(counts, BEST, estimator=Harvesting().estimate(counts), k=4)

    assert by_name.frame.equals(by_curve.frame)


def test_an_estimator_without_replicates_is_fitted_again_without_each_group_of_sessions():
    counts = simulated(logging=Logging(shuffle=True))

    refitted = evaluate(counts, BEST, estimator="randomized", k=4)
    known = evaluate(counts, BEST, estimator=propensities(*refitted.propensities.examination), k=4)

    assert value_of(refitted, "ips") == pytest.approx(value_of(known, "ips"))
    assert row_of(refitted, "ips")["lower"] != row_of(known, "ips")["lower"]
    assert any("count as known" in remark for remark in known.remarks)
    assert not any("count as known" in remark for remark in refitted.remarks)


def test_leaving_a_group_out_uses_the_counts_and_the_curve_without_it():
    counts = simulated(logging=Logging(shuffle=True))
    evaluation = evaluate(counts, BEST, estimator="randomized", k=4, methods="ips", level=0.9)

    rest = [_without(counts, b) for b in range(20)]
    values = [value_of(evaluate(one, BEST, estimator="randomized", k=4, methods="ips"), "ips") for one in rest]
    error = math.sqrt(19 / 20 * sum((value - np.mean(values)) ** 2 for value in values))
    half = row_of(evaluation, "ips")["upper"] - value_of(evaluation, "ips")
    assert half == pytest.approx(1.7291328115 * error)  # Student's t with 19 degrees of freedom at .95


def _without(counts, b):
    less = [pl.col(name) - pl.col(f"{name}_by_bucket").arr.get(b) for name in ("impressions", "clicks")]
    frame = counts.frame.with_columns(less).select("query_id", "doc_id", "position", "impressions", "clicks")
    return ClickCounts(frame.filter(pl.col("impressions") > 0))


def test_a_log_without_sessions_has_intervals_over_queries():
    log = simulate(TRUTH, sessions=4000, depth=4)
    counts = count(ClickLog(log.frame.drop("session_id")))

    evaluation = evaluate(counts, BEST, k=4, methods="ips")

    assert row_of(evaluation, "ips")["lower"] < value_of(evaluation, "ips") < row_of(evaluation, "ips")["upper"]
    assert any("no session_id" in remark for remark in evaluation.remarks)


def test_one_query_without_sessions_has_a_value_and_says_that_it_has_no_interval():
    counts = SHOWN.frame.filter(pl.col("query_id") == "q")

    evaluation = evaluate(ClickCounts(counts), NEW.filter(pl.col("query_id") == "q"), estimator=THETA, k=2)

    assert row_of(evaluation, "ips")["lower"] is None
    assert value_of(evaluation, "ips") == pytest.approx(3 / 6 + SECOND * 5 / 9)
    assert any("too few groups" in remark for remark in evaluation.remarks)


def test_two_rankings_are_compared_in_pairs_whose_interval_is_narrower_than_their_own():
    rankings = {name: TRUTH.select("query_id", "doc_id", score=name) for name in ("ranker_0", "ranker_1")}

    evaluation = evaluate(simulated(20_000), rankings, k=4, methods="ips")

    found = difference(evaluation, "ips", "ranker_1", "ranker_0")
    truth = true_value(rankings["ranker_1"]) - true_value(rankings["ranker_0"])
    assert found["lower"] < truth < found["upper"]
    widths = [row["upper"] - row["lower"] for name in rankings if (row := row_of(evaluation, "ips", name))]
    assert found["upper"] - found["lower"] < math.hypot(*widths)
    assert {tuple(row) for row in evaluation.differences.select("ranking", "baseline").rows()} == {
        ("ranker_1", "ranker_0"),
        ("ranker_0", "logged"),
        ("ranker_1", "logged"),
    }


def test_the_steepness_at_which_the_preference_flips_is_found():
    # u was shown on top only, d at position 2 only; they have equal relevance where 2 / theta = 6, at theta = 1 / 3
    counts = counts_of(("q", "u", 1, 20, 6), ("q", "d", 2, 20, 2))
    up, down = ranking(("q", "u", 1), ("q", "d", 2)), ranking(("q", "d", 1), ("q", "u", 2))

    evaluation = evaluate(counts, {"up": up, "down": down}, estimator=propensities(1.0, 0.4), k=2, methods="ips")

    found = difference(evaluation, "ips", "down", "up")
    assert found["difference"] < 0
    assert found["crossover"] == pytest.approx(math.log(1 / 3) / math.log(0.4), abs=0.005)
    assert any("turns around" in remark for remark in evaluation.remarks)
    steep = evaluation.sensitivity.filter((pl.col("factor") == 1.5) & (pl.col("ranking") == "down"))["value"].item()
    assert steep == pytest.approx(2 / 20 / 0.4**1.5 + SECOND * 6 / 20)
    assert row_of(evaluation, "ips", "down")["highest"] == pytest.approx(steep)


def test_a_wrong_curve_is_noticed_by_what_was_shown(caplog):
    counts = simulated(20_000)

    right = evaluate(counts, BEST, estimator=ETA, k=4)
    wrong = evaluate(counts, BEST, estimator=propensities(1, 0.9, 0.8, 0.7), k=4)

    assert not any("does not fit" in remark for remark in right.remarks)
    assert "does not fit this log" in wrong.remarks[0]
    assert "does not fit this log" in caplog.text


def test_a_curve_harvested_from_all_of_the_log_agrees_with_what_was_observed_by_construction():
    evaluation = evaluate(simulated(), BEST, k=4)

    assert value_of(evaluation, "ips", "logged") == pytest.approx(value_of(evaluation, "observed", "logged"))


def test_trust_bias_is_taken_off_the_clicks():
    # a is clicked .8 * .5 + .2 of the time on top, and .4 * .5 + .1 of the time second
    counts = counts_of(("q", "a", 1, 100, 60), ("q", "b", 2, 100, 30), ("r", "a", 2, 100, 30), ("r", "b", 1, 100, 60))
    trust = propensities(1.0, 0.5, alpha=np.array([0.8, 0.4]), beta=np.array([0.2, 0.1]))

    new = ranking(("q", "b", 1), ("q", "a", 2), ("r", "b", 1))
    evaluation = evaluate(counts, new, estimator=trust, k=2, methods="ips")

    assert value_of(evaluation, "ips") == pytest.approx(0.5 * (0.5 + SECOND * 0.5) + 0.5 * 0.5)
    assert value_of(evaluation, "observed", "logged") == pytest.approx(value_of(evaluation, "ips", "logged"))


def test_relevance_may_differ_by_segment_and_the_ranking_counts_in_each():
    counts = counts_of(
        ("q", "a", "young", 1, 10, 8), ("q", "a", "old", 1, 30, 3), ("q", "b", "old", 2, 30, 6), key=("segment",)
    )

    evaluation = evaluate(counts, ranking(("q", "b", 1), ("q", "a", 2)), estimator=THETA, k=2, methods="ips")

    # to the young b was never shown
    assert value_of(evaluation, "ips") == pytest.approx(0.25 * SECOND * 0.8 + 0.75 * (0.4 + SECOND * 0.1))
    assert row_of(evaluation, "ips")["never_shown_share"] == pytest.approx(10 / 80)


def test_each_context_has_its_curve_and_its_pages_add_up():
    counts = counts_of(
        ("q", "a", "phone", 2, 20, 4), ("q", "a", "web", 2, 20, 8), ("q", "b", "web", 1, 10, 5), context=("device",)
    )
    curves = Propensities(
        np.array([1, 2, 1, 2]),
        *(np.array([1.0, 0.25, 1.0, 0.5]) for _ in range(3)),
        *(np.ones(4, int) for _ in range(2)),
        context=pl.DataFrame({"device": ["phone", "phone", "web", "web"]}),
    )

    evaluation = evaluate(counts, ranking(("q", "a", 1)), estimator=curves, k=1, methods="ips")

    assert evaluation.pages == 40  # 20 on phones, and 20 on the web
    assert value_of(evaluation, "ips") == pytest.approx(12 / (20 * 0.25 + 20 * 0.5))


def test_curves_by_a_context_that_the_counts_do_not_tell_apart_are_refused():
    curves = propensities(1.0, 0.5, context=pl.DataFrame({"device": ["web", "web"]}))

    with pytest.raises(ClickLogError, match=r"depend on 'device', which these counts do not tell apart"):
        evaluate(SHOWN, NEW, estimator=curves)


def test_positions_without_a_propensity_do_not_count_and_are_named():
    evaluation = evaluate(SHOWN, NEW, estimator=propensities(1.0), k=2, methods="ips")

    assert value_of(evaluation, "ips") == pytest.approx(Q * (1 / 2 + SECOND * 4 / 8))
    assert any("positions [2], which hold 35.3% of the clicks" in remark for remark in evaluation.remarks)


def test_scores_that_tie_share_their_discounts():
    scores = pl.DataFrame({"query_id": ["q"] * 2, "doc_id": ["a", "b"], "score": [1.0, 1.0]})

    tied = evaluate(SHOWN, scores, estimator=THETA, k=2, methods="ips")

    assert value_of(tied, "ips") == pytest.approx((1 + SECOND) / 2 * (5 / 9 + 3 / 6))


def test_the_best_order_by_shrunk_relevance_has_a_plug_in_ndcg_of_one_and_its_reverse_less():
    ranks = [("q", "a", 1), ("q", "b", 2), ("r", "d", 1), ("r", "c", 2)]
    best, worst = ranking(*ranks), ranking(*((q, d, 3 - rank) for q, d, rank in ranks))

    evaluation = evaluate(SHOWN, {"best": best, "worst": worst}, estimator=THETA, k=2, metric="plug_in_ndcg")

    model = dict(_shrunk_by_hand())
    low, high = (sorted(model[doc] for doc in docs) for docs in ("ab", "cd"))
    reverse = [(bad + SECOND * good) / (good + SECOND * bad) for bad, good in (low, high)]
    assert value_of(evaluation, "plug_in", "best") == pytest.approx(1)
    assert value_of(evaluation, "plug_in", "worst") == pytest.approx(Q * reverse[0] + R * reverse[1])


def _shrunk_by_hand():
    """Each relevance drawn to the mean as far as its noise is large beside the spread, to a fixed number of rounds."""
    clicks, exposure = np.array([5, 3, 6, 3]), np.array([9, 6, 30, 7.5])
    mean, spread = clicks.sum() / exposure.sum(), 0.0
    for _ in range(3):
        noise = sum((c - e * mean) ** 2 for c, e in zip(clicks, exposure, strict=True)) - mean * exposure.sum()
        spread = max(noise, 0) / sum(e * e for e in exposure)
        trust = [1 / (spread + mean / e) for e in exposure]
        mean = sum(t * c / e for t, c, e in zip(trust, clicks, exposure, strict=True)) / sum(trust)
    for doc, c, e in zip("abcd", clicks, exposure, strict=True):
        yield doc, (mean * mean / spread + c) / (mean / spread + e)


def test_ndcg_is_only_offered_as_plug_in():
    with pytest.raises(ModelError, match="only the method 'plug_in' estimates it"):
        evaluate(SHOWN, NEW, estimator=THETA, metric="plug_in_ndcg", methods=("ips",))
    with pytest.raises(UnknownNameError, match="no metric is called 'ndcg'"):
        evaluate(SHOWN, NEW, estimator=THETA, metric="ndcg")


CELL = st.tuples(st.sampled_from("qrs"), st.sampled_from("abc"), st.integers(1, 2))
CELLS = st.dictionaries(CELL, st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=15)


@settings(max_examples=25, deadline=None)  # a busy machine is no failure
@given(CELLS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_other_names_change_a_value(cells, random):
    rows = [(q, d, p, n, min(c, n)) for (q, d, p), (n, c) in cells.items()]
    placed = [(q, d, rank) for q in "qrs" for rank, d in enumerate("cab", start=1)]
    renamed = str.maketrans("qrsabc", "zyxwvu")

    plain = evaluate(counts_of(*rows), ranking(*placed), estimator=THETA, methods=ALL)
    other = evaluate(
        counts_of(
            *random.sample([(q.translate(renamed), d.translate(renamed), *rest) for q, d, *rest in rows], len(rows))
        ),
        ranking(*random.sample([(q.translate(renamed), d.translate(renamed), rank) for q, d, rank in placed], 9)),
        estimator=THETA,
        methods=ALL,
    )

    assert other.frame["value"].to_list() == pytest.approx(plain.frame["value"].to_list())
    assert np.isfinite(plain.frame["value"].to_numpy()).all()


@settings(max_examples=25, deadline=None)  # a busy machine is no failure
@given(CELLS)
def test_a_slow_sum_over_pages_and_documents_says_the_same(cells):
    rows = [(q, d, p, n, min(c, n)) for (q, d, p), (n, c) in cells.items()]
    placed = {(q, d): rank for q in "qrs" for rank, d in enumerate("cab", start=1)}

    evaluation = evaluate(counts_of(*rows), ranking(*((*at, rank) for at, rank in placed.items())), estimator=THETA)

    shown = {q: [sum(n for q2, _, p2, n, _ in rows if (q2, p2) == (q, p)) for p in (1, 2)] for q in "qrs"}
    pages = {q: max(both) for q, both in shown.items()}
    total = 0.0
    for (q, d), rank in placed.items():
        mine = [(n * (1, 0.5)[p - 1], c) for q2, d2, p, n, c in rows if (q2, d2) == (q, d)]
        if mine:
            rho = sum(exposure for exposure, _ in mine) / pages[q]
            total += sum(c for _, c in mine) / rho / math.log2(1 + rank)
    assert value_of(evaluation, "ips") == pytest.approx(total / sum(pages.values()))


def test_a_log_is_taken_as_well_as_its_counts_and_a_lone_frame_as_well_as_columns():
    log = simulate(TRUTH, sessions=2000, depth=4)

    by_log = evaluate(log, BEST, k=4)
    by_counts = evaluate(count(log), BEST.to_dict(as_series=False), k=4)

    assert by_log.to_frame().equals(by_counts.to_frame())


def test_the_bootstrap_is_the_same_for_the_same_seed_only():
    counts = simulated()

    runs = [evaluate(counts, BEST, k=4, intervals="bootstrap", resamples=50, seed=seed) for seed in (1, 1, 2)]

    assert runs[0].frame.equals(runs[1].frame)
    assert row_of(runs[0], "ips")["upper"] != row_of(runs[2], "ips")["upper"]


def test_queries_that_only_the_log_or_only_the_ranking_has_are_counted():
    new = pl.concat([NEW.filter(pl.col("query_id") == "r"), ranking(("x", "a", 1), ("y", "a", 1))])

    evaluation = evaluate(SHOWN, new, estimator=THETA, k=2, methods="ips")

    assert (evaluation.pages, evaluation.queries) == (30, 1)
    assert "2 of the 3 queries of ranking 'new' are not in the log and were left out" in evaluation.remarks
    assert any("25.0% of the log's pages are of queries that not every ranking has" in r for r in evaluation.remarks)


def test_a_log_without_a_click_gives_a_value_of_zero_rather_than_none():
    counts = counts_of(("q", "a", 1, 10, 0), ("r", "a", 1, 5, 0))

    evaluation = evaluate(counts, ranking(("q", "a", 1), ("r", "a", 1)), estimator=THETA, methods=ALL)

    assert evaluation.frame["value"].to_list() == [0.0] * 11
    assert row_of(evaluation, "ips")["ess_share"] is None


def test_a_ranking_with_ranks_and_scores_counts_by_its_ranks():
    counts = counts_of(("q", "a", 1, 9, 3), ("q", "b", 2, 9, 1))
    new = ranking(("q", "a", 2), ("q", "b", 1))

    both = evaluate(counts, new.with_columns(score=pl.lit(0.0)), estimator=THETA, methods=ALL)

    assert both.frame.equals(evaluate(counts, new, estimator=THETA, methods=ALL).frame)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (NEW.drop("doc_id"), "ranking 'new' has no column 'doc_id'"),
        (NEW.drop("rank"), "neither `rank` nor `score`"),
        (NEW.clear(), "ranking 'new' has no rows"),
        (ranking(("q", "a", 1), ("q", "b", 1)), "query_id 'q', rank 1.0 stands there twice"),
        (ranking(("q", "a", 1), ("q", "a", 2)), "query_id 'q', doc_id 'a' stands there twice"),
        (ranking(("q", "a", 0), ("q", "b", 1)), "has rank 0: ranks are whole numbers, and 1 is the top"),
        (ranking(("q", "a", 1.5)), "has rank 1.5"),
        (ranking(("q", "a", 11)), "nothing at ranks 1..10: its ranks start at 11"),
        (ranking(("q", "a", 1), ("q", None, 2)), "row 1: a value is missing"),
        (NEW.with_columns(rank=pl.lit("first")), "row 0: a value is missing or no number"),
        (NEW.select("query_id", "doc_id", score=pl.lit(float("nan"))), "row 0: a value is missing or no number"),
        ({}, "there is no ranking to evaluate"),
        ({"logged": NEW}, "a ranking is called 'logged'"),
        ({"mine": NEW.drop("rank")}, "ranking 'mine' has neither"),
        (7, "cannot read ranking 'new' from the int"),
    ],
)
def test_a_ranking_that_is_none_is_refused(bad, message):
    with pytest.raises(TableError, match=message):
        evaluate(SHOWN, bad, estimator=THETA)


def test_a_ranking_that_shares_nothing_with_the_log_is_refused():
    with pytest.raises(ClickLogError, match="the log has no query that ranking 'new' has: the log has such as 'q'"):
        evaluate(SHOWN, ranking(("x", "a", 1)), estimator=THETA)
    with pytest.raises(ClickLogError, match="never showed any of the first 10 documents of ranking 'new'"):
        evaluate(SHOWN, ranking(("q", "x", 1)), estimator=THETA)
    with pytest.raises(ClickLogError, match="are for none of the log's"):
        evaluate(SHOWN.upto(1), NEW, estimator=Propensities(*(np.array([n]) for n in (3, 1.0, 1.0, 1.0, 1, 1))))


@pytest.mark.parametrize(
    ("option", "error", "message"),
    [
        ({"k": 0}, ModelError, "k is 0: a cut-off is a whole number from 1"),
        ({"k": 2.5}, ModelError, "k is 2.5"),
        ({"clip": 0}, ModelError, "clip is 0"),
        ({"level": 95}, ModelError, "level is 95"),
        ({"resamples": 0}, ModelError, "resamples is 0"),
        ({"methods": ()}, ModelError, "no method is named"),
        ({"methods": ("ips", "dr")}, UnknownNameError, "no method is called 'dr'"),
        ({"intervals": "normal"}, UnknownNameError, "no kind of interval is called 'normal'"),
        ({"estimator": "none"}, UnknownNameError, "no estimator is called 'none'"),
        ({"model": NEW}, TableError, "the model has no column 'relevance'"),
        (
            {"model": pl.DataFrame({"query_id": ["q"] * 2, "doc_id": ["a"] * 2, "relevance": [0.1, 0.2]})},
            TableError,
            "says two things about document",
        ),
    ],
)
def test_an_option_outside_its_range_is_refused(option, error, message):
    with pytest.raises(error, match=message):
        evaluate(SHOWN, NEW, **{"estimator": THETA, **option})


def test_labels_and_files_are_rankings_as_well_as_frames(tmp_path):
    relevance = NEW.with_columns(relevance=-pl.col("rank").cast(pl.Float64), impressions=1, clicks=1).drop("rank")
    labels = RelevanceLabels(relevance.with_columns(effective_sample_size=1.0))
    NEW.write_csv(tmp_path / "ranking.csv")

    values = [evaluate(SHOWN, one, estimator=THETA, k=2).frame for one in (NEW, labels, str(tmp_path / "ranking.csv"))]

    assert values[1].equals(values[0])
    assert values[2].equals(values[0])


def test_an_estimator_that_reads_pages_is_refused_with_the_way_out():
    with pytest.raises(ModelError, match="'cascade' reads whole pages.*estimator=propensities"):
        evaluate(SHOWN, NEW, estimator="cascade")


def test_a_flat_curve_leaves_the_top_as_it_is_where_trust_lowers_it():
    # a was shown at the top only: how steep the curve is changes nothing for it, whatever alpha is there.
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "b", 2, 100, 20))
    trust = propensities(1.0, 0.5, alpha=np.array([0.5, 0.25]), beta=np.array([0.2, 0.1]))

    found = evaluate(counts, ranking(("q", "a", 1)), estimator=trust, k=1, methods="ips")

    values = found.sensitivity.filter(ranking="new")["value"]
    assert values.to_numpy() == pytest.approx((40 - 20) / 50)
