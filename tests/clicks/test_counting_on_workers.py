"""Counting on workers: groups of parts, counted apart, add up to what one pass comes to, to the last bit."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.counting import count
from weaklabel.clicks.reading import groups
from weaklabel.engine import run_on
from weaklabel.errors import ClickLogError, TableError

BACKENDS = ("threads", "loky")


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    """Few rows are worth sending out here."""
    monkeypatch.setattr(groups, "LEAST", 1)


def pages(sessions, seed=0, text=False):
    """Pages of four of nine documents of three queries, as numbers or texts."""
    rng = np.random.default_rng(seed)
    first, query = rng.integers(0, 9, sessions), rng.integers(0, 3, sessions)
    place = np.arange(4)
    frame = pl.DataFrame(
        {
            "session_id": np.repeat(np.arange(sessions) + 1_000_000 * seed, 4),
            "query_id": np.repeat(query, 4),
            "doc_id": ((first[:, None] + 2 * place) % 9).ravel(),
            "position": np.tile(place + 1, sessions),
            "click": rng.integers(0, 2, 4 * sessions),
            "device": rng.choice(["phone", "desk"], 4 * sessions),
        }
    )
    ids = pl.lit("d") + pl.col("query_id", "doc_id").cast(pl.String)
    return frame.with_columns(ids.name.keep()) if text else frame


def same(some, others):
    return some.frame.equals(others.frame) and some.provenance == others.provenance


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("sessions", [True, False])
def test_any_backend_counts_the_same_and_tells_of_the_same_parts(tmp_path, backend, sessions):
    dropped = [] if sessions else ["session_id"]
    for i in range(5):
        # Numbers and texts, few rows and many: what one worker meets, another does not.
        pages(50 * (i + 1), seed=i, text=i == 3).drop(dropped).write_parquet(tmp_path / f"{i}.parquet")
    pages(20, seed=7).drop(dropped).write_csv(tmp_path / "8.csv")
    here = count(tmp_path, context="device")

    with run_on(backend, n_jobs=2):
        there = count(tmp_path, context="device")

    assert same(there, here)
    assert here.frame["impressions"].sum() == 4 * (50 * 15 + 20)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("options", [{}, {"upto": 2}, {"upto": 2, "beyond": "merge"}, {"where": {"device": "desk"}}])
def test_rows_of_one_long_file_are_shared_out(tmp_path, backend, options):
    pages(500).write_parquet(tmp_path / "log.parquet", row_group_size=300)
    here = count(tmp_path / "log.parquet", **options)

    with run_on(backend, n_jobs=2):
        there = count(tmp_path / "log.parquet", **options)

    assert same(there, here)


@given(st.integers(0, 40), st.integers(1, 5), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_however_many_files_and_workers_there_are_the_counts_are_the_same(tmp_path_factory, n, files, workers):
    folder, log = tmp_path_factory.mktemp("log"), pages(40).drop("session_id")
    for i in range(files):
        log[i::files].write_parquet(folder / f"{i}.parquet")
    log[: 4 * n].write_parquet(folder / "again.parquet")
    here = count(folder)

    with run_on("threads", n_jobs=workers):
        assert same(count(folder), here)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_page_that_two_workers_meet_is_refused_with_its_file_and_row(tmp_path, backend):
    for i in range(4):
        pages(20, seed=i).write_parquet(tmp_path / f"{i}.parquet")
    twice = pages(20, seed=0)[8:12].with_columns(doc_id=pl.col("doc_id") + 90)
    pl.concat([pages(10, seed=9), twice]).write_parquet(tmp_path / "9.parquet")

    with (
        run_on(backend, n_jobs=2),
        pytest.raises(ClickLogError, match=r"9\.parquet: row 4[0-3] stands at position \d .* in session '2', as an"),
    ):
        count(tmp_path)


def test_a_part_that_two_workers_meet_is_refused_with_both_names(tmp_path):
    frame = pages(1_000).drop("session_id")
    for name in ("a", "z"):
        frame.sample(fraction=1, shuffle=True, seed=ord(name)).write_parquet(tmp_path / f"{name}.parquet")
    pages(2_000, seed=1).drop("session_id").write_parquet(tmp_path / "m.parquet")

    with (
        run_on("threads", n_jobs=2),
        pytest.raises(ClickLogError, match=r"a\.parquet and .*z\.parquet hold the same 4,000 rows"),
    ):
        count(tmp_path)


def test_a_bad_value_in_a_piece_of_a_file_is_named_with_its_row_in_the_file(tmp_path):
    clicks = pages(100)["click"].to_list()
    clicks[333] = 7
    pages(100).with_columns(click=pl.Series(clicks)).write_parquet(tmp_path / "log.parquet")

    with run_on("loky", n_jobs=2), pytest.raises(ClickLogError, match=r"log\.parquet: row 333 has click 7"):
        count(tmp_path)


def test_parts_of_which_only_some_have_sessions_are_refused_across_workers(tmp_path):
    for i in range(4):
        pages(20, seed=i).drop(["session_id"] if i == 3 else []).write_parquet(tmp_path / f"{i}.parquet")

    with run_on("threads", n_jobs=2), pytest.raises(ClickLogError, match=r"3\.parquet: only some parts of the log"):
        count(tmp_path)


def test_no_row_with_a_value_is_said_when_no_worker_found_one(tmp_path):
    for i in range(4):
        pages(20, seed=i).write_parquet(tmp_path / f"{i}.parquet")

    with run_on("threads", n_jobs=2), pytest.raises(ClickLogError, match="has no row where device is 'tv'"):
        count(tmp_path, where={"device": "tv"})


@pytest.mark.parametrize("backend", ["sequential", "threads"])
def test_what_the_clicks_of_pages_are_is_decided_by_the_first_of_them_for_all_workers(tmp_path, backend):
    # The first says that clicks are positions; of the others alone, it could not be told.
    first = {"query_id": ["q"], "doc_ids": [["7", "8", "9"]], "clicks": [["1", "3"]]}
    other = {"query_id": ["q"], "doc_ids": [["2", "1", "3"]], "clicks": [["2"]]}
    pl.DataFrame(first).write_parquet(tmp_path / "0.parquet")
    for i in range(1, 5):
        pl.DataFrame(other).write_parquet(tmp_path / f"{i}.parquet")

    with run_on(backend, n_jobs=2):
        counts = count(tmp_path)

    clicked = counts.frame.filter(pl.col("clicks") > 0).select("doc_id", "position", "clicks").rows()
    assert clicked == [("1", 2, 4), ("7", 1, 1), ("9", 3, 1)]


@pytest.fixture
def elsewhere():
    """A folder in the memory of this process, as fsspec reaches it."""
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.makedirs("/clicks", exist_ok=True)
    yield files
    files.rm("/clicks", recursive=True)


@pytest.mark.parametrize("backend", ["sequential", "threads"])
def test_a_log_elsewhere_is_counted_by_its_url(tmp_path, elsewhere, backend):
    for i in range(3):
        pages(30, seed=i).write_parquet(tmp_path / f"{i}.parquet")
        elsewhere.put_file(str(tmp_path / f"{i}.parquet"), f"/clicks/{i}.parquet")
    here = count(tmp_path)

    with run_on(backend, n_jobs=2):
        assert same(count("memory://clicks"), here)
        assert same(count([f"memory://clicks/{i}.parquet" for i in range(3)]), here)


def test_a_bad_value_elsewhere_is_named_with_its_url_and_so_is_a_missing_file(tmp_path, elsewhere):
    pages(3).with_columns(position=0).write_parquet(tmp_path / "bad.parquet")
    elsewhere.put_file(str(tmp_path / "bad.parquet"), "/clicks/bad.parquet")

    with pytest.raises(ClickLogError, match="memory://clicks/bad.parquet: row 0 has position 0"):
        count("memory://clicks/bad.parquet")
    with pytest.raises(TableError, match="no file at memory://clicks/none.parquet"):
        count("memory://clicks/none.parquet")
