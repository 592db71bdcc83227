"""Counting click logs with text ids: CPU time, wall time and peak memory, beside plain group-bys without any checks.

    python benchmarks/click_counts.py [--large] [--folder DIR]

Writes synthetic logs (10,000 queries of 30 documents, pages of 10 drawn from them: up to 3,000,000 different cells) of
10 million impressions, with --large of 100 million too, and counts each in a fresh process: one that starts, imports,
reads, counts and ends. The peers only add up; `count` also checks every row, finds pages and parts that came twice, and
splits the counts by 20 buckets of sessions, for intervals. With sessions, so do the peers.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

ONE = Path(__file__).with_name("click_counts_one.py")
QUERIES, DOCUMENTS, PLACES = 10_000, 30, 10
SESSIONS_AT_ONCE = 500_000


def main() -> None:
    """Print a table for each log."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--large",
        action="store_true",
        help="also 100 million impressions: 300 MB on the disk, and 10 GB of memory for the peers",
    )
    options.add_argument("--folder", type=Path, help="where to write them, for the time of the run")
    chosen = options.parse_args()
    for n in (10**7, 10**8) if chosen.large else (10**7,):
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            write(Path(folder), n)
            for sessions in (True, False):
                table(Path(folder), n, sessions)


def write(folder: Path, n: int) -> None:
    """A log of n impressions, in parts."""
    sessions = n // PLACES
    for start in range(0, sessions, SESSIONS_AT_ONCE):
        part(start, min(SESSIONS_AT_ONCE, sessions - start)).write_parquet(folder / f"part-{start:09}.parquet")


def part(first: int, sessions: int) -> pl.DataFrame:
    """So many pages, the first of which is of session `first`."""
    rng = np.random.default_rng(first)
    query, offset = rng.integers(0, QUERIES, sessions), rng.integers(0, DOCUMENTS, sessions)
    place = np.arange(PLACES)
    document = query[:, None] * DOCUMENTS + (offset[:, None] + 7 * place) % DOCUMENTS
    frame = pl.DataFrame(
        {
            "query_id": np.repeat(query, PLACES),
            "doc_id": document.ravel(),
            "position": np.tile(place + 1, sessions),
            "click": (rng.random((sessions, PLACES)) < 0.3 / (place + 1)).astype(np.int8).ravel(),
            "session_id": np.repeat(np.arange(first, first + sessions), PLACES),
        }
    )
    texts = [
        pl.lit(letter) + pl.col(name).cast(pl.String)
        for letter, name in zip("qds", ("query_id", "doc_id", "session_id"), strict=True)
    ]
    return frame.with_columns(
        text.alias(name) for text, name in zip(texts, ("query_id", "doc_id", "session_id"), strict=True)
    )


def table(folder: Path, n: int, sessions: bool) -> None:
    """Each way to count the log, with its time and memory."""
    print(f"\n{n:,} impressions, ids are texts, {'with' if sessions else 'without'} sessions")
    print(f"{'':28}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'cells':>12}{'ratio of CPU':>14}")
    ours = None
    for way in ("weaklabel", "polars", *(["duckdb"] if find_spec("duckdb") else [])):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, ONE, way, folder, str(int(sessions))], capture_output=True, text=True, check=True
        )
        wall = time.perf_counter() - began
        cpu, peak, cells = map(float, done.stdout.split())
        ours = ours or cpu
        print(f"{way:28}{cpu:9.2f}{wall:9.2f}{peak:10.0f}{cells:12,.0f}{cpu / ours:13.2f}x")


if __name__ == "__main__":
    main()
