import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.checks.confounding import contexts_differ, key_matters
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import merge
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import Logging
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import ClickLogError, NotIdentifiedError

DAYS, TURN = 10, 5


def by_days(sessions=4_000, *, drift, seed=0, queries=60, docs=10, depth=6):
    """A log in which a ranker follows relevance; with drift, relevance changes on day 5, and so does the ranker."""
    rng = np.random.default_rng(seed)
    before = rng.beta(1, 2, (queries, docs))
    after = rng.beta(1, 2, (queries, docs)) if drift else before
    day, query = rng.integers(DAYS, size=sessions), rng.integers(queries, size=sessions)
    relevance = np.where((day >= TURN)[:, None], after[query], before[query])
    order = np.argsort(-(relevance + rng.normal(0, 0.15, relevance.shape)), axis=1)[:, :depth]
    clicks = rng.random(order.shape) < np.take_along_axis(relevance, order, 1) / np.arange(1, depth + 1)
    each = {"session_id": np.arange(sessions), "query_id": query, "day": day, "half": day >= TURN}
    columns = {name: np.repeat(values, depth) for name, values in each.items()}
    position = np.tile(np.arange(1, depth + 1), sessions)
    placed = {"doc_id": order.ravel(), "position": position, "click": clicks.ravel().astype(int)}
    return ClickLog(pl.DataFrame({**columns, **placed}))


def test_contexts_whose_users_look_differently_are_found_and_what_to_do_is_said(planted_log):
    users = {"desktop": PositionBased(eta=0.5), "phone": PositionBased(eta=2.0)}

    found = contexts_differ(count(planted_log(users, sessions=4_000), context="device"))

    assert found.differ is True
    assert found.difference > 0.3
    assert "examination differs by device" in found.reason
    assert "context=['device']" in found.reason


def test_contexts_whose_users_look_alike_share_a_curve(planted_log):
    users = {"desktop": PositionBased(), "phone": PositionBased()}

    found = contexts_differ(count(planted_log(users, sessions=8_000), context="device"))

    assert found.differ is False
    assert "one curve does" in found.reason


def test_equal_contexts_are_told_apart_about_as_often_as_alpha_says(planted_log):
    users = {"desktop": PositionBased(), "phone": PositionBased()}

    logs = (planted_log(users, sessions=2_000, seed=seed) for seed in range(40))
    p_values = [contexts_differ(count(log, context="device")).test.p_value for log in logs]

    assert np.sum(np.array(p_values) < 0.05) <= 6  # three standard deviations above 5 % of 40


def test_too_few_clicks_cannot_tell_contexts_apart(planted_log):
    users = {"desktop": PositionBased(), "phone": PositionBased()}

    found = contexts_differ(count(planted_log(users, sessions=150), context="device"))

    assert found.differ is None
    assert "too few clicks" in found.reason


def test_counts_of_shards_say_the_same_of_contexts_as_those_of_the_whole(planted_log):
    users = {"desktop": PositionBased(eta=0.5), "phone": PositionBased(eta=2.0)}
    log = planted_log(users, sessions=1_000).frame
    shards = [count(ClickLog(part), context="device") for part in (log[:2_000], log[2_000:])]

    whole = contexts_differ(count(ClickLog(log), context="device"))

    assert contexts_differ(merge(*shards)).test == whole.test


def test_counts_without_a_context_have_none_to_test(planted_log):
    with pytest.raises(ClickLogError, match="no context"):
        contexts_differ(count(planted_log(sessions=100)))


@pytest.mark.parametrize("column", ["half", "day"])
def test_documents_that_moved_because_their_relevance_moved_are_found(column):
    found = key_matters(count(by_days(drift=True), key=column), column)

    assert found.matters is True
    assert f"Count with {column} as a key" in found.reason
    last = found.by_position.row(-1, named=True)
    assert abs(last["with"] - 1 / 6) < abs(last["without"] - 1 / 6)  # nearer to the truth, 1 / position


def test_without_sessions_groups_of_queries_say_whether_relevance_moved():
    log = ClickLog(by_days(drift=True).frame.drop("session_id"))

    assert key_matters(count(log, key="half"), "half").matters is True


def test_without_sessions_and_queries_groups_of_documents_do():
    log = by_days(drift=True, sessions=8_000, queries=3, docs=60)
    without = ClickLog(log.frame.drop("session_id"))

    found = key_matters(count(without, key="half"), "half")

    assert 0 < found.p_value < 0.05


def test_a_log_that_stands_still_has_the_same_curve_within_days():
    found = key_matters(count(by_days(sessions=12_000, drift=False), key="half"), "half")

    assert found.matters is False
    assert "the curve is the same" in found.reason


def test_a_still_log_is_called_moving_no_more_often_than_alpha_says():
    logs = (by_days(sessions=1_500, drift=False, seed=seed) for seed in range(20))

    p_values = [key_matters(count(log, key="half"), "half").p_value for log in logs]

    assert np.sum(np.array(p_values) < 0.05) <= 4  # three standard deviations above 5 % of 20


def test_a_key_within_which_nothing_moves_cannot_be_judged(planted_log):
    found = key_matters(count(planted_log(sessions=1_000), key="ranker"), "ranker")

    assert found.matters is None
    assert np.isnan(found.p_value)
    assert "cannot be told" in found.reason
    assert len(found.by_position) == 0


def test_a_column_that_is_not_in_the_key_is_refused(planted_log):
    with pytest.raises(ClickLogError, match="'ranker' is not in the key"):
        key_matters(count(planted_log(sessions=100)), "ranker")


def test_a_log_that_links_nothing_is_refused(planted_log):
    fixed = planted_log(sessions=300, logging=Logging(rankers=["ranker_0"])).frame.with_columns(one=pl.lit("x"))

    with pytest.raises(NotIdentifiedError, match="every document has its place"):
        key_matters(count(ClickLog(fixed), key="one"), "one")
    with pytest.raises(NotIdentifiedError, match="every document has its place"):
        contexts_differ(count(ClickLog(fixed), context="one"))
