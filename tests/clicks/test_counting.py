"""Counting streams: however a log is stored, split or ordered, its counts are those worked out row by row."""

import gzip
import logging
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import progress
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import merge
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.reading import scan
from weaklabel.errors import ClickLogError, TableError

ROWS = {
    "session_id": ["s", "s", "t", "t", "u"],
    "query_id": ["q", "q", "q", "q", "r"],
    "doc_id": ["a", "b", "b", "a", "a"],
    "position": [1, 2, 1, 2, 3],
    "click": [1, 0, 0, 1, 0],
    "device": ["phone", "phone", "desk", "desk", "desk"],
}
COUNTED = [("q", "a", 1, 1, 1), ("q", "a", 2, 1, 1), ("q", "b", 1, 1, 0), ("q", "b", 2, 1, 0), ("r", "a", 3, 1, 0)]
TOTALS = ("query_id", "doc_id", "position", "impressions", "clicks")


@st.composite
def logs(draw):
    """Pages of up to four documents of up to three queries, with a segment of users for each."""
    n = draw(st.integers(1, 12))
    rows = []
    for session in range(n):
        query, segment = draw(st.sampled_from("qrs")), draw(st.sampled_from(["old", "new"]))
        for place, doc in enumerate(draw(st.permutations("abcd"))[: draw(st.integers(1, 4))], start=1):
            rows.append((f"s{session}", query, doc, place, draw(st.integers(0, 1)), segment))
    names = ["session_id", "query_id", "doc_id", "position", "click", "segment"]
    return pl.DataFrame(rows, schema=names, orient="row")


def by_hand(log, columns):
    """Impressions and clicks of each cell, one row of the log at a time."""
    shown, clicked = Counter(), Counter()
    for row in log.iter_rows(named=True):
        cell = tuple(row[name] for name in columns)
        shown[cell] += 1
        clicked[cell] += row["click"]
    return [(*cell, shown[cell], clicked[cell]) for cell in sorted(shown)]


@given(logs(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_counts_are_what_a_loop_over_the_rows_finds(log, sessions):
    log = log if sessions else log.drop("session_id")

    counts = count(log, key="segment")

    columns = ["query_id", "doc_id", "segment", "position"]
    assert counts.frame.select(*columns, "impressions", "clicks").rows() == by_hand(log, columns)
    assert counts.buckets == (20 if sessions else 0)


@given(logs(), st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_and_the_split_into_parts_change_nothing(log, random, n):
    order = random.sample(range(len(log)), len(log))
    shuffled = log[order]
    part_of = np.array([random.randrange(n) for _ in order])
    parts = [shuffled.filter(pl.Series(part_of == part)) for part in range(n)]

    streamed = count(iter(parts), context=["segment"])

    assert streamed.frame.equals(count(ClickLog(log), context=["segment"]).frame)


@given(logs(), st.integers(0, 12))
@settings(max_examples=25, deadline=None)
def test_counts_of_shards_add_up_to_those_of_the_whole(log, cut):
    early = pl.col("session_id").str.slice(1).cast(pl.Int64) < cut
    shards = [shard for shard in (log.filter(early), log.filter(~early)) if len(shard)]

    counts = [count(shard) for shard in shards]

    added = merge(*counts) if len(counts) == 2 else counts[0]
    assert added.frame.equals(count(log).frame)


def test_each_session_falls_into_one_of_twenty_buckets_whole():
    sessions = pl.DataFrame({"session_id": np.repeat([f"s{i}" for i in range(400)], 2)}).with_columns(
        query_id=pl.lit("q"),
        doc_id=pl.Series(["a", "b"] * 400),
        position=pl.Series([1, 2] * 400),
        click=pl.Series([1, 0] * 400),
    )

    frame = count(sessions).frame

    first, second = frame["impressions_by_bucket"].to_numpy()
    assert (first == second).all()
    assert first.sum() == 400
    assert (first > 5).all()  # 20 expected in each
    assert frame["clicks_by_bucket"].to_numpy().tolist() == [first.tolist(), [0] * 20]


@pytest.mark.parametrize("ending", ["parquet", "csv", "tsv", "jsonl", "json"])
def test_the_same_log_in_any_kind_of_file_gives_the_same_counts(tmp_path, ending):
    frame, path = pl.DataFrame(ROWS), tmp_path / f"log.{ending}"
    write = {
        "parquet": frame.write_parquet,
        "csv": frame.write_csv,
        "tsv": lambda file: frame.write_csv(file, separator="\t"),
        "jsonl": frame.write_ndjson,
        "json": frame.write_json,
    }
    write[ending](path)

    counts = count(path, context="device")

    assert counts.frame.equals(count(ClickLog(frame), context="device").frame)
    assert counts.frame.select(TOTALS).sort(TOTALS).rows() == COUNTED


def test_a_log_of_more_rows_than_one_batch_is_counted_whole(monkeypatch):
    monkeypatch.setattr(scan, "AT_ONCE", 2)

    counts = count(pl.DataFrame(ROWS))

    assert counts.frame.select(TOTALS).rows() == COUNTED


def test_rows_of_many_impressions_are_added_up():
    rows = {"query_id": ["q", "q", "q"], "doc_id": ["a", "a", "b"], "position": [1, 1, 2]}

    counts = count({**rows, "impressions": [2**40, 5, 7], "clicks": [3, 4, 0]})

    assert counts.frame.rows() == [("q", "a", 1, 2**40 + 5, 7), ("q", "b", 2, 7, 0)]


def test_a_cell_may_hold_more_than_sixteen_bits_in_a_bucket():
    n = 5 * 2**15
    log = pl.select(
        session_id=pl.lit("s"), query_id=pl.lit("q"), doc_id=pl.lit("a"), position=pl.lit(1), click=pl.lit(0)
    )
    one_bucket = pl.concat([log] * n).with_columns(session_id=pl.int_range(n * 20).cast(pl.String).head(n))
    bucket = count(log).frame["impressions_by_bucket"][0].to_list().index(1)

    counts = count(one_bucket).frame

    by_bucket = counts["impressions_by_bucket"][0].to_list()
    assert sum(by_bucket) == n
    assert by_bucket[bucket] == pytest.approx(n / 20, rel=0.1)


def test_ids_of_any_length_and_numbers_beyond_64_bits_are_kept_as_text():
    rows = {**ROWS, "query_id": [2**63 + 1] * 5, "doc_id": ["x" * 10_000, "b", "b", "x" * 10_000, "a"]}

    counts = count(rows)

    assert set(counts.frame["query_id"]) == {"9223372036854775809"}
    assert counts.frame["doc_id"].str.len_chars().max() == 10_000
    assert counts.frame["impressions"].sum() == 5


def test_documents_are_told_apart_by_period():
    days = ["2024-05-31T23:59:59", "2024-05-31T00:00:00", "2024-06-01", "2024-06-03", "2024-06-03"]
    frame = pl.DataFrame({**ROWS, "timestamp": days}).drop("session_id")

    by_day, by_month = count(frame, period="1d"), count(frame, period="1mo")

    assert by_day.key == by_month.key == ("period",)
    assert by_day.frame["period"].to_list() == ["2024-05-31", "2024-06-03", "2024-05-31", "2024-06-01", "2024-06-03"]
    assert by_month.frame["period"].to_list() == ["2024-05-01", "2024-06-01", "2024-05-01", "2024-06-01", "2024-06-01"]


def test_only_rows_with_a_value_may_be_counted():
    counts = count(pl.DataFrame(ROWS), where={"device": "desk"})

    assert counts.frame.select(TOTALS).rows() == [("q", "a", 2, 1, 1), ("q", "b", 1, 1, 0), ("r", "a", 3, 1, 0)]


def test_a_value_that_no_row_has_is_said():
    with pytest.raises(ClickLogError, match="the log has no row where device is 'tv'"):
        count(pl.DataFrame(ROWS), where={"device": "tv"})


@pytest.mark.parametrize(
    ("beyond", "cells"),
    [
        ("drop", [("q", "a", 1, 1, 1), ("q", "b", 1, 1, 0)]),
        ("keep", COUNTED),
        (
            "merge",
            [("q", "a", 1, 1, 1), ("q", "a", 2, 1, 1), ("q", "b", 1, 1, 0), ("q", "b", 2, 1, 0), ("r", "a", 2, 1, 0)],
        ),
    ],
)
def test_positions_beyond_the_last_are_dropped_kept_or_merged(beyond, cells):
    assert count(pl.DataFrame(ROWS), upto=1, beyond=beyond).frame.select(TOTALS).rows() == cells


def test_a_cut_that_leaves_nothing_is_said():
    with pytest.raises(ClickLogError, match="nothing is left up to position 2"):
        count(pl.DataFrame(ROWS).filter(pl.col("position") == 3), upto=2)


def test_a_log_of_clicks_without_the_impressions_that_had_none_is_refused():
    clicks = pl.DataFrame({"query_id": ["q"] * 120, "doc_id": ["a"] * 120, "position": [1] * 120, "click": [1] * 120})

    with pytest.raises(ClickLogError, match="all 120 impressions were clicked: .* log every document that was shown"):
        count(clicks)


def test_a_column_of_the_key_that_is_not_there_is_named_beside_those_that_are():
    with pytest.raises(ClickLogError, match="no column 'segment' to tell impressions apart; there are: query_id"):
        count(pl.DataFrame(ROWS), key=["segment"])


def test_an_impression_without_its_context_is_named():
    with pytest.raises(ClickLogError, match="row 1 has no device: impressions are told apart by it"):
        count({**ROWS, "device": ["phone", None, "desk", "desk", "desk"]}, context=["device"])


def test_parts_of_which_only_some_have_sessions_are_refused(tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(ROWS).drop("session_id").write_parquet(tmp_path / "b.parquet")

    with pytest.raises(ClickLogError, match=r"b\.parquet: only some parts of the log have a session_id"):
        count(tmp_path)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"beyond": "cut"}, "beyond is 'cut'"),
        ({"upto": 0}, "upto is 0"),
        ({"upto": 2.5}, "upto is 2.5: positions are whole numbers"),
        ({"upto": "2"}, "upto is '2'"),
        ({"key": "position"}, "key names 'position', which every count has already"),
        ({"context": "session_id"}, "context names 'session_id'"),
        ({"key": ("device", "device")}, "key and context name 'device' twice"),
        ({"key": "device", "context": "device"}, "key and context name 'device' twice"),
    ],
)
def test_an_option_outside_its_range_is_refused(option, message):
    with pytest.raises(ClickLogError, match=message):
        count(pl.DataFrame(ROWS), **option)


def test_who_listens_hears_of_each_batch(tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "log.parquet")
    heard = []

    def listen(items, label, total):
        for item in items:
            heard.append((label, total))
            yield item

    with progress.using(listen):
        count(tmp_path / "log.parquet")

    assert heard == [("counting", 1)]


def test_counts_of_a_real_log_of_pages_are_those_of_a_plain_reading(clicks_data, caplog):
    path = clicks_data / "yandex" / "trainSample.gz"
    with gzip.open(path, "rt") as file:
        pages = [page.strip() for page in file.read().replace("\n", ";").split(";") if page.strip()]
    shown, clicked = Counter(), Counter()
    for page in pages:
        query, rest = page.split("\t")
        urls, clicks = (part.split(",") for part in rest.split(":"))
        for place, url in enumerate(urls, start=1):
            shown[query, url.strip(), place] += 1
            clicked[query, url.strip(), place] += url.strip() in [click.strip() for click in clicks]

    with caplog.at_level(logging.WARNING):
        counts = count(path)

    assert counts.frame.select(TOTALS).rows() == [(*cell, shown[cell], clicked[cell]) for cell in sorted(shown)]
    assert counts.frame["impressions"].sum() == 10 * len(pages) == 350_640
    assert "clicks on documents that their page did not show are left out" in caplog.text


@pytest.fixture
def clicks_data(request):
    folder = request.config.rootpath.parent / "shared" / "data" / "clicks"
    if not folder.is_dir():
        pytest.skip("the shared click logs are not here")
    return folder


def test_a_truncated_parquet_file_is_named(tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-20])

    with pytest.raises(TableError, match=r"cannot read .*cut\.parquet: .*cut off"):
        count(tmp_path / "cut.parquet")


def test_a_bucket_that_counts_beyond_32_bits_is_refused():
    rows = {"session_id": ["s"], "query_id": ["q"], "doc_id": ["a"], "position": [1]}

    with pytest.raises(ClickLogError, match="over four billion: count the log without its session_id"):
        count({**rows, "impressions": [2**32], "clicks": [0]})


def test_a_context_that_is_no_number_is_missing():
    frame = pl.DataFrame({**ROWS, "device": [1.0, float("nan"), 1.0, 2.0, 2.0]})

    with pytest.raises(ClickLogError, match="row 1 has no device"):
        count(frame, context="device")


def test_a_page_in_one_row_shows_a_document_once_too():
    pages = pl.DataFrame({"query_id": ["q"], "doc_ids": [["a", "b", "a"]], "clicks": [[0, 1, 0]]})

    with pytest.raises(ClickLogError, match="two places of row 0 both show document 'a'"):
        count(pages)
