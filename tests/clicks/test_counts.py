import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts, as_counts, merge
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
    counts = count(log_of([("q", "a", 1, 1)] * 300 + [("q", "a", 1, 0)]))

    assert counts.frame.row(0) == ("q", "a", 1, 301, 300)


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(LOG, st.data())
def test_the_counts_of_shards_merge_to_those_of_the_whole(rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    shards = [count(log_of(part)) for part in (rows[:cut], rows[cut:]) if part]

    merged = shards[0] + shards[1] if len(shards) == 2 else shards[0]

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


PAGED = pl.DataFrame(
    {
        "session_id": ["s", "s", "t", "t", "u", "u"],
        "query_id": ["q"] * 6,
        "doc_id": ["a", "b", "b", "a", "a", "b"],
        "position": [1, 2, 1, 2, 1, 2],
        "click": [1, 0, 0, 1, 1, 1],
        "device": ["phone", "phone", "desk", "desk", "phone", "phone"],
        "day": ["mon", "mon", "mon", "mon", "tue", "tue"],
    }
)


def test_key_and_context_are_told_apart_and_can_be_added_up_again():
    fine = count(ClickLog(PAGED), key=("day",), context=("device",))

    assert fine.frame.select("doc_id", "day", "device", "position", "impressions", "clicks").rows() == [
        ("a", "mon", "desk", 2, 1, 1),
        ("a", "mon", "phone", 1, 1, 1),
        ("a", "tue", "phone", 1, 1, 1),
        ("b", "mon", "desk", 1, 1, 0),
        ("b", "mon", "phone", 2, 1, 0),
        ("b", "tue", "phone", 2, 1, 1),
    ]
    assert fine.collapse().frame.equals(count(ClickLog(PAGED)).frame)
    assert fine.collapse(context=("day",)).frame.equals(count(ClickLog(PAGED), context=("day",)).frame)


def test_a_column_that_was_not_counted_apart_cannot_be_had_back():
    with pytest.raises(ClickLogError, match="do not tell 'device' apart, only: day"):
        count(ClickLog(PAGED), key=("day",)).collapse(context=("device",))


def test_every_session_is_in_one_bucket_and_the_buckets_add_up():
    counts = count(ClickLog(PAGED))

    shown = counts.frame["impressions_by_bucket"].to_numpy()
    assert counts.buckets == 20
    assert shown.sum(axis=1).tolist() == counts.frame["impressions"].to_list()
    assert (shown.sum(axis=0) % 2 == 0).all()  # pages of two
    assert count(ClickLog(PAGED.drop("session_id"))).buckets == 0


def test_cells_are_the_counts_as_arrays():
    cells = count(ClickLog(PAGED), key=("day",), context=("device",)).cells

    assert cells.item.tolist() == [0, 0, 1, 2, 2, 3]  # a on Monday twice, a on Tuesday, b ...
    assert cells.query.tolist() == [0, 0, 0, 0]
    assert [(cells.context[s], cells.position[s]) for s in cells.slot] == [
        (0, 2),
        (1, 1),
        (1, 1),
        (0, 1),
        (1, 2),
        (1, 2),
    ]
    assert cells.C.tolist() == [1, 1, 1, 0, 0, 1]


def test_what_a_bucket_holds_can_be_taken_out_or_kept_alone():
    cells = count(ClickLog(PAGED)).cells
    kept = [cells.only(np.arange(20) == b).N for b in range(20)]

    assert np.sum(kept, axis=0).tolist() == cells.N.tolist()
    for b in range(20):
        assert (cells.without(b).N + kept[b]).tolist() == cells.N.tolist()


def test_counts_that_tell_different_things_apart_do_not_merge():
    log = ClickLog(PAGED)

    with pytest.raises(ClickLogError, match=r"differ in their key: \('day',\) and \(\)"):
        merge(count(log, key=("day",)), count(log))
    with pytest.raises(ClickLogError, match="only one of the counts has sessions"):
        merge(count(log), count(ClickLog(PAGED.drop("session_id"))))


def test_positions_beyond_a_depth_are_dropped_or_merged_into_one():
    counts = counts_of(("q", "a", 1, 9, 3), ("q", "a", 2, 5, 2), ("q", "a", 7, 4, 1))

    dropped, merged = counts.upto(1), counts.upto(1, beyond="merge")

    assert dropped.frame.rows() == [("q", "a", 1, 9, 3)]
    assert merged.frame.rows() == [("q", "a", 1, 9, 3), ("q", "a", 2, 9, 3)]
    with pytest.raises(ClickLogError, match="beyond is 'keep'"):
        counts.upto(1, beyond="keep")


def test_saved_counts_come_back_with_their_columns(tmp_path):
    counts = count(ClickLog(PAGED), key=("day",), context=("device",))

    counts.save(tmp_path / "counts.parquet")
    back = ClickCounts.load(tmp_path / "counts.parquet")

    assert back.frame.equals(counts.frame)
    assert (back.key, back.context, back.buckets) == (("day",), ("device",), 20)


def test_buckets_that_do_not_add_up_are_refused():
    frame = count(ClickLog(PAGED)).frame.with_columns(pl.col("impressions") + 1)

    with pytest.raises(ClickLogError, match="impressions_by_bucket does not add up to impressions in row 0"):
        ClickCounts(frame)


def test_a_column_that_every_count_has_is_no_key():
    with pytest.raises(ClickLogError, match="key names 'doc_id'"):
        ClickCounts(count(ClickLog(PAGED)).frame, key=("doc_id",))


def test_counts_of_many_impressions_and_of_few_add_up():
    few = count(ClickLog(PAGED))
    many = few.frame.with_columns(
        pl.col("impressions") + 70_000,
        impressions_by_bucket=pl.Series(
            few.frame["impressions_by_bucket"].to_numpy().astype(np.uint32) + 70_000 * (np.arange(20) == 3)
        ),
    )

    both = few + ClickCounts(many)

    assert both.frame["impressions"].to_list() == (2 * few.frame["impressions"] + 70_000).to_list()
    assert both.frame["impressions_by_bucket"].to_numpy()[:, 3].min() >= 70_000


def test_parts_of_an_impression_are_refused():
    frame = pl.DataFrame({"query_id": ["q"], "doc_id": ["a"], "position": [1], "impressions": [5.7], "clicks": [1]})

    with pytest.raises(ClickLogError, match="parts of impressions, such as 5.7"):
        ClickCounts(frame)


def test_a_file_of_counts_is_taken_for_what_it_is(tmp_path):
    counts = count(ClickLog(PAGED))
    counts.save(tmp_path / "counts.parquet")

    assert as_counts(tmp_path / "counts.parquet").frame.equals(counts.frame)
    assert as_counts(str(tmp_path / "counts.parquet")).buckets == 20
