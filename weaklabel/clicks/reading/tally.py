"""The counts of a stream of impressions: one row of numbers for each cell, a column for each bucket of sessions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.count_columns import BUCKETS, BY_BUCKET, COUNTS
from weaklabel.clicks.reading.cell_numbers import CellNumbers, Ints
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.errors import ClickLogError

HALF = 2**15  # rows counted at once in 16 bits: a number below it cannot overflow by them
AT_ONCE = 1_000_000  # cells written out at once: 40 MB, which go back to the system


class Numbers:
    """One kind of count, by cell, and by cell and bucket: in 16 bits as long as those hold it, as there are 20 each."""

    def __init__(self, split: bool) -> None:
        self.total = 0
        self.whole: Ints = np.zeros(0, np.int64)
        self.split: NDArray[np.integer] = np.zeros((0, BUCKETS if split else 0), np.uint16)

    def make_room(self, cells: int) -> None:
        """For so many cells; memory costs nothing until it is written to."""
        if cells > len(self.whole):
            size = max(cells, 4 * len(self.whole))
            self.whole, self.split = _longer(self.whole, size), _longer(self.split, size)

    def add_ones(self, cells: Ints, places: Ints | None) -> None:
        """One more in each cell, and at its place, which is the cell and its bucket."""
        self.total += len(cells)
        np.add.at(self.whole, cells, 1)
        for start in range(0, 0 if places is None else len(places), HALF):
            some, flat = places[start : start + HALF], self.split.reshape(-1)  # type: ignore[index]  # it is not None
            np.add.at(flat, some, flat.dtype.type(1))
            if flat.dtype == np.uint16 and flat[some].max() >= HALF:
                self.split = self.split.astype(np.uint32)

    def add(self, cells: Ints, places: Ints | None, numbers: Ints) -> None:
        """So many more in each cell, and at its place."""
        self.total += int(numbers.sum())
        np.add.at(self.whole, cells, numbers)
        if places is not None:
            self.split = self.split.astype(np.int64, copy=False)
            np.add.at(self.split.reshape(-1), places, numbers)

    def columns(self, order: Ints, name: str, by_bucket: str) -> list[pl.Series]:
        """The numbers of the cells in this order, over all buckets and, where there are any, by bucket; they go out.

        Raises
        ------
        ClickLogError
            One of a bucket grew beyond 32 bits.
        """
        whole = pl.Series(name, self.whole[order])
        if not self.split.shape[1]:
            return [whole]
        if self.split.max() >= 2**32:
            raise ClickLogError(f"{by_bucket} of a cell are over four billion: count the log without its session_id")
        starts = range(0, len(order), AT_ONCE)
        blocks = [self.split.take(order[start : start + AT_ONCE], axis=0) for start in starts]
        self.split = self.split[:0].copy()
        split = np.empty((len(order), BUCKETS), self.split.dtype if self.split.itemsize <= 4 else np.uint32)
        for start in starts:  # block by block, each let go of, as memory would hold all numbers twice
            split[start : start + AT_ONCE] = blocks.pop(0)
        return [whole, pl.Series(by_bucket, split)]


def _longer(numbers: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.zeros((size, *numbers.shape[1:]), numbers.dtype)
    longer[: len(numbers)] = numbers
    return longer


class Tally:
    """What the batches of a log add up to.

    Parameters
    ----------
    by
        The columns of a cell, position last.
    split
        Whether there are sessions, to count by bucket.
    """

    def __init__(self, by: Sequence[str], split: bool) -> None:
        self.by, self._split = list(by), split
        self.impressions, self.clicks = Numbers(split), Numbers(split)
        self._cells = CellNumbers()
        self._keys: list[pl.DataFrame] = []

    def add(self, hashes: RowHashes) -> None:
        """Take in checked rows that have the columns of a cell, all but the position text."""
        rows = hashes.frame
        cell, new = self._cells.of(hashes, self.by)
        if len(new):
            self._keys.append(rows.select(self.by)[new])
        place = cell * BUCKETS + _buckets(hashes) if self._split else None
        for numbers in (self.impressions, self.clicks):
            numbers.make_room(self._cells.n)
        if "click" in rows.columns:
            clicked = np.flatnonzero(rows["click"].to_numpy())
            self.impressions.add_ones(cell, place)
            self.clicks.add_ones(cell[clicked], None if place is None else place[clicked])
        else:
            self.impressions.add(cell, place, rows["impressions"].to_numpy())
            self.clicks.add(cell, place, rows["clicks"].to_numpy())

    def to_frame(self) -> pl.DataFrame:
        """The cells, sorted, with their counts. The tally is empty then, as memory might not hold both.

        Raises
        ------
        ClickLogError
            A number grew beyond 32 bits.
        """
        keys = pl.concat(self._keys, rechunk=True)
        self._keys, self._cells = [], CellNumbers()
        order = _order(keys, self.by)
        keys = keys[order]
        sums, splits = [], []
        for name, by_bucket in zip(COUNTS, BY_BUCKET, strict=True):
            whole, *split = vars(self).pop(name).columns(order, name, by_bucket)
            sums.append(whole)
            splits += split
        return keys.with_columns(*sums, *splits)


def _buckets(rows: RowHashes) -> Ints:
    """The bucket of each session, 0..19, by its hash."""
    buckets: Ints = (rows.column("session_id") % np.uint64(BUCKETS)).astype(np.int64)
    return buckets


def _order(keys: pl.DataFrame, by: Sequence[str]) -> Ints:
    """The rows in sorted order: by the ranks of their texts, which are few, packed into one number."""
    packed: Ints = np.zeros(len(keys), np.int64)
    size = 1
    for name in by:
        rank, n = _ranks(keys[name])
        if size * n >= 2**62:
            packed, size = _ranks(pl.Series(packed))
        packed, size = packed * n + rank, size * n
    return np.argsort(packed)


def _ranks(values: pl.Series) -> tuple[Ints, int]:
    """The rank of each value among the different ones, 0.., and how many these are."""
    different = values.unique().sort()
    if values.dtype == pl.String:
        ranks = values.cast(pl.Enum(different)).to_physical().cast(pl.Int64).to_numpy()
    else:
        ranks = np.searchsorted(different.to_numpy(), values.to_numpy())
    return ranks, len(different)
