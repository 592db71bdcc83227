"""Counting votes from Parquet: CPU and wall seconds, peak memory, growth with the number of items.

    python benchmarks/vote_counts.py [--large] [--folder DIR]

Writes votes of 20 functions on two classes, with ids, as one file and as 20 parts, and counts each in a fresh process:
one that starts, imports, reads, adds up and ends. Correlated votes have some thousand distinct rows; independent ones
have, of 100 million items, about a million, and with more votes too many to remember. 10 million items, with --large
100 million, which need 600 MB of disk. Set POLARS_MAX_THREADS=1 and OPENBLAS_NUM_THREADS=1 for times of one thread.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import polars as pl

M, CLASSES = 20, ("ham", "spam")
CHUNK = 500_000  # rows: of a row group, and of a draw
PARTS = 20
SHARES = {"correlated": (0.1, 0.05), "independent": (0.066, 0.023), "dense": (0.14, 0.03)}  # of votes 0, of votes 1


def main() -> None:
    """Print a table for each kind of votes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--large", action="store_true", help="100 million items, too")
    options.add_argument("--folder", type=Path, help="where to write them, for the time of the run")
    chosen = options.parse_args()
    sizes = (10**5, 10**6, 10**7, *([10**8] if chosen.large else []))
    print(f"{'votes':<14}{'items':>13}{'layout':>10}{'MB':>7}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'patterns':>24}")
    for kind in SHARES:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            seconds = {n: row(Path(folder), kind, n) for n in sizes}
        growth(seconds)


def row(folder: Path, kind: str, n: int) -> float:
    """Write and count n items both ways; the CPU seconds of the counting proper of one file."""
    spent = []
    for layout, parts in (("one file", 1), (f"{PARTS} parts", PARTS)):
        place = folder / f"{n}-{parts}"
        place.mkdir()
        write(place, kind, n, parts)
        size = sum(file.stat().st_size for file in place.iterdir()) / 2**20
        done = subprocess.run([sys.executable, __file__, "count", place], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        seen = f"{found['patterns']:,}" + (" of a sample" if found["sampled"] else "")
        print(
            f"{kind:<14}{n:>13,}{layout:>10}{size:>7.0f}{found['cpu']:>9.2f}{found['wall']:>9.2f}{found['peak']:>9.0f}"
            f"{seen:>24}",
            flush=True,
        )
        spent.append(found["counting"])
        for file in place.iterdir():
            file.unlink()
    return spent[0]


def growth(seconds: dict[int, float]) -> None:
    """How the time of counting grows: the exponent between each two sizes."""
    sizes = sorted(seconds)
    steps = pairwise(sizes)
    said = [f"{a:,} to {b:,}: {log(seconds[b] / seconds[a]) / log(b / a):.2f}" for a, b in steps]
    print(f"{'':14}exponent of the CPU time of counting, {'; '.join(said)}\n")


def write(folder: Path, kind: str, n: int, parts: int) -> None:
    """Label matrices of n items in all, as `apply_file` writes them: chunk by chunk, then each as one file."""
    from weaklabel.artefacts import LabelMatrix, store

    size = n // parts
    metadata = store.header(
        LabelMatrix.kind, "not read here", {"classes": CLASSES, "faults": [], "provenance": {}, "seconds": {}}
    )
    for i in range(parts):
        with tempfile.TemporaryDirectory(dir=folder.parent) as chunks:
            for first, votes in drawn(kind, i * size, size):
                ids = pl.Series("id", np.arange(first, first + votes.shape[1])).cast(pl.String).str.zfill(9)
                columns = [pl.Series(f"lf_{j}", column) for j, column in enumerate(votes)]
                pl.DataFrame([ids, *columns]).write_parquet(Path(chunks, f"{first:09}.parquet"))
            out = folder / f"part-{i:02}.parquet"
            pl.scan_parquet(chunks).sink_parquet(out, metadata=metadata, row_group_size=CHUNK)


def drawn(kind: str, first: int, n: int) -> Iterator[tuple[int, np.ndarray]]:
    """Votes on n items, chunk by chunk, with the number of the first; shape (M, rows)."""
    for start in range(first, first + n, CHUNK):
        rng = np.random.default_rng(start)
        yield start, votes_of(kind, min(CHUNK, first + n - start), rng)


def votes_of(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Votes of M functions; correlated ones are one of 5,000 rows, some far more often than others."""
    if kind != "correlated":
        return _independent(kind, n, rng)
    rows = _independent(kind, 5000, np.random.default_rng(0))
    which = np.minimum(5000 * rng.random(n) ** 3, 4999).astype(np.int64)
    return rows[:, which]


def _independent(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    zeros, ones = (round(256 * share) for share in SHARES[kind])
    said = np.full(256, -1, np.int8)
    said[:zeros], said[zeros : zeros + ones] = 0, 1
    return said[rng.integers(0, 256, (M, n), dtype=np.uint8)]


def count(folder: Path) -> None:
    """Count, in this process, and say what it took."""
    from weaklabel.labeling.vote_counts import count_votes

    began, wall = time.process_time(), time.perf_counter()
    counts = count_votes(folder)
    now = time.process_time()
    (peak,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    said = {"cpu": now, "counting": now - began, "wall": time.perf_counter() - wall, "peak": int(peak) / 1024}
    print(json.dumps({**said, "patterns": len(counts.patterns), "sampled": counts.sampled}))


if __name__ == "__main__":
    count(Path(sys.argv[2])) if sys.argv[1:2] == ["count"] else main()
