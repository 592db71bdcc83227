"""What an item can score at most by its most probable class alone: most of a large pool need not be scored.

A strategy may say so by its `ceiling`. Finding the highest of each row costs a fifth of an entropy, and once there are
enough good items, all but one in a thousand or so are passed by.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from weaklabel.review.picking.pool import Rows

# From the highest probability of a row, what the others sum to, and k: no such row scores more. Falls with the highest.
Ceiling = Callable[[float, float, int], float]

SLACK = 1e-12  # of a score, and of how it bends: more than rounding does
HALVINGS = 32  # to one part in 4e9
VALUES = 1 << 16  # probabilities at a time: half a MiB of them, which stays in the cache

S = TypeVar("S", bound=Callable[..., Any])


def capped_by(ceiling: Ceiling) -> Callable[[S], S]:
    """A strategy that is a plain function, with its ceiling."""

    def with_ceiling(strategy: S) -> S:
        strategy.ceiling = ceiling  # type: ignore[attr-defined]
        return strategy

    return with_ceiling


def reachable(probs: NDArray[Any], ceiling: Ceiling, floor: float, rounding: float) -> Rows | None:
    """Rows of (n, k) probabilities that may score `floor` or more, and few that do not; None where all may.

    `rounding` is how far from 1 a row may sum to.
    """
    k = probs.shape[1]
    highest = _highest(ceiling, floor, k, rounding) if k > 1 and floor > -np.inf else 1
    if highest >= 1:
        return None
    kind = np.result_type(probs.dtype, np.float16).type
    limit = np.nextafter(kind(highest), kind(1))  # upwards, so that none is lost to rounding
    return _low(probs, limit, max(1, VALUES // k))


def _low(probs: NDArray[Any], limit: Any, size: int) -> Rows:
    """The rows whose highest is not above the limit, so many rows at a time."""
    found = [np.empty(0, np.intp)]
    for start in range(0, len(probs), size):
        columns = probs[start : start + size].T
        best = np.maximum(columns[0], columns[1])
        for column in columns[2:]:
            np.maximum(best, column, out=best)
        found.append((best <= limit).nonzero()[0] + start)
    return np.concatenate(found)


def _highest(ceiling: Ceiling, floor: float, k: int, rounding: float) -> float:
    """The highest probability with which a row may still score `floor`; 1 if all may."""
    # Between the two ends of what the others may sum to a ceiling bends by less than the square of their distance.
    enough = floor - SLACK - 10 * rounding**2

    def may(best: float) -> bool:
        low, high = max(1 - best - rounding, 0), 1 - best + rounding
        return max(ceiling(best, low, k), ceiling(best, high, k)) >= enough

    low, high = 1 / k, 1.0
    if may(high):
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if may(middle) else (low, middle)
    return high
