"""Intervals of estimates from click counts: leave out each group of sessions, or trust clusters of queries."""

from collections.abc import Callable

import numpy as np

from weaklabel.clicks.cells import Cells
from weaklabel.errors import WeaklabelError
from weaklabel.numerics import Floats


def jackknife(cells: Cells, refit: Callable[[Cells], Floats]) -> Floats:
    """The estimate without each bucket of sessions, shape (B, ...).

    A bucket whose absence leaves nothing to estimate from counts as what the whole says, and is rare.
    """
    whole = refit(cells)
    return np.stack([_without(cells, b, refit, whole) for b in range(cells.buckets)])


def _without(cells: Cells, b: int, refit: Callable[[Cells], Floats], whole: Floats) -> Floats:
    try:
        return refit(cells.without(b))
    except (WeaklabelError, np.linalg.LinAlgError):
        return whole


def covariance(replicates: Floats) -> Floats:
    """Covariance of the whole's estimate from those that leave a group out, shape (p, p).

    Source: delete-a-group jackknife, Kott, Journal of Official Statistics 2001.
    """
    B = len(replicates)
    gap = replicates - replicates.mean(axis=0)
    return np.asarray((B - 1) / B * gap.T @ gap)


def standard_error(replicates: Floats) -> Floats:
    """The root of the jackknife's variance, of the shape of one replicate."""
    B = len(replicates)
    return np.asarray(np.sqrt((B - 1) / B * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)))


def half_width(level: float, groups: int | None = None) -> float:
    """Standard errors on each side of an interval: Student's t with groups - 1 degrees of freedom, or normal."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    return float(ndtri(tail) if groups is None else stdtrit(groups - 1, tail))
