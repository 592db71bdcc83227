import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.diagnose import diagnose
from weaklabel.clicks.estimators.harvesting import Harvesting
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import ClickLogError, ModelError, UnknownNameError


def said(diagnosis, text):
    return [i for i, remark in enumerate(diagnosis.remarks) if text in remark]


def by_days(*, drift, sessions=4_000, queries=60, docs=10, depth=5):
    """A log of ten days whose ranker follows relevance; with drift, relevance changes in the middle."""
    rng = np.random.default_rng(0)
    before, after = rng.beta(1, 2, (2, queries, docs))
    day, query = rng.integers(10, size=sessions), rng.integers(queries, size=sessions)
    relevance = np.where(((day >= 5) & drift)[:, None], after[query], before[query])
    order = np.argsort(-(relevance + rng.normal(0, 0.15, relevance.shape)), axis=1)[:, :depth]
    clicks = rng.random(order.shape) < np.take_along_axis(relevance, order, 1) / np.arange(1, depth + 1)
    each = {"session_id": np.arange(sessions), "query_id": query, "timestamp": day}
    places = {"doc_id": order.ravel(), "position": np.tile(np.arange(1, depth + 1), sessions), "click": clicks.ravel()}
    return ClickLog(pl.DataFrame({name: np.repeat(values, depth) for name, values in each.items()} | places))


def test_a_healthy_log_is_found_to_be_so(planted_log):
    found = diagnose(planted_log(sessions=12_000))

    assert not found.refused
    assert len(found.propensities) == 6
    assert found.specification.verdict == "position-based fits"
    assert found.clicked_above.verdict == "independent"
    assert not found.page_fit.top_down_better
    assert not said(found, "cascade-like") + said(found, "trust-like") + said(found, "cannot be compared")
    assert said(found, "share one curve")
    assert said(found, "a click above changes nothing")


def test_a_log_in_which_nothing_moves_is_a_finding_and_no_error(planted_log):
    found = diagnose(planted_log(sessions=1_000, logging=Logging(rankers=["ranker_0"])))

    assert found.propensities is None
    assert "every document has its place" in found.remarks[0]
    assert said(found, "100% of 6,000 impressions are of documents that never moved")
    assert found.clicked_above is not None  # which needs nothing to move
    assert len(np.unique(found.positions["group"])) == 6


def test_a_log_that_links_some_positions_is_examined_at_those(planted_log):
    log = planted_log(sessions=4_000)
    apart = pl.when(pl.col("position") == 6).then(pl.lit("alone ") + pl.col("doc_id")).otherwise(pl.col("doc_id"))

    found = diagnose(ClickLog(log.frame.with_columns(doc_id=apart)))

    assert "position 6" in found.remarks[0]
    assert found.remarks[1] == "what follows is by harvesting, of positions 1-5"
    assert found.propensities.position.tolist() == [1, 2, 3, 4, 5]
    assert found.rates["impressions"].to_list()[:5] == [4_000] * 5
    assert found.specification is not None


def test_trust_is_named_first(planted_log):
    found = diagnose(planted_log("trust", sessions=6_000))

    assert said(found, "trust-like") == [0]
    assert not said(found, "cascade-like")


def test_users_who_read_from_the_top_are_named_first_and_explain_unseen_pages_better(planted_log):
    found = diagnose(planted_log("dbn", sessions=6_000))

    assert said(found, "cascade-like")[0] == 0
    assert found.page_fit.top_down_better
    assert said(found, "compare the estimator 'dbn'")


def test_people_who_differ_are_not_taken_for_people_who_stop(planted_log):
    users = {"patient": PositionBased(eta=0.3), "hasty": PositionBased(eta=3.0)}

    found = diagnose(planted_log(users, sessions=6_000))

    assert found.clicked_above.verdict == "uneven users"
    assert not said(found, "a click often ends the search")
    assert said(found, "examination differs by device")


def test_click_rates_that_do_not_depend_on_the_position_are_doubted(planted_log):
    shuffled = planted_log(PositionBased(eta=0), sessions=6_000, logging=Logging(shuffle=True))

    assert said(diagnose(shuffled), "shuffled before it was published") == [0]
    assert not said(diagnose(planted_log(sessions=6_000)), "shuffled")


def test_relevance_that_drifts_is_found_from_timestamps_alone():
    found = diagnose(by_days(drift=True))

    assert [(one.column, one.matters) for one in found.keys] == [("period", True)]
    assert said(found, "documents moved because their relevance moved")


def test_a_log_that_stands_still_is_not_said_to_drift():
    found = diagnose(by_days(drift=False))

    assert [(one.column, one.matters) for one in found.keys] == [("period", False)]
    assert not said(found, "documents moved because")


def test_counts_alone_are_examined_as_far_as_they_go(planted_log):
    users = {"desktop": PositionBased(eta=0.5), "phone": PositionBased(eta=2.0)}
    log = planted_log(users, sessions=6_000)

    found = diagnose(count(log, context="device"))

    assert found.clicked_above is None
    assert found.page_fit is None
    assert [one.differ for one in found.contexts] == [True]
    assert "clicked_above" not in found.tables
    assert found.tables["propensities"].columns[0] == "device"


def test_counts_with_a_sample_of_pages_have_the_rest_examined_too(planted_log):
    log = planted_log("cascade", sessions=3_000)

    found = diagnose(count(log), sample=planted_log("cascade", sessions=1_000))

    assert found.clicked_above.verdict == "cascade-like"
    assert found.page_fit.pages < 1_000


def test_the_keys_of_counts_are_tested(planted_log):
    log = planted_log(sessions=2_000)
    counts = count(ClickLog(log.frame.with_columns(coin=pl.col("session_id").hash(5) % 2)), key="coin")

    assert [one.matters for one in diagnose(counts).keys] == [False]


def test_only_the_columns_named_are_tested(planted_log):
    log = planted_log({"a": PositionBased(), "b": PositionBased()}, sessions=2_000)

    assert [one.columns for one in diagnose(log, columns=["device"]).contexts] == [("device",)]
    assert diagnose(log, columns=[]).contexts == ()
    with pytest.raises(ClickLogError, match="no column 'shoe'"):
        diagnose(log, columns=["shoe"])


def test_thin_positions_are_named_with_what_would_help(planted_log):
    found = diagnose(planted_log(sessions=300))

    (at,) = said(found, "little is known of")
    assert "What would help: swapping positions" in found.remarks[at]


def test_a_log_without_sessions_is_examined_without_what_takes_them(planted_log):
    found = diagnose(ClickLog(planted_log(sessions=1_000).frame.drop("session_id")))

    assert found.propensities is not None
    assert said(found, "no session_id")
    assert {"clicked_above", "rates", "held_out"}.isdisjoint(found.tables)


@pytest.mark.parametrize(
    "rows", [[("q", "a", 1, 0)], [("q", "a", 1, 0), ("q", "b", 2, 0)], [("q", "a", 1, 1), ("r", "b", 2, 1)]]
)
def test_the_smallest_logs_have_findings_too(rows):
    log = ClickLog(pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "click"], orient="row"))

    found = diagnose(log)

    assert found.propensities is None
    assert found.refused == found.remarks[0]
    assert list(found.tables) == ["positions"]


def test_another_estimator_can_be_asked_and_its_refusal_is_a_finding(planted_log):
    found = diagnose(planted_log(sessions=4_000), "randomized")

    assert "the log is not randomised" in found.remarks[0]
    assert found.remarks[1] == "what follows is by harvesting, of positions 1-6, all of them"


def test_an_estimator_of_pages_gets_the_pages(planted_log):
    found = diagnose(planted_log("dbn", sessions=1_000), "dbn")

    assert found.propensities.provenance["estimator"] == "dbn"


def test_mistakes_in_the_call_are_errors(planted_log):
    log = planted_log(sessions=100)

    with pytest.raises(UnknownNameError):
        diagnose(log, "harvester")
    with pytest.raises(ModelError):
        diagnose(log, "harvesting", colour="red")
    with pytest.raises(ModelError):
        diagnose(log, Harvesting(level=2))


def test_every_position_has_a_row_with_its_numbers(planted_log):
    log = planted_log(sessions=1_000)

    positions = diagnose(log).positions

    assert positions["position"].to_list() == [1, 2, 3, 4, 5, 6]
    assert positions["impressions"].to_list() == [1_000] * 6
    assert positions["clicks"].sum() == log.frame["click"].sum()
    assert positions["examination"][0] == 1


def test_names_of_documents_and_order_of_rows_change_no_remark(planted_log):
    log = planted_log(sessions=1_000)
    other = log.frame.with_columns(doc_id=pl.lit("x") + pl.col("doc_id")).sample(fraction=1, shuffle=True, seed=1)

    assert diagnose(ClickLog(other)).remarks == diagnose(log).remarks


def test_a_column_with_missing_values_or_lists_is_no_obstacle(planted_log):
    log = planted_log(sessions=1_500)
    third = pl.col("session_id").rank("dense") % 3
    columns = {
        "device": pl.when(third == 0).then(None).otherwise(pl.lit("phone")),
        "load": pl.when(third == 0).then(float("nan")).otherwise(1.0),
        "tags": pl.when(third == 0).then([1]).otherwise([2]),
    }

    found = diagnose(ClickLog(log.frame.with_columns(**columns)))

    assert {"device", "load"} <= {key.column for key in found.keys}
    assert not said(found, "tags")


def test_where_a_click_ends_the_search_nobody_is_told_of_trust_or_of_one_curve():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        relevance = 0.02 + 0.8 * rng.beta(0.6, 1.6, (100, 15))
        order = np.argsort(-(np.log(relevance) + rng.normal(size=(4, 100, 15))), axis=2)[:, :, :6]
        query = rng.integers(100, size=6_000)
        shown = order[rng.integers(4, size=6_000), query]
        clicks = rng.random(shown.shape) < relevance[query[:, None], shown]
        first = clicks & (clicks.cumsum(axis=1) == 1)
        rows = {"session_id": np.repeat(np.arange(6_000), 6), "query_id": np.repeat(query, 6)}
        places = {"doc_id": shown.ravel(), "position": np.tile(np.arange(1, 7), 6_000), "click": first.ravel()}

        found = diagnose(ClickLog(pl.DataFrame(rows | places)))

        assert said(found, "cascade-like")[0] == 0
        assert not said(found, "trust-like") + said(found, "share one curve")
