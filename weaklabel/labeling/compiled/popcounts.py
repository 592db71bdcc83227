"""How many bits each two rows of words share: one pass per pair, AND and population count fused."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.labeling.compiled.choice import compiled


def popcounts(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The counts on and above the diagonal, shape (rows, rows); 0 below."""
    shared = np.zeros((len(bits), len(bits)), np.int64)
    compiled(_count)(bits, shared)
    return shared


def _count(bits: NDArray[np.uint64], shared: NDArray[np.int64]) -> None:
    pairs, nibbles, bytes_ = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
    ones, one, two, four, last = np.uint64(0x0101010101010101), np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
    rows, words = bits.shape
    for i in range(rows):
        for j in range(i, rows):
            total = np.uint64(0)
            for w in range(words):
                # The compiler knows these four lines and makes one instruction of them, for several words at once.
                x = bits[i, w] & bits[j, w]
                x = x - ((x >> one) & pairs)
                x = (x & nibbles) + ((x >> two) & nibbles)
                total += (((x + (x >> four)) & bytes_) * ones) >> last
            shared[i, j] = np.int64(total)
