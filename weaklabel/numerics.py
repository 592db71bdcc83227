"""Small numerical pieces that more than one flow needs."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


def top_two(probs: Floats) -> tuple[Floats, Floats]:
    """The largest and the second largest probability of each row, each of shape (n,)."""
    ranked = np.partition(probs, -2, axis=1)
    return ranked[:, -1], ranked[:, -2]
