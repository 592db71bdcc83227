"""Rows that come batch by batch, and never lie in memory as a whole: of lazy frames, and of files of Parquet."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import polars as pl

AHEAD = 2_000_000  # rows of a file of Parquet that may be in memory, as polars reads on while they are counted

Frames = Iterator[pl.DataFrame]
Pick = Callable[[Sequence[str]], list[str]]  # from the columns that are there to those that are wanted


def of_lazy(scan: Callable[[], pl.LazyFrame], pick: Pick, size: int) -> Frames:
    """The rows in frames of about so many, with the columns picked; one frame at least, if only for its columns."""
    rows = scan()
    there = rows.collect_schema().names()
    rows = rows.select(pick(there) or there)
    batches = rows.collect_batches(chunk_size=size, maintain_order=True)
    first = next(batches, None)
    return chain([first if first is not None else rows.head(0).collect()], batches)


def of_parquet(path: Path, first: int, n: int, pick: Pick, size: int) -> Frames:
    """The same for n rows of a file; no more of them are in memory than are read ahead."""
    for start in range(first, first + max(n, 1), AHEAD):
        yield from of_lazy(partial(_some_rows, path, start, min(AHEAD, first + n - start)), pick, size)


def _some_rows(path: Path, first: int, n: int) -> pl.LazyFrame:
    return pl.scan_parquet(path).slice(first, n)
