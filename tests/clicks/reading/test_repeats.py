"""What was given twice is found: a page in two parts of a log, and whole parts."""

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import merge
from weaklabel.clicks.reading import repeats, scan
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.errors import ClickLogError

ROWS = {
    "session_id": ["s", "s", "t", "t", "u"],
    "query_id": ["q", "q", "q", "q", "r"],
    "doc_id": ["a", "b", "b", "a", "a"],
    "position": [1, 2, 1, 2, 3],
    "click": [1, 0, 0, 1, 0],
    "device": ["phone", "phone", "desk", "desk", "desk"],
}


def test_a_page_that_comes_again_in_a_later_part_is_refused_with_its_file_and_row(tmp_path):
    frame = pl.DataFrame(ROWS)
    frame.write_parquet(tmp_path / "monday.parquet")
    frame[2:].with_columns(doc_id=pl.lit("z") + pl.col("doc_id")).write_parquet(tmp_path / "tuesday.parquet")

    with pytest.raises(ClickLogError, match=r"tuesday\.parquet: row \d stands at position \d for .* in session '[tu]'"):
        count(tmp_path)


def test_a_page_that_comes_twice_among_more_than_are_held_is_still_found():
    n = 20_000
    pages = pl.DataFrame({"session_id": np.arange(n), "query_id": ["q"] * n, "doc_id": ["a"] * n, "position": [1] * n})
    seen = repeats.PlacesSeen(held=1_000)
    halves = list(scan.scan_log(iter([pages.with_columns(click=0), pages[:2_000].with_columns(click=0)])))
    seen.add(RowHashes(halves[0].frame), halves[0])

    with pytest.raises(ClickLogError, match="each page is counted once"):
        seen.add(RowHashes(halves[1].frame), halves[1])


def test_a_part_without_sessions_that_comes_twice_is_refused_with_both_names(tmp_path):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"query_id": rng.integers(0, 50, 2_000), "doc_id": rng.integers(0, 9, 2_000), "position": 1, "click": 0}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    frame.sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "b.parquet")

    with pytest.raises(ClickLogError, match=r"a\.parquet and .*b\.parquet hold the same 2,000 rows"):
        count(tmp_path)


def test_small_parts_without_sessions_may_be_alike(tmp_path):
    frame = pl.DataFrame(ROWS).drop("session_id")
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_parquet(tmp_path / "b.parquet")

    assert count(tmp_path).frame["impressions"].to_list() == [2] * 5


def test_shards_that_hold_the_same_part_are_not_merged():
    with pytest.raises(ClickLogError, match="same part"):
        merge(count(pl.DataFrame(ROWS)), count(pl.DataFrame(ROWS)))
