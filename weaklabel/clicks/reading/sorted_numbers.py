"""Numbers 0, 1, 2, ... for keys that come sorted, many at a time: a sorted list of them, and no table of hashes."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


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
        at = np.searchsorted(self.keys, keys)  # quick, as each search begins where the last one ended
        found = np.minimum(at, n - 1)
        number = self.numbers.take(found)
        new = np.flatnonzero(self.keys.take(found) != keys)
        if len(new):
            number[new] = np.arange(n, n + len(new))
            self.keys = np.insert(self.keys, at[new], keys[new])
            self.numbers = np.insert(self.numbers, at[new], number[new])
        return number
