"""Small numerical pieces that more than one flow needs."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def normalise_log(log_p: Floats) -> Floats:
    """Rows of unnormalised log-probabilities, shape (n, k), as probabilities that sum to 1; never overflows."""
    shifted = log_p - log_p.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def entropy(probs: Floats) -> Floats:
    """Shannon entropy of each row in nats, shape (n,); 0 log 0 is 0."""
    logs = np.log(probs, out=np.zeros_like(probs), where=probs > 0)
    return np.asarray(-(probs * logs).sum(axis=1))


def top_two(probs: Floats) -> tuple[Floats, Floats]:
    """The largest and the second largest probability of each row, each of shape (n,)."""
    ranked = np.partition(probs, -2, axis=1)
    return ranked[:, -1], ranked[:, -2]
