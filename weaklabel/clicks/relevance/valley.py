"""Where relevant begins: in the valley that parts the documents best into two groups, if there is one."""

import numpy as np

from weaklabel.clicks.cells import Mask
from weaklabel.errors import NotIdentifiedError
from weaklabel.numerics import Floats

STEP = 0.05  # of log relevance
SMOOTH = 0.125  # standard deviation of the kernel, in log relevance
DEPTH = 0.5  # of the valley, relative to the lower of the two peaks beside it
SMALLEST = 0.05  # share of the documents on either side
APART = 2.0  # variance between the two groups relative to that within; the wrong splits that were seen had 1.6 at most


def edges(lowest: float, highest: float) -> Floats:
    """Edges of even steps in log relevance around two relevances."""
    steps = int(np.ceil(np.log(highest / lowest) / STEP)) + 2
    return np.asarray(lowest * np.exp(STEP * (np.arange(steps + 1) - 1)), dtype=np.float64)


def best(edges: Floats, shares: Floats) -> float:
    """The relevance at the bottom of the valley between two groups of documents, each more alike than both together.

    Parameters
    ----------
    edges
        Shape (J + 1,), rising in even steps of the logarithm.
    shares
        Shape (J,): of the documents between neighbouring edges.

    Raises
    ------
    NotIdentifiedError
        No valley parts the documents well.

    Source: the ratio of variances: Fisher, The Use of Multiple Measurements in Taxonomic Problems, Annals of Eugenics
    1936.
    """
    x = np.log(edges[:-1]) + STEP / 2
    found = [(_apart(x, shares, at), at) for at in _bottoms(x, shares)]
    apart, at = max(found, default=(0.0, 0.0))
    if apart < APART:
        middle = np.exp(x[np.searchsorted(np.cumsum(shares), shares.sum() / 2)])
        raise NotIdentifiedError(
            "the relevance of these documents does not fall into two groups, so clicks do not say where relevant "
            f"begins: say it with threshold= (--threshold); half of the documents lie above {middle:.2g}"
        )
    return float(np.exp(at))


def _bottoms(x: Floats, shares: Floats) -> list[float]:
    """The log relevance at the bottom of each valley."""
    density, below = _smooth(shares), np.cumsum(shares)
    left, right = np.maximum.accumulate(density), np.maximum.accumulate(density[::-1])[::-1]
    peak = np.minimum(left, right)
    deep = (density < DEPTH * peak) & (below > SMALLEST) & (below < below[-1] - SMALLEST)
    # A bottom without documents is wide: its middle is as far from either side.
    return [float(x[run][density[run] <= density[run].min() + 0.01 * peak[run].max()].mean()) for run in _runs(deep)]


def _runs(flags: Mask) -> list[slice]:
    turns = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(start, stop) for start, stop in zip(turns[::2], turns[1::2], strict=True)]


def _apart(x: Floats, shares: Floats, at: float) -> float:
    """Variance of log relevance between what is below and what is above, over that within the two."""
    groups = [np.where(x < at, shares, 0.0), np.where(x < at, 0.0, shares)]
    mean = x @ shares / shares.sum()
    means = [x @ group / group.sum() for group in groups]
    between = sum(group.sum() * (one - mean) ** 2 for group, one in zip(groups, means, strict=True))
    within = sum(group @ (x - one) ** 2 for group, one in zip(groups, means, strict=True))
    return float(between / max(within, 1e-12))


def _smooth(shares: Floats) -> Floats:
    reach = int(4 * SMOOTH / STEP)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / SMOOTH) ** 2)
    return np.convolve(np.pad(shares, reach), kernel / kernel.sum(), mode="valid")
