"""Choosing 1,000 of a large pool in memory and from files, beside numpy's scores and argpartition.

    python benchmarks/pick_speed.py            1e7 x 2 and 1e6 x 10, and growth over n: two minutes
    python benchmarks/pick_speed.py --n 1000000

One thread, CPU seconds; `times` is numpy's time over ours, of the same round: the median and the range of all rounds.
`found` is the share of the truly best that were picked: of two classes the nearest to one half, of more those with the
highest scores in float64; ties go by the hash that the documentation names. Memory is what the process took beside
the pool. Growth is the exponent b of seconds = a n^b.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import cost
import numpy as np
import polars as pl
from growth import exponent

import weaklabel as wl

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS")
SIZE, ROUNDS = 1000, 7


def beliefs(n: int, k: int) -> wl.Posterior:
    """Of two classes even in p, of more a flat Dirichlet."""
    rng = np.random.default_rng(0)
    p = rng.random(n)
    probs = np.stack([p, 1 - p], axis=1) if k == 2 else rng.standard_exponential((n, k))
    probs /= probs.sum(axis=1, keepdims=True)
    ids = pl.select(pl.format("item-{}", pl.int_range(n))).to_series()
    return wl.Posterior(probs, ids, tuple(map(str, range(k))), np.ones(n, bool))


def entropy(probs: np.ndarray) -> np.ndarray:
    """Plain numpy, float64."""
    return -(probs * np.log(probs)).sum(1)


def margin(probs: np.ndarray) -> np.ndarray:
    """Plain numpy."""
    top = np.partition(probs, probs.shape[1] - 2, axis=1)
    return 1 - (top[:, -1] - top[:, -2])


def least_confident(probs: np.ndarray) -> np.ndarray:
    """Plain numpy."""
    return 1 - probs.max(1)


PLAIN = {"margin": margin, "entropy": entropy, "least_confident": least_confident}


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    began = time.process_time()
    run()
    return time.process_time() - began


def side_by_side(posterior: wl.Posterior) -> None:
    """Each strategy beside numpy's way to the same scores, and beside numpy's entropy."""
    n, k = posterior.probs.shape
    titles = f"{'pick':>8}{'numpy':>8}{'times':>7}{'range':>14}{'x entropy':>11}{'found':>8}"
    print(f"{SIZE:,} of {n:,} x {k}\n  {'':17}{titles}")
    for name, scores in PLAIN.items():
        ways = {
            "pick": lambda name=name: wl.pick(posterior, SIZE, name),
            "numpy": lambda scores=scores: np.argpartition(scores(posterior.probs), -SIZE),
            "entropy": lambda: np.argpartition(entropy(posterior.probs), -SIZE),
        }
        for run in ways.values():
            run()
        rounds = [{way: seconds(run) for way, run in ways.items()} for _ in range(ROUNDS)]
        ratios = {way: np.array([one[way] / one["pick"] for one in rounds]) for way in ("numpy", "entropy")}
        mine, other = (float(np.median([one[way] for one in rounds])) for way in ("pick", "numpy"))
        told = f"{mine:8.4f}{other:8.4f}{np.median(ratios['numpy']):7.1f}"
        told += f"{ratios['numpy'].min():7.1f} -{ratios['numpy'].max():5.1f}{np.median(ratios['entropy']):11.1f}"
        print(f"  {name:17}{told}{found(posterior, name):8.1%}")


def found(posterior: wl.Posterior, name: str) -> float:
    """Share of the truly best that `pick` finds."""
    picked = wl.pick(posterior, SIZE, name).item_ids.to_list()
    probs = posterior.probs
    worth = -np.abs(probs[:, 0] - 0.5) if probs.shape[1] == 2 else PLAIN[name](probs)
    rows = np.flatnonzero(worth >= np.partition(worth, -SIZE)[-SIZE])
    ids = posterior.item_ids[rows].to_list()
    best = sorted(zip(-worth[rows], (draw(each) for each in ids), ids, strict=True))
    return len(set(picked) & {each[2] for each in best[:SIZE]}) / SIZE


def draw(item_id: str) -> bytes:
    """By what equal scores are drawn, of seed 0."""
    return blake2b(f"0:{item_id}".encode(), digest_size=16).digest()


def memory(posterior: wl.Posterior) -> None:
    """What picking takes beside the pool."""
    wl.pick(posterior, 1)  # what is loaded late is loaded
    for name in PLAIN:
        cost.forget_peak()
        before = cost.resident_mib()
        wl.pick(posterior, SIZE, name)
        print(f"  {name:17}{cost.peak_mib() - before:6.1f} MiB beside the pool")


def growth(sizes: list[int]) -> None:
    """In memory and from a file of the same items."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            posterior, path = beliefs(n, 2), Path(folder, "pool.parquet")
            posterior.save(path)
            for name in PLAIN:
                ways = {
                    f"pick, {name}": lambda name=name, posterior=posterior: wl.pick(posterior, SIZE, name),
                    f"pick_file, {name}": lambda name=name, path=path: wl.pick_file(path, SIZE, name),
                }
                for way, run in ways.items():
                    run()
                    times.setdefault(way, []).append(float(np.median([seconds(run) for _ in range(5)])))
    for way, took in times.items():
        said = "  ".join(f"{n:.0e}: {one:.4f}" for n, one in zip(sizes, took, strict=True))
        print(f"  {way:28}{said}  exponent {exponent(sizes, took):.2f}")


def main() -> None:
    """Print the tables."""
    if any(os.environ.get(name) != "1" for name in THREADS):  # they are read when numpy and polars are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(THREADS, "1"))
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--n", type=int, default=10**7, help="rows of two classes; a tenth as many of ten")
    n = asked.parse_args().n
    for rows, k in ((n, 2), (n // 10, 10)):
        posterior = beliefs(rows, k)
        memory(posterior)
        side_by_side(posterior)
    print("CPU seconds by n, two classes")
    growth([n // 100, n // 10, n])


if __name__ == "__main__":
    main()
