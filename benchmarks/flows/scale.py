"""One job on every backend: 19 rules on 20 parts of a table, from Parquet to Parquet, and the co-votes of all.

CPU seconds are those of all processes together, memory that of the largest one. Before the clock runs, the workers have
started and done a small job; what that takes stands in a table of its own. Whether two workers end sooner than one can
only be seen where two cores are idle: look at the load above the first table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apply_workload as workload
import numpy as np
import polars as pl
from growth import Growth
from side_by_side import FEW, Contest, Way, same_arrays

import weaklabel as wl

PARTS = 20
TEXTS = 10**6  # different ones
BACKENDS = (("threads", 2), ("loky", 1), ("loky", 2), ("dask", 1), ("dask", 2))


@dataclass(frozen=True)
class Jobs:
    """The job, and a small one before it: folders of parts."""

    small: Path
    whole: Path


def contests(full: bool) -> Iterator[Contest]:
    """The job, and what starting takes."""
    n = 5 * 10**6 if full else 10**5
    ways = {"sequential": Way(whole)}
    starts = {"sequential": Way(partial(start_to_end, "sequential", 1))}
    for name, n_jobs in BACKENDS:
        needs = "distributed" if name == "dask" else None
        called = f"{name}, {n_jobs} worker{'s' * (n_jobs > 1)}"
        ways[called] = Way(whole, needs=needs, around=partial(started, name, n_jobs))
        starts[called] = Way(partial(start_to_end, name, n_jobs), needs=needs)
    yield Contest(f"19 rules on {n:,} texts in {PARTS} parts", ways, jobs, n, write, same_arrays, memory=full)
    yield Contest(f"start, {FEW:,} texts, end", starts, jobs, FEW, write, same_arrays, memory=False)


def growths(_: bool) -> Iterator[Growth]:
    """None: the other flows show how kernels grow."""
    yield from ()


def write(n: int, folder: Path) -> None:
    """N texts in parts; past a million, the same again under other ids."""
    place = folder / "parts"
    if place.exists():
        return
    place.mkdir()
    texts, size = workload.table(min(n, TEXTS)), n // PARTS
    for i in range(PARTS):
        part = texts[i * size % TEXTS :][:size]
        ids = pl.Series("id", range(i * size, (i + 1) * size)).cast(pl.String)
        part.with_columns(ids).write_parquet(place / f"part-{i:03}.parquet")


def jobs(_: int, folder: Path) -> Jobs:
    """What was written."""
    return Jobs(folder.with_name(str(FEW)) / "parts", folder / "parts")


@contextmanager
def on(backend: str, n_jobs: int) -> Iterator[None]:
    """The backend, whose workers end with the block; joblib would keep its processes for five minutes more."""
    with wl.run_on(backend, n_jobs):
        yield
    if backend == "loky":
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown()


@contextmanager
def started(backend: str, n_jobs: int, prepared: Jobs) -> Iterator[None]:
    """Workers that have done a small job."""
    with on(backend, n_jobs):
        done(prepared.small)
        yield


def whole(prepared: Jobs) -> np.ndarray:
    """The job on the backend that was set."""
    return done(prepared.whole)


def start_to_end(backend: str, n_jobs: int, prepared: Jobs) -> np.ndarray:
    """The small job, its workers' start and end included."""
    with on(backend, n_jobs):
        return done(prepared.small)


def done(folder: Path) -> np.ndarray:
    """Votes of each part into a file, and the co-votes of all."""
    with TemporaryDirectory(dir=folder.parent) as out:
        wl.apply_file(rules(), folder, out, workload.CLASSES)
        return wl.count_votes(out).covotes


@cache
def rules() -> list[Any]:
    """Made once in each process."""
    return workload.declarative()
