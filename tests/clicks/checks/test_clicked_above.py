import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.checks.clicked_above import clicked_above
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import ClickLogError


def pages(*kinds):
    """Pages of documents a, b by kind: how many, whether a was clicked, whether b was."""
    rows = [(a, b) for n, a, b in kinds for _ in range(n)]
    return ClickLog(
        pl.DataFrame(
            [(f"s{i}", "q", doc, k + 1, row[k]) for i, row in enumerate(rows) for k, doc in enumerate("ab")],
            schema=["session_id", "query_id", "doc_id", "position", "click"],
            orient="row",
        )
    )


def test_the_ratio_is_mantel_and_haenszels_with_half_a_click_on_each_side():
    # Below a click 10 of 40 are clicked, otherwise 30 of 60: (10 60 / 100 + .5) / (30 40 / 100 + .5).
    found = clicked_above(pages((10, 1, 1), (30, 1, 0), (30, 0, 1), (30, 0, 0)))

    assert found.ratio.value == pytest.approx(6.5 / 12.5)
    assert found.ratio.lower < found.ratio.value < found.ratio.upper
    assert found.by_position.select("position", "clicks").rows() == [(2, 6)]


@pytest.mark.parametrize("user", ["position_based", "trust"])
def test_a_click_above_changes_nothing_for_users_who_look_at_positions(planted_log, user):
    found = clicked_above(planted_log(user, sessions=6_000))

    assert found.verdict == "independent"
    assert found.ratio.lower < 1 < found.ratio.upper


def test_independence_is_denied_about_as_often_as_alpha_says(planted_log):
    p_values = [clicked_above(planted_log(sessions=1_000, seed=seed)).p_value for seed in range(60)]

    assert np.sum(np.array(p_values) < 0.05) <= 8  # three standard deviations above 5 % of 60


def test_after_a_click_a_cascade_user_clicks_no_more(planted_log):
    found = clicked_above(planted_log("cascade", sessions=2_000))

    assert found.verdict == "cascade-like"
    assert found.ratio.value < 0.01
    assert found.at_top.upper < 1


def test_a_click_ends_the_search_of_some_even_where_nothing_ever_moved(planted_log):
    log = planted_log("dbn", sessions=5_000, logging=Logging(rankers=["ranker_0"]))

    found = clicked_above(log)

    assert found.verdict == "cascade-like"
    assert found.at_top.upper < 1


def test_users_who_differ_in_how_far_they_look_are_told_from_those_who_stop(planted_log):
    users = {"patient": PositionBased(eta=0.3), "hasty": PositionBased(eta=3.0)}

    found = clicked_above(planted_log(users, sessions=6_000))

    assert found.verdict == "uneven users"
    assert found.ratio.lower > 1
    assert found.by_position["ratio"][-1] > found.by_position["ratio"][0]


def test_few_clicks_cannot_tell(planted_log):
    found = clicked_above(planted_log(sessions=100))

    assert found.verdict == "cannot tell"


def test_without_a_document_both_below_a_click_and_not_there_is_no_ratio():
    found = clicked_above(pages((5, 0, 1), (5, 0, 0)))

    assert found.verdict == "cannot tell"
    assert found.ratio is None
    assert found.p_value == 1
    assert len(found.by_position) == 0


def test_pages_of_one_document_have_nothing_above():
    log = pages((5, 0, 1), (5, 1, 0))

    found = clicked_above(ClickLog(log.frame.filter(pl.col("position") == 1)))

    assert found.verdict == "cannot tell"


def test_pages_that_start_further_down_have_their_top_there(planted_log):
    log = planted_log(sessions=1_000)
    lower = ClickLog(log.frame.with_columns(pl.col("position") + 3))

    assert clicked_above(lower).ratio == clicked_above(log).ratio


def test_the_order_of_the_rows_changes_nothing(planted_log):
    log = planted_log("dbn", sessions=1_000)

    assert clicked_above(ClickLog(log.frame.sample(fraction=1, shuffle=True, seed=1))).ratio == clicked_above(log).ratio


def test_a_log_without_sessions_is_refused(planted_log):
    with pytest.raises(ClickLogError, match="no session_id"):
        clicked_above(ClickLog(planted_log(sessions=10).frame.drop("session_id")))
