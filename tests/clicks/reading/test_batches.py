"""Rows batch by batch: all of them, in their order, wherever a file is cut for reading."""

import polars as pl
import pytest

from weaklabel import tables
from weaklabel.clicks.reading import batches


@pytest.fixture
def path(tmp_path):
    pl.DataFrame({"a": range(100), "b": range(100)}).write_parquet(tmp_path / "log.parquet", row_group_size=7)
    return tmp_path / "log.parquet"


def pick(there):
    return [name for name in there if name == "a"]


@pytest.mark.parametrize("ahead", [1, 13, 25, 1_000])
@pytest.mark.parametrize(("first", "n"), [(0, 100), (20, 50), (99, 1)])
def test_all_rows_come_in_their_order(path, monkeypatch, ahead, first, n):
    monkeypatch.setattr(batches, "AHEAD", ahead)

    frames = list(batches.of_parquet(path, first, n, pick, 10))

    assert pl.concat(frames)["a"].to_list() == list(range(first, first + n))
    assert max(len(frame) for frame in frames) <= min(ahead, 10)


def test_a_file_without_rows_has_its_columns(path):
    (frame,) = batches.of_parquet(path, 0, 0, pick, 10)

    assert frame.columns == ["a"]
    assert not len(frame)


def test_its_length_is_known(path):
    assert tables.length(path) == 100
