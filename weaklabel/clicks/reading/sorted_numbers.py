"""Numbers 0, 1, 2, ... for keys that come sorted, many at a time: a sorted list of them, and no table of hashes."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
BLOCK = 2**16  # keys at a time: what is worked out of them fits into the caches of a core


class SortedNumbers:
    """A number for each different key.

    Attributes
    ----------
    keys
        Those met, sorted.
    numbers
        The number of each, shape as of keys: in the order in which they came.
    """

    def __init__(self) -> None:
        self.keys: Ints = np.zeros(0, np.int64)
        self.numbers: Ints = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Ints) -> Ints:
        """The numbers of keys that are sorted and all different, shape (n,)."""
        n = len(self)
        if not n:
            self.keys, self.numbers = keys.copy(), np.arange(len(keys))
            return self.numbers
        number, new, at = self._find(keys)
        if len(new):
            number[new] = np.arange(n, n + len(new))
            self.keys = np.insert(self.keys, at, keys[new])
            self.numbers = np.insert(self.numbers, at, number[new])
        return number

    def _find(self, keys: Ints) -> tuple[Ints, Ints, Ints]:
        """The number of each key, which of them have none yet, and where those belong among the sorted."""
        number = np.empty(len(keys), np.int64)
        new: list[Ints] = [keys[:0]]
        places: list[Ints] = [keys[:0]]
        for start in range(0, len(keys), BLOCK):
            some = keys[start : start + BLOCK]
            at = np.searchsorted(self.keys, some)  # quick, as each search begins where the last one ended
            found = np.minimum(at, len(self) - 1)
            number[start : start + BLOCK] = self.numbers.take(found)
            unknown = np.flatnonzero(self.keys.take(found) != some)
            new.append(unknown + start)
            places.append(at[unknown])
        return number, np.concatenate(new), np.concatenate(places)
