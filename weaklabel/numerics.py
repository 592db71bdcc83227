"""Small numerical pieces that more than one flow needs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 1 << 14  # rows: a block of ten classes stays in the cache


def normalise_log(log_p: Floats) -> Floats:
    """Rows of unnormalised log-probabilities, shape (n, k), as probabilities that sum to 1; never overflows."""
    p = np.exp(log_p - row_max(log_p)[:, None])
    return np.asarray(p / row_sum(p)[:, None])


def log_sum_exp(rows: Floats) -> Floats:
    """The log of the sum of the exponentials of each row, shape (n,); never overflows."""
    largest = row_max(rows)
    return np.asarray(largest + np.log(row_sum(np.exp(rows - largest[:, None]))))


def row_max(rows: Floats) -> Floats:
    """The largest number of each row, shape (n,); column by column, as numpy's own is slow on many short rows."""
    largest = rows[:, 0].copy()
    for column in rows.T[1:]:
        np.maximum(largest, column, out=largest)
    return largest


def row_sum(rows: Floats) -> Floats:
    """The sum of each row, shape (n,); as a product with ones, as numpy's own is slow on many short rows."""
    return rows @ np.ones(rows.shape[1])


def entropy(probs: Floats) -> Floats:
    """Shannon entropy of each row in nats, shape (n,); 0 log 0 is 0."""
    logs = np.log(probs, out=np.zeros_like(probs), where=probs > 0)
    return np.asarray(-(probs * logs).sum(axis=1))


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
