import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts, merge
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.estimators.harvesting import Harvesting
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import ModelError, NotIdentifiedError

CURVE = 1 / np.arange(1, 7)


def counts_of(*rows):
    names = ["doc_id", "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row").with_columns(query_id=pl.lit("q")))


def test_one_document_at_two_positions_gives_the_ratio_of_its_click_rates():
    found = estimate(counts_of(("a", 1, 1000, 400), ("a", 2, 500, 50)))

    assert found.examination == pytest.approx([1.0, 0.25])
    assert found.lower[1] < 0.25 < found.upper[1]
    assert (found.lower[0], found.upper[0]) == (1.0, 1.0)


@pytest.mark.parametrize("eta", [0.5, 1.0, 2.0])
def test_planted_examination_is_recovered(planted_log, eta):
    found = estimate(planted_log(sessions=40_000, seed=3, eta=eta))

    truth = CURVE**eta
    assert found.examination == pytest.approx(truth, rel=0.12)
    assert ((found.lower <= truth) & (truth <= found.upper)).mean() >= 5 / 6
    assert found.position.tolist() == [1, 2, 3, 4, 5, 6]


def test_click_rates_by_position_are_far_off_where_the_estimate_is_not(planted_log):
    log = planted_log(sessions=40_000, seed=3)
    rates = log.frame.group_by("position").agg(pl.col("click").mean()).sort("position")["click"].to_numpy()

    found = estimate(log)

    gaps = [np.abs(each - CURVE).mean() for each in (rates / rates[0], found.examination)]
    assert gaps[0] > 5 * gaps[1]


def test_intervals_cover_the_truth_as_often_as_they_say(planted_log):
    inside = []
    for seed in range(40):
        found = estimate(planted_log(sessions=1_500, seed=seed))
        inside.append(((found.lower <= CURVE) & (found.upper >= CURVE))[1:])

    assert 0.92 <= np.mean(inside) <= 0.99


def test_without_sessions_intervals_come_from_clusters_of_queries_and_cover_too(planted_log):
    inside = []
    for seed in range(40):
        log = ClickLog(planted_log(sessions=1_500, seed=seed).frame.drop("session_id"))
        found = estimate(log, smooth=False)
        inside.append(((found.lower <= CURVE) & (found.upper >= CURVE))[1:])

    assert 0.91 <= np.mean(inside) <= 0.99
    assert found.replicates is None
    assert "clustered by query" in found.provenance["intervals"]


def test_a_ranking_that_never_changes_is_refused_not_guessed(planted_log):
    log = planted_log(sessions=20_000, logging=Logging(rankers=["ranker_0"]))

    with pytest.raises(NotIdentifiedError, match="every document has its place.*swapping positions 1 and 2"):
        estimate(log)


def test_positions_that_are_not_linked_are_named_and_the_others_estimated_on_request():
    linked = [("a", 1, 1000, 400), ("a", 2, 500, 50), ("b", 2, 500, 60), ("b", 3, 500, 40)]
    counts = counts_of(*linked, ("c", 4, 500, 30), ("c", 5, 500, 20), ("d", 6, 100, 0))

    with pytest.raises(NotIdentifiedError, match=r"positions 4-6.*position 6 had 100 impressions.*partial=True"):
        estimate(counts)
    found = estimate(counts, partial=True)

    assert found.position.tolist() == [1, 2, 3]
    assert found.examination == pytest.approx(estimate(counts_of(*linked)).examination)
    assert found.provenance["left_out"] == [4, 5, 6]


def test_a_link_of_two_clicks_is_too_thin():
    counts = counts_of(("a", 1, 1000, 400), ("a", 2, 500, 50), ("b", 2, 3, 1), ("b", 3, 3, 1))

    with pytest.raises(NotIdentifiedError, match="too few clicks link position 3"):
        estimate(counts)

    assert estimate(counts, partial=True).position.tolist() == [1, 2]
    assert estimate(counts, max_se=5.0).position.tolist() == [1, 2, 3]


def test_where_only_thin_links_are_left_partial_results_are_refused_too():
    counts = counts_of(("b", 2, 3, 1), ("b", 3, 3, 1))

    with pytest.raises(NotIdentifiedError, match="too few clicks"):
        estimate(counts, partial=True)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1, 10, 0), ("a", 2, 10, 0)], "none of the 20 impressions was clicked"),
        ([("a", 1, 10, 4), ("b", 1, 10, 2)], "only position 1"),
    ],
)
def test_a_log_without_clicks_or_with_one_position_is_refused(rows, said):
    with pytest.raises(NotIdentifiedError, match=said):
        estimate(counts_of(*rows))


def test_one_query_with_one_moving_document_is_enough():
    assert estimate(counts_of(("a", 3, 900, 90), ("a", 7, 900, 45))).examination == pytest.approx([1.0, 0.5])


def test_segments_that_are_ranked_for_what_they_like_need_the_key():
    """Half the users like each document, and get it at the top; relevance then looks like position."""
    rows = []
    for segment, liked in (("x", "a"), ("y", "b")):
        for doc in "ab":
            for k in (1, 2):
                shown = 9_000 if (doc == liked) == (k == 1) else 1_000
                rows.append((doc, segment, k, shown, round(shown * (0.8 if doc == liked else 0.2) / k)))
    frame = pl.DataFrame(rows, schema=["doc_id", "segment", "position", "impressions", "clicks"], orient="row")
    counts = ClickCounts(frame.with_columns(query_id=pl.lit("q")), key=("segment",))

    keyed, pooled = (estimate(each, smooth=False) for each in (counts, counts.collapse()))

    assert keyed.examination[1] == pytest.approx(0.5)
    assert pooled.examination[1] < 0.3


def test_each_context_has_its_own_curve(planted_log):
    users = {"desktop": PositionBased(eta=1.0), "mobile": PositionBased(eta=2.0)}
    log = planted_log(users, sessions=60_000)

    found = estimate(count(log, context=("device",))).to_frame()

    curves = found.partition_by("device", as_dict=True)
    assert curves["desktop",]["examination"].to_numpy() == pytest.approx(CURVE, rel=0.15)
    assert curves["mobile",]["examination"].to_numpy() == pytest.approx(CURVE**2, rel=0.3)


def test_a_context_of_few_pages_is_drawn_to_what_the_others_say(planted_log):
    parts = {"desktop": (30_000, 0), "mobile": (30_000, 1), "watch": (60, 2)}
    frames = [
        planted_log(sessions=n, seed=seed).frame.with_columns(
            device=pl.lit(name), session_id=pl.lit(name) + pl.col("session_id")
        )
        for name, (n, seed) in parts.items()
    ]
    log = ClickLog(pl.concat(frames))

    found = estimate(count(log, context=("device",))).to_frame().filter(pl.col("device") == "watch")

    assert found["examination"].to_numpy() == pytest.approx(CURVE, rel=0.25)
    covered = (found["lower"].to_numpy() <= CURVE) & (found["upper"].to_numpy() >= CURVE)
    assert covered.sum() >= 5


def test_shards_and_the_whole_give_one_estimate(planted_log):
    log = planted_log(sessions=3_000)
    halves = [ClickLog(log.frame[::2]), ClickLog(log.frame[1::2])]

    merged = estimate(merge(*(count(half) for half in halves)))

    whole = estimate(log)
    assert merged.examination == pytest.approx(whole.examination, rel=1e-9)
    assert merged.upper == pytest.approx(whole.upper, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_names_and_order_change_nothing(planted_log, random):
    frame = planted_log(sessions=800).frame
    renamed = frame.sample(fraction=1, shuffle=True, seed=random.randrange(1000)).with_columns(
        doc_id=pl.lit(str(random.random())) + pl.col("doc_id").str.reverse()
    )

    found = estimate(ClickLog(renamed))

    assert found.examination == pytest.approx(estimate(ClickLog(frame)).examination, rel=1e-9)


def test_users_who_click_several_documents_of_a_page_or_none_do_not_break_the_intervals(planted_log):
    """Users differ in how readily they click, so clicks of a page depend on each other."""
    inside = []
    for seed in range(30):
        keen, shy = (planted_log(sessions=750, seed=seed + s, theta=CURVE * c) for s, c in ((0, 1.0), (100, 0.2)))
        shy_frame = shy.frame.with_columns(session_id=pl.lit("s") + pl.col("session_id"))
        found = estimate(ClickLog(pl.concat([keen.frame, shy_frame])))
        inside.append(((found.lower <= CURVE) & (found.upper >= CURVE))[1:])

    assert 0.9 <= np.mean(inside) <= 0.995


def test_the_estimate_says_what_it_rests_on(planted_log):
    log = planted_log(sessions=2_000)

    found = estimate(log)

    told = found.provenance
    moved = log.frame.group_by("query_id", "doc_id").agg(
        pl.col("position").n_unique(), pl.len(), pl.col("click").sum().cast(pl.Int64)
    )
    moved = moved.filter((pl.col("position") > 1) & (pl.col("click") > 0))
    assert told["informative_items"] == len(moved)
    assert told["informative_impressions"] == moved["len"].sum()
    assert told["informative_clicks"] == moved["click"].sum()
    assert told["connectivity"] > 0
    assert found.replicates.shape == (20, 6)


@pytest.mark.parametrize("params", [{"level": 1.5}, {"max_se": 0.0}])
def test_a_parameter_out_of_range_is_refused_with_its_value(params):
    with pytest.raises(ModelError, match=str(next(iter(params.values())))):
        Harvesting(**params).estimate(counts_of(("a", 1, 10, 4), ("a", 2, 10, 2)))


def test_positions_that_hang_on_one_that_is_too_thin_go_with_it():
    firm = [("a", 1, 9_000, 900), ("a", 2, 9_000, 600)]
    thin = [("b", 2, 4, 1), ("b", 3, 4, 1)]
    beyond = [("c", 3, 900, 90), ("c", 4, 900, 80)]

    found = estimate(counts_of(*firm, *thin, *beyond), partial=True)

    assert found.position.tolist() == [1, 2]
    assert found.provenance["left_out"] == [3, 4]
