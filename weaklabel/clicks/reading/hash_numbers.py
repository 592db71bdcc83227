"""Numbers 0, 1, 2, ... for 64-bit hashes that come again and again: mostly one look into a table for each."""

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]
BLOCK = 2**15  # hashes at a time: what is worked out of them fits into the caches of a core
FIRST = 2**12  # places of the table, always a power of two
SPARE, SPARE_OF_MANY, MANY = 4, 2, 2**20  # times as many places as numbers, and where there are many of those
TURN, ADDED = (np.uint64(13), np.uint64(51)), np.uint64(0x9E3779B97F4A7C15)


class HashNumbers:
    """A number for each different hash.

    A table of numbers that are xored with their hashes; the low bits of a hash are its place. Xored with what stands
    there, a hash comes to its number, and any other of the same place, as it differs above, to more than any number.
    Whose place is taken stands at that of its bits turned round, or turned once more.
    """

    def __init__(self) -> None:
        self._hashes: list[Hashes] = []
        self._n = 0
        self._clear(FIRST)

    def __len__(self) -> int:
        return self._n

    def of(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """The number of each hash, shape (n,), and which are the first of their kind, in the order of numbers."""
        numbers, unknown = self._find(hashes)
        if not len(unknown):
            return numbers, unknown
        new, first, index = np.unique(hashes[unknown], return_index=True, return_inverse=True)
        numbers[unknown] = self._n + index
        self._hashes.append(new)
        self._n += len(new)
        if self._n * (SPARE if self._n < MANY else SPARE_OF_MANY) > len(self._table):
            self._make_room()
        else:
            self._put(new, np.arange(self._n - len(new), self._n, dtype=np.uint64))
        return numbers, unknown[first]

    def _clear(self, size: int) -> None:
        self._last = np.uint64(size - 1)
        self._table: Hashes = np.arange(size, dtype=np.uint64)
        self._table ^= self._last  # free: a hash of this place comes to this number, or one that ends in it

    def _find(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """The number of each hash that has one, and which have none, sorted."""
        numbers = self._look(hashes)
        lost = np.flatnonzero(numbers >= self._last)
        unknown = [lost[:0]]
        hashes = hashes[lost]
        while len(lost):
            free = numbers[lost] & self._last == self._last
            unknown.append(lost[free])
            lost, hashes = lost[~free], _turned(hashes[~free])
            numbers[lost] = found = self._look(hashes)
            lost, hashes = lost[found >= self._last], hashes[found >= self._last]
        return numbers.view(np.int64), np.sort(np.concatenate(unknown))

    def _look(self, hashes: Hashes) -> Hashes:
        found = np.empty_like(hashes)
        for start in range(0, len(hashes), BLOCK):
            some = hashes[start : start + BLOCK]
            np.bitwise_xor(self._table.take(self._places(some)), some, out=found[start : start + BLOCK])
        return found

    def _places(self, hashes: Hashes) -> Ints:
        places: Ints = (hashes & self._last).view(np.int64)
        return places

    def _put(self, hashes: Hashes, numbers: Hashes) -> None:
        """Write hashes into the table, each to the first of its places that is free."""
        while len(hashes):
            at, entries = self._places(hashes), hashes ^ numbers
            free = self._table[at] == at.view(np.uint64) ^ self._last
            self._table[at[free]] = entries[free]  # of several that want it, the last one written holds the place
            lost = self._table[at] != entries
            hashes, numbers = _turned(hashes[lost]), numbers[lost]

    def _make_room(self) -> None:
        """A table that is at most half full when it gets larger again."""
        self._hashes = [np.concatenate(self._hashes)]
        self._clear(2 << int(SPARE_OF_MANY * self._n).bit_length())
        self._put(self._hashes[0], np.arange(self._n, dtype=np.uint64))


def _turned(hashes: Hashes) -> Hashes:
    """Other hashes, one for each: bits that told nothing yet become the low ones."""
    turned: Hashes = (hashes << TURN[0] | hashes >> TURN[1]) + ADDED
    return turned
