"""What compiled loops save: each beside the plain path, in turn in one process; and what they cost at the start.

    export OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1
    python benchmarks/fast.py                    1e6 items, 2e5 texts: a minute or two
    python benchmarks/fast.py --n 100000         fewer items, and a fifth as many texts

Needs the extra `fast`. CPU seconds on one thread, medians of five, the order of the two turned round each time; both
give the same bits, or the table says DIFFER. Votes are random, one in six cast; texts and words are those of
apply_workload.py. The price is paid once in a process: to import numba, and to compile (or to load from disk what an
earlier process compiled) all loops.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import apply_workload
import numpy as np

import weaklabel as wl
from weaklabel.labeling.applying.voting import vote
from weaklabel.labeling.compiled.choice import forced
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.models._log_linear import by_row

REPEATS, COVERAGE, DEPENDENCE = 5, 1 / 6, 0.1
MATRICES = ((20, 2), (50, 2), (100, 2), (30, 5), (40, 10))
PRICE = """
import time
began = time.process_time()
import numpy as np
from weaklabel.labeling.compiled import bit_planes, popcounts, vote_sums, scan, automaton, choice
loaded = time.process_time()
choice._numba()
imported = time.process_time()
votes = np.zeros((70, 3), np.int8)
popcounts.popcounts(bit_planes.bit_planes(votes, 2))
vote_sums.VoteSums(np.zeros((3, 2, 3)))(votes)
scan.scan(b"abc", [3], automaton.automaton(((("b",), True),)), 1)
print(f"import {imported - loaded:.2f} s, loops {time.process_time() - imported:.2f} s")
"""


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000, help="items")
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        print(f"price, nothing on disk: {price(folder)}\nprice, compiled before: {price(folder)}\n")
    print(f"{'':<44}{'plain':>8}{'compiled':>10}{'ratio':>8}")
    for name, work in (*label_models(n), *words(n // 5)):
        plain, fast, same = side_by_side(work)
        print(
            f"{name:<44}{plain:8.3f}{fast:10.3f}{plain / fast:7.1f}x  {'same bits' if same else 'DIFFER'}", flush=True
        )


def price(folder: str) -> str:
    """What a fresh process pays before its first row, with what lies on disk there."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
    done = subprocess.run([sys.executable, "-c", PRICE], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def label_models(n: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Co-votes and beliefs of random matrices."""
    rng = np.random.default_rng(0)
    for m, k in MATRICES:
        votes = rng.integers(0, k, (n, m), dtype=np.int8)
        votes[rng.random((n, m), dtype=np.float32) > COVERAGE] = -1
        L = wl.LabelMatrix.from_array(votes, [f"c{y}" for y in range(k)])
        evidence, bias = rng.normal(size=(m, k, k)), rng.normal(size=k)
        yield f"co-votes, {n} x {m}, {k} classes", partial(covotes, L)
        yield f"beliefs, {n} x {m}, {k} classes", partial(by_row, L.votes, bias, evidence, DEPENDENCE)


def words(n: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Votes of the workload's 8 sets of keywords, inside words and alone, and of its 19 rules."""
    rows = apply_workload.table(n)
    rules = apply_workload.declarative()
    alone = [wl.keywords(f"alone_{j}", some, 1) for j, some in enumerate(apply_workload.KEYWORD_SETS)]
    sets = {"8 sets of words": rules[:8], "8 sets of words, alone": alone, "3 sets": rules[:3], "all 19 rules": rules}
    for name, lfs in sets.items():
        yield f"{name}, {n} texts", partial(voted, lfs, rows)


def voted(lfs: list[wl.LabelingFunction], rows: Any) -> Any:
    """The votes, batch by batch; each frame is new, so that nothing is known of its texts."""
    batches = (rows[start : start + 50_000] for start in range(0, len(rows), 50_000))
    return np.concatenate([vote(lfs, batch, apply_workload.CLASSES).votes for batch in batches])


def side_by_side(work: Callable[[], Any]) -> tuple[float, float, bool]:
    """Median CPU seconds of the plain and of the compiled path, and whether they come to the same bits."""
    spent: dict[bool, list[float]] = {False: [], True: []}
    results = {}
    for turn in range(REPEATS + 1):
        for way in (False, True) if turn % 2 else (True, False):
            with forced(way):
                began = time.process_time()
                results[way] = work()
                spent[way].append(time.process_time() - began)
    plain, fast = (statistics.median(spent[way][1:]) for way in (False, True))  # the first time warms up
    return plain, fast, _bits(results[False]) == _bits(results[True])


def _bits(result: Any) -> list[bytes]:
    return [np.ascontiguousarray(one).tobytes() for one in (result if isinstance(result, tuple) else (result,))]


if __name__ == "__main__":
    main()
