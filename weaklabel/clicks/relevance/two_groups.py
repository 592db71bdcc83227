"""Where relevant begins: half-way between two groups of documents, if clicks show two."""

from dataclasses import dataclass

import numpy as np

from weaklabel.errors import NotIdentifiedError
from weaklabel.numerics import Floats

ROUNDS = 500
FEWEST = 50  # pairs, as many as weigh fully
LEAST_SD = 0.05  # of log relevance
DEPTH = 0.8  # of the valley, relative to the lower of the two peaks


@dataclass(frozen=True)
class Groups:
    """Two normal distributions of log relevance, the lower one first.

    Attributes
    ----------
    share, mean, sd
        Shape (2,).
    """

    share: Floats
    mean: Floats
    sd: Floats

    def parts(self, x: Floats) -> Floats:
        """The density of each group at each x, shape (n, 2), but for a constant factor."""
        z = (x[:, None] - self.mean) / self.sd
        return np.asarray(self.share / self.sd * np.exp(-0.5 * z**2) + 1e-300)


def between(relevance: Floats, weight: Floats) -> float:
    """The relevance half-way between the two groups, in ratio; between them documents must be fewer than at either.

    Parameters
    ----------
    relevance
        Shape (n,), positive.
    weight
        Shape (n,), in [0, 1]: how well each is known.

    Raises
    ------
    NotIdentifiedError
        There are too few pairs, or no valley between two groups.
    """
    if weight.sum() < FEWEST:
        raise NotIdentifiedError(
            f"{len(weight)} pairs of little exposure, worth {weight.sum():.0f}, do not show where relevant begins "
            f"(at least {FEWEST}): say it with threshold="
        )
    x = np.log(relevance)
    groups = _fit(x, weight)
    grid = np.linspace(groups.mean[0], groups.mean[1], 400)
    density = groups.parts(grid).sum(axis=1)
    if density.min() > DEPTH * min(density[0], density[-1]):
        raise NotIdentifiedError(
            "the relevance of these documents does not fall into two groups, so clicks do not say where relevant "
            f"begins: say it with threshold=; half of the clicks' relevance lies above {_median(relevance, weight):.2g}"
        )
    return float(np.exp(groups.mean.mean()))


def _fit(x: Floats, weight: Floats) -> Groups:
    """By EM, from a split at the mean."""
    high = (x > np.average(x, weights=weight)).astype(np.float64)
    member = np.stack([1 - high, high], axis=1)
    groups = _groups(x, weight, member)
    for _ in range(ROUNDS):
        parts = groups.parts(x)
        before, groups = groups, _groups(x, weight, parts / parts.sum(axis=1, keepdims=True))
        if np.abs(groups.mean - before.mean).max() < 1e-6:
            break
    order = np.argsort(groups.mean)
    return Groups(groups.share[order], groups.mean[order], groups.sd[order])


def _groups(x: Floats, weight: Floats, member: Floats) -> Groups:
    w = weight[:, None] * member + 1e-12
    total = w.sum(axis=0)
    mean = (w * x[:, None]).sum(axis=0) / total
    variance = (w * (x[:, None] - mean) ** 2).sum(axis=0) / total
    return Groups(total / total.sum(), mean, np.sqrt(variance + LEAST_SD**2))


def _median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
