"""Counting click logs: CPU time, wall time and peak memory, beside plain group-bys without any checks; one thread each.

    python benchmarks/click_counts.py [--large] [--folder DIR]

Writes synthetic logs (10,000 queries of 30 documents, pages of 10 drawn from them: up to 3,000,000 different cells) of
100,000, 1 and 10 million impressions, with --large of 100 million too, whose ids are whole numbers, then texts, each in
one Parquet file, and counts each in a fresh process: one that starts, imports, reads, counts and ends. The peers only
add up; `count` also checks every row and finds parts that came twice, and with sessions also pages that came twice, and
splits the counts by 20 buckets of sessions, for intervals. With sessions, the peers split by bucket, too.

Growth is the exponent b in time = n^b from one size to the next, of the CPU time beyond that of 100,000 impressions,
which is that of starting.
"""

import argparse
import itertools
import math
import os
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
SIZES, LARGE = (10**5, 10**6, 10**7), 10**8
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
LOG = "log.parquet"


def main() -> None:
    """Print a table for each log."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--large",
        action="store_true",
        help="also 100 million impressions: 2 GB on the disk, and 5 GB of memory for the peers",
    )
    options.add_argument("--folder", type=Path, help="where to write them, for the time of the run")
    chosen = options.parse_args()
    for text in (False, True):
        ours: dict[bool, list[float]] = {False: [], True: []}
        for n in (*SIZES, LARGE) if chosen.large else SIZES:
            with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
                write(Path(folder), n, text)
                for sessions in (False, True):
                    ours[sessions].append(table(Path(folder), n, text, sessions))
        for sessions, seconds in ours.items():
            print(f"growth of ours, {_named(text, sessions)}: {', '.join(f'{b:.2f}' for b in growth(seconds))}")


def growth(seconds: list[float]) -> list[float]:
    """The exponents between sizes that are ten times as large as the one before; the first is the time of starting."""
    beyond = [each - seconds[0] for each in seconds[1:]]
    return [math.log10(later / earlier) for earlier, later in itertools.pairwise(beyond)]


def _named(text: bool, sessions: bool) -> str:
    return f"ids are {'texts' if text else 'whole numbers'}, {'with' if sessions else 'without'} sessions"


def write(folder: Path, n: int, text: bool) -> None:
    """A log of n impressions, in one file."""
    sessions = n // PLACES
    for start in range(0, sessions, SESSIONS_AT_ONCE):
        some = part(start, min(SESSIONS_AT_ONCE, sessions - start), text)
        some.write_parquet(folder / f"part-{start:09}.parquet")
    parts = sorted(folder.glob("part-*.parquet"))
    pl.scan_parquet(parts).sink_parquet(folder / LOG, row_group_size=1_000_000)
    for path in parts:
        path.unlink()


def part(first: int, sessions: int, text: bool = True) -> pl.DataFrame:
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
    if not text:
        return frame
    texts = [
        pl.lit(letter) + pl.col(name).cast(pl.String)
        for letter, name in zip("qds", ("query_id", "doc_id", "session_id"), strict=True)
    ]
    return frame.with_columns(
        text.alias(name) for text, name in zip(texts, ("query_id", "doc_id", "session_id"), strict=True)
    )


def table(folder: Path, n: int, text: bool, sessions: bool) -> float:
    """Each way to count the log, with its time and memory; returns the CPU time of ours."""
    print(f"\n{n:,} impressions, {_named(text, sessions)}")
    print(f"{'':28}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'cells':>12}{'ratio of CPU':>14}")
    ours = 0.0
    for way in ("weaklabel", "polars", *(["duckdb"] if find_spec("duckdb") else [])):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, ONE, way, folder / LOG, str(int(sessions))],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | ONE_THREAD,
        )
        wall = time.perf_counter() - began
        cpu, peak, cells = map(float, done.stdout.split())
        ours = ours or cpu
        print(f"{way:28}{cpu:9.2f}{wall:9.2f}{peak:10.0f}{cells:12,.0f}{cpu / ours:13.2f}x")
    return ours


if __name__ == "__main__":
    main()
