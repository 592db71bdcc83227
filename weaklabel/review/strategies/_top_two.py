"""The two highest probabilities of each item, block by block and column by column."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats

BLOCK = 1 << 14  # rows: a block of ten classes stays in the cache


def top_two(probs: NDArray[Any]) -> tuple[Floats, Floats]:
    """The highest and the second highest of each row, shapes (n, k) -> (n,), (n,).

    They are float64 whatever the probabilities are: 1 - (p1 - p2) of float32 numbers is exact in float64, but rounds
    to a seventh of a millionth in float32, and among ten million items that is more ties than a batch has room for.
    """
    best, second = np.empty(len(probs)), np.empty(len(probs))
    for start in range(0, len(probs), BLOCK):
        rows = slice(start, start + BLOCK)
        best[rows], second[rows] = _of_columns(np.ascontiguousarray(probs[rows].T))
    return best, second


def _of_columns(columns: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    best, second = np.maximum(columns[0], columns[1]), np.minimum(columns[0], columns[1])
    for column in columns[2:]:
        np.maximum(second, np.minimum(best, column), out=second)
        np.maximum(best, column, out=best)
    return best, second
