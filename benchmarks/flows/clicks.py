"""Counting click logs beside duckdb and polars, and estimating examination beside CLAX.

The peers only add up impressions and clicks by query, document and position; `count` also checks every row. With
sessions it finds pages that came twice, too, and splits the counts by 20 buckets of sessions, for intervals: the peers
get such a column of buckets to group by. Logs are Parquet files, of 10,000 queries with 30 documents each, shown in
pages of 10 (up to 3,000,000 different cells). Estimators run as whole processes, from start to end, on simulated logs
whose truth is known: theirs are not warm times, and their `error` is the mean distance from it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from growth import Growth
from side_by_side import Contest, Way

import weaklabel as wl

CELL = ("query_id", "doc_id", "position")
QUERIES, DOCUMENTS, PLACES = 10_000, 30, 10
PAGES = 500_000  # in a part
BUCKETS = 20
PEERS = Path(__file__).parents[1] / "click_peers"
PEER_PYTHON = Path(__file__).parents[1] / ".peers" / "bin" / "python"
KINDS = {
    "numbers": "ids are numbers, no sessions",
    "texts": "ids are texts, no sessions",
    "sessions": "ids are texts, with sessions",
}


def contests(full: bool) -> Iterator[Contest]:
    """Counting, by kind of log and size; then estimators."""
    for n in (10**7, 10**8) if full else (10**6,):
        for kind, about in KINDS.items():
            sums = {"duckdb": Way(by_duckdb, needs="duckdb"), "polars, streaming": Way(by_polars)}
            ways = {**sums, "count": Way(by_count)}
            yield counting(f"count {n:,} impressions, {about}", ways, kind, n)
    n = 10**6 if full else 10**5
    clax = Way(partial(estimated, ("clax_pbm.py",)), needs=PEER_PYTHON)
    names = ("all_pairs", "harvesting", "regression_em")
    ours = {name: Way(partial(estimated, ("ours.py", name, "--curve"))) for name in names}
    ways = {"CLAX, position-based": clax, **ours}
    yield Contest(f"examination from {n:,} impressions", ways, simulated, n, simulate, error, memory=False)


def growths(full: bool) -> Iterator[Growth]:
    """By impressions."""
    sizes = (10**5, 10**6, 10**7) if full else (10**4, 10**5, 10**6)
    for kind, about in KINDS.items():
        points = {n: counting("", {"count": Way(by_count)}, kind, n, memory=False) for n in sizes}
        yield Growth(f"count impressions, {about}", "n", points)


def counting(name: str, ways: dict[str, Way], kind: str, n: int, memory: bool = True) -> Contest:
    """On one kind of log."""
    return Contest(name, ways, partial(log, kind=kind), n, partial(write, kind=kind), cells, memory)


def write(n: int, folder: Path, kind: str) -> None:
    """A log of n impressions, in parts."""
    place = folder / kind
    if place.exists():
        return
    place.mkdir()
    pages = n // PLACES
    for first in range(0, pages, PAGES):
        part(first, min(PAGES, pages - first), kind).write_parquet(place / f"part-{first:010}.parquet")


def part(first: int, pages: int, kind: str) -> pl.DataFrame:
    """So many pages, the first of which is of session `first`."""
    rng = np.random.default_rng(first)
    query, offset = rng.integers(0, QUERIES, pages), rng.integers(0, DOCUMENTS, pages)
    place = np.arange(PLACES)
    frame = pl.DataFrame(
        {
            "query_id": np.repeat(query, PLACES),
            "doc_id": (query[:, None] * DOCUMENTS + (offset[:, None] + 7 * place) % DOCUMENTS).ravel(),
            "position": np.tile(place + 1, pages),
            "click": (rng.random((pages, PLACES)) < 0.3 / (place + 1)).astype(np.int8).ravel(),
            "session_id": np.repeat(np.arange(first, first + pages), PLACES),
        }
    )
    if kind != "sessions":
        frame = frame.drop("session_id")
    ids = [] if kind == "numbers" else [name for name in frame.columns if name.endswith("_id")]
    return frame.with_columns(pl.lit(name[0]).alias(name) + pl.col(name).cast(pl.String) for name in ids)


def log(_: int, folder: Path, kind: str) -> Path:
    """The folder of parts."""
    return folder / kind


def by_duckdb(folder: Path) -> Any:
    """Its group-by, on one thread, into a table of a database in memory."""
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    bucket = f", hash(session_id) % {BUCKETS} as bucket" if folder.name == "sessions" else ""
    sums = f"select {', '.join(CELL)}{bucket}, count(*) as impressions, sum(click)::bigint as clicks"
    database.execute(f"create table cells as {sums} from '{folder}/*.parquet' group by all")
    return database


def by_polars(folder: Path) -> pl.DataFrame:
    """The streaming engine's group-by."""
    bucket = [(pl.col("session_id").hash(0) % BUCKETS).alias("bucket")] if folder.name == "sessions" else []
    sums = pl.scan_parquet(folder).group_by([*CELL, *bucket])
    return sums.agg(impressions=pl.len(), clicks=pl.col("click").cast(pl.Int64).sum()).collect(engine="streaming")


def by_count(folder: Path) -> pl.DataFrame:
    """Ours."""
    return wl.count(folder).frame


def cells(first: Any, other: Any) -> str:
    """The same counts in any order, ids as texts."""
    one, two = tidy(first), tidy(other)
    return f"{'same' if one.equals(two) else 'DIFFERS'}: {len(two):,} cells"


def tidy(found: Any) -> pl.DataFrame:
    """Buckets added up, and sorted."""
    frame = found if isinstance(found, pl.DataFrame) else pl.DataFrame(found.table("cells").fetchnumpy())
    numbers = pl.col("position", "impressions", "clicks").cast(pl.Int64)
    texts = frame.select(pl.col("query_id", "doc_id").cast(pl.String), numbers)
    return texts.group_by(CELL).agg(pl.col("impressions", "clicks").sum()).sort(CELL)


def simulate(n: int, folder: Path) -> None:
    """A log of position-based users, whom five rankers serve in turn, and its truth."""
    path = folder / "log.parquet"
    if path.exists():
        return
    rng, queries, documents = np.random.default_rng(0), 500, 20
    relevance = rng.beta(1, 3, queries * documents)
    rankers = {f"ranker_{j}": relevance + rng.normal(0, 0.3, len(relevance)) for j in range(5)}
    ids = {"query_id": np.repeat(np.arange(queries), documents), "doc_id": np.tile(np.arange(documents), queries)}
    rankings = pl.DataFrame({**ids, "relevance": relevance, **rankers})
    wl.simulate_to(path, rankings, sessions=n // PLACES, seed=1)
    wl.truth(rankings, sessions=n // PLACES, seed=1).write_parquet(folder / "truth.parquet")


def simulated(_: int, folder: Path) -> Path:
    """Where log and truth lie."""
    return folder


def estimated(command: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """The error of a script's curve, and the script's peak memory in MiB."""
    python = PEER_PYTHON if command[0].startswith("clax") else Path(sys.executable)
    with TemporaryDirectory() as out:
        script, *options = command
        arguments = [python, PEERS / script, folder / "log.parquet", folder, out, *options]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
        found = json.loads(Path(out, "found.json").read_text())
    if found["curve"] is None:
        raise RuntimeError(found["refused"])
    truth = pl.read_parquet(folder / "truth.parquet")["examination"].to_numpy()
    curve = np.array(found["curve"])
    position = np.array(found.get("position", np.arange(1, len(curve) + 1)))
    return float(np.abs(curve - truth[position - 1]).mean()), found["peak_mib"]


def error(_: tuple[float, float], other: tuple[float, float]) -> str:
    """Of the curve, and what the script took."""
    return f"error {other[0]:.4f}, peak {other[1]:.0f} MiB"
