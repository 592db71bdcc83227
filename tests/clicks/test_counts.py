import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.counts import ClickCounts, as_counts, count, merge
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ArtefactError, ClickLogError

IMPRESSION = st.tuples(st.sampled_from("qr"), st.sampled_from("abc"), st.integers(1, 3), st.integers(0, 1))
LOG = st.lists(IMPRESSION, min_size=1, max_size=40)


def log_of(rows):
    return ClickLog(pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "click"], orient="row"))


def counts_of(*rows):
    return ClickCounts(
        pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "impressions", "clicks"], orient="row")
    )


def test_impressions_and_clicks_are_added_up_per_query_document_and_position():
    log = log_of([("q", "b", 1, 0), ("q", "a", 2, 1), ("q", "a", 1, 1), ("q", "a", 2, 0), ("r", "a", 2, 1)])

    counts = count(log)

    assert counts.frame.rows() == [("q", "a", 1, 1, 1), ("q", "a", 2, 2, 1), ("q", "b", 1, 1, 0), ("r", "a", 2, 1, 1)]
    assert counts.frame.schema["clicks"] == pl.Int64
    assert len(counts) == 4


def test_more_clicks_than_a_small_integer_holds_are_still_counted():
    counts = count(log_of([("q", "a", 1, 1)] * 300))

    assert counts.frame.row(0) == ("q", "a", 1, 300, 300)


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(LOG, st.data())
def test_the_counts_of_shards_merge_to_those_of_the_whole(rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    shards = [count(log_of(part)) for part in (rows[:cut], rows[cut:]) if part]

    merged = merge(*shards) if len(shards) == 2 else shards[0]

    assert merged.frame.equals(count(log_of(rows)).frame)


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(LOG, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))

    assert count(log_of(shuffled)).frame.equals(count(log_of(rows)).frame)


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(LOG, LOG)
def test_the_order_of_merging_changes_nothing(first, second):
    a, b = count(log_of(first)), count(log_of(second))

    assert merge(a, b).frame.equals(merge(b, a).frame)


def test_counts_pass_through_where_counts_are_wanted():
    log = log_of([("q", "a", 1, 0)])
    counts = count(log)

    assert as_counts(counts) is counts
    assert as_counts(log).frame.equals(counts.frame)


def test_counts_can_be_cut_to_their_first_positions():
    counts = counts_of(("q", "a", 1, 5, 1), ("q", "a", 2, 5, 0))

    assert counts.upto(1).frame.rows() == [("q", "a", 1, 5, 1)]
    with pytest.raises(ClickLogError, match="nothing is left up to position 0"):
        counts.upto(0)


def test_counts_come_back_from_a_file_unchanged(tmp_path):
    counts = counts_of(("q", "a", 1, 5, 1), ("q", "b", 2, 7, 0))
    counts.save(tmp_path / "counts.parquet")

    assert ClickCounts.load(tmp_path / "counts.parquet").frame.equals(counts.frame)


def test_a_file_that_holds_no_counts_is_refused(tmp_path):
    pl.DataFrame({"query_id": ["q"]}).write_parquet(tmp_path / "counts.parquet")

    with pytest.raises(ArtefactError, match="no weaklabel header"):
        ClickCounts.load(tmp_path / "counts.parquet")


@pytest.mark.parametrize(
    "row",
    [
        ("q", "a", 0, 5, 1),
        ("q", "a", 1, 0, 0),
        ("q", "a", 1, 5, 6),
        ("q", "a", 1, 5, -1),
        ("q", "a", None, 5, 1),
        (None, "a", 1, 5, 1),
        ("q", "a", 1, 5, None),
    ],
)
def test_impossible_counts_are_refused(row):
    with pytest.raises(ClickLogError, match="impossible counts"):
        counts_of(("q", "z", 1, 1, 1), row)


def test_a_triple_that_stands_there_twice_is_refused():
    with pytest.raises(ClickLogError, match=r"\('q', 'a', 1\) stands there twice"):
        counts_of(("q", "a", 1, 5, 1), ("q", "a", 1, 2, 1))


def test_counts_without_a_column_are_refused():
    with pytest.raises(ClickLogError, match="the counts have no column 'clicks'"):
        ClickCounts(counts_of(("q", "a", 1, 5, 1)).frame.drop("clicks"))


def test_counts_without_rows_are_refused():
    with pytest.raises(ClickLogError, match="the counts have no rows"):
        ClickCounts(counts_of(("q", "a", 1, 5, 1)).frame.clear())


def test_counts_of_the_wrong_type_are_refused():
    with pytest.raises(ClickLogError, match="not of their types"):
        counts_of(("q", "a", "top", 5, 1))
