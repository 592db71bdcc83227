"""One kind of count of many cells: dense arrays, by cell and, where there are sessions, by cell and bucket."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.count_columns import BUCKETS
from weaklabel.clicks.reading.keys import BLOCK, Counts, Ints
from weaklabel.errors import ClickLogError

AT_ONCE = 1_000_000  # cells at once, by bucket: 40 MB, which go back to the system
WIDTHS = (np.uint16, np.uint32, np.int64)  # of a number of a bucket: as there are 20 a cell, they begin narrow


class Numbers:
    """So many in each cell, and in each bucket of it."""

    def __init__(self, split: bool) -> None:
        self.total = 0
        self.whole: Ints = np.zeros(0, np.int64)
        self.split: NDArray[np.integer] = np.zeros((0, BUCKETS if split else 0), np.uint16)

    def make_room(self, cells: int) -> None:
        """For so many cells; memory costs nothing until it is written to."""
        if cells > len(self.whole):
            size = max(cells, 2 * len(self.whole))
            self.whole, self.split = _longer(self.whole, size), _longer(self.split, size)

    def add(self, cells: Ints, numbers: Ints | Counts) -> None:
        """So many more in these cells, none of which comes twice."""
        self.total += int(numbers.sum())
        for start in range(0, len(cells), BLOCK):
            self.whole[cells[start : start + BLOCK]] += numbers[start : start + BLOCK]

    def add_split(self, places: Ints, numbers: Ints | Counts) -> None:
        """So many more at these places, 20 to a cell, none of which comes twice."""
        for start in range(0, len(places), BLOCK):
            some = places[start : start + BLOCK]
            sums = self.split.reshape(-1)[some] + numbers[start : start + BLOCK]
            self._widen(int(sums.max(initial=0)))
            self.split.reshape(-1)[some] = sums

    def add_all(self, cells: Ints, other: "Numbers", theirs: Ints) -> None:
        """Those of other cells more, each in one of these: `theirs` says which of the other's each gets."""
        self.add(cells, other.whole[theirs])
        for start in range(0, len(cells) if self.split.shape[1] else 0, AT_ONCE):
            mine, its = cells[start : start + AT_ONCE], theirs[start : start + AT_ONCE]
            sums = self.split[mine].astype(np.int64) + other.split[its]
            self._widen(int(sums.max(initial=0)))
            self.split[mine] = sums

    def _widen(self, most: int) -> None:
        """See that numbers up to this fit."""
        if most > np.iinfo(self.split.dtype).max:
            self.split = self.split.astype(next(width for width in WIDTHS if most <= np.iinfo(width).max))

    def cut(self, cells: int) -> None:
        """Let go of the room that there is for more cells than these."""
        self.whole, self.split = self.whole[:cells].copy(), self.split[:cells].copy()

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
        if self.split.max(initial=0) >= 2**32:
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
