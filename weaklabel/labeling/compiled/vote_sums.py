"""Sums of what each vote adds: several functions' votes at once, by tables of all that they can say together."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from weaklabel.labeling.compiled.choice import compiled

CODES = 256  # a table's entries: what a few functions can say together
WORDS = {1: "<u1", 2: "<u2", 4: "<u4"}  # so many votes as one number, the first in its lowest byte

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VoteSums:
    """Adds up the weights of the votes on each item.

    Parameters
    ----------
    weights
        Shape (m, k, c): [j, v] is what a vote v of function j adds to each of c sums.
    """

    weights: Floats
    _size: int = field(init=False)  # functions that share a table
    _tables: Floats = field(init=False)  # shape (c, tables, codes)

    def __post_init__(self) -> None:
        k = self.weights.shape[1]
        object.__setattr__(self, "_size", next(size for size in (4, 2, 1) if (k + 1) ** size <= CODES or size == 1))
        object.__setattr__(self, "_tables", _tables(self.weights, self._size))

    def __call__(self, votes: NDArray[np.int8]) -> Floats:
        """The sums for each row of votes, shape (n, m) -> (c, n); 0 where all abstain.

        Sums of the same numbers in another order: the same bits as any other way where no sum is rounded.
        """
        n, m = votes.shape
        said = np.zeros((n, self._tables.shape[1] * self._size), np.uint8)
        np.add(votes, 1, out=said[:, :m], casting="unsafe")
        words = said.view(WORDS[self._size]).astype(f"u{self._size}", copy=False)
        sums = np.empty((len(self._tables), n))
        base = self.weights.shape[1] + 1
        # The product's byte `size - 1` is the votes as one number with that base; what is below never carries into it.
        factor = sum(base**place << 8 * place for place in range(self._size))
        compiled(_add)(words, np.uint64(factor), np.uint64(8 * (self._size - 1)), self._tables, sums)
        return sums


def _tables(weights: Floats, size: int) -> Floats:
    """What `size` functions add together, for all that they can say, shape (c, tables, codes); first varies slowest."""
    m, k, c = weights.shape
    count = max(-(-m // size), 1)
    by_function = np.zeros((count * size, k + 1, c))
    by_function[:m, 1:] = weights
    together = by_function[::size]
    for place in range(1, size):
        together = (together[:, :, None] + by_function[place::size, None]).reshape(count, -1, c)
    return np.ascontiguousarray(together.transpose(2, 0, 1))


def _add(words: NDArray[np.unsignedinteger], factor: np.uint64, shift: np.uint64, tables: Floats, sums: Floats) -> None:
    n, count = words.shape
    codes = np.empty(count, np.uint64)
    for i in range(n):
        for g in range(count):
            codes[g] = ((np.uint64(words[i, g]) * factor) >> shift) & np.uint64(255)
        for y in range(len(tables)):
            total = 0.0
            for g in range(count):
                total += tables[y, g, codes[g]]
            sums[y, i] = total
