"""Numbers 0, 1, 2, ... for what is met again and again in a stream, in the order of its first coming."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from weaklabel.clicks.reading.hashing import Hashes, RowHashes

Ints = NDArray[np.int64]
FREE = -1


class CellNumbers:
    """A number for each different row, by two hashes of 64 bits: a table with open addressing, filled array-wise.

    Texts are not compared: two rows would be taken for one if they differed in one column alone and there in texts of
    the same 64-bit hash, as one pair in 1e19 does.
    """

    def __init__(self) -> None:
        self.n = 0
        self._keys: Hashes = np.zeros((0, 2), np.uint64)
        self._table = np.full(1, FREE, np.int32)

    def of(self, rows: RowHashes, columns: Sequence[str]) -> tuple[Ints, Ints]:
        """The number of each row, shape (n,), and which rows are the first of their kind, in the order of numbers.

        Rows are of one kind if they are equal in the columns.
        """
        keys = np.stack([rows.of(*columns, mix=mix) for mix in range(2)], axis=1)
        self._make_room(len(keys))
        number = np.empty(len(keys), np.int64)
        waiting: Ints = np.arange(len(keys))
        new: list[Ints] = [np.zeros(0, np.int64)]
        at: Ints = self._first_place(keys[:, 0])
        while len(waiting):
            cell = self._table.take(at)
            free = np.flatnonzero(cell == FREE)
            if len(free):
                new.append(waiting[free[self._admit(at[free], keys, free)]])
                cell[free] = self._table[at[free]]
            number[waiting] = cell
            known = self._keys.take(cell, axis=0)  # take is several times faster here than []
            other = np.flatnonzero((known[:, 0] != keys[:, 0]) | (known[:, 1] != keys[:, 1]))
            waiting, keys = waiting.take(other), keys.take(other, axis=0)
            at = (at.take(other) + 1) & (len(self._table) - 1)
        return number, np.concatenate(new)

    def _first_place(self, hashes: Hashes) -> Ints:
        places: Ints = (hashes & np.uint64(len(self._table) - 1)).astype(np.int64)
        return places

    def _admit(self, at: Ints, keys: Hashes, rows: Ints) -> Ints:
        """Give a number to one of the rows that want the same free place, and tell which; the others find it taken."""
        self._table[at] = np.arange(len(at), dtype=np.int32)  # the last one written holds the place
        admitted = np.flatnonzero(self._table[at] == np.arange(len(at)))
        numbers = np.arange(self.n, self.n + len(admitted))
        self._keys[numbers[0] : numbers[-1] + 1] = keys.take(rows[admitted], axis=0)
        self._table[at[admitted]] = numbers
        self.n += len(admitted)
        return admitted

    def _make_room(self, more: int) -> None:
        """Room for so many new ones; the table stays at most half full."""
        needed = self.n + more
        if needed > len(self._keys):
            larger = np.zeros((max(needed, 2 * self.n), 2), np.uint64)
            larger[: self.n] = self._keys[: self.n]
            self._keys = larger
        if 2 * needed > len(self._table):
            self._table = np.full(2 << int(2 * needed).bit_length(), FREE, np.int32)
            self._refill()

    def _refill(self) -> None:
        cells = np.arange(self.n, dtype=np.int32)
        at = self._first_place(self._keys[: self.n, 0])
        while len(cells):
            free = self._table[at] == FREE
            self._table[at[free]] = cells[free]
            placed = self._table[at] == cells
            cells, at = cells[~placed], (at[~placed] + 1) & (len(self._table) - 1)
