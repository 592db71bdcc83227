"""Krippendorff's alpha and Cohen's kappa: agreement beyond chance, from counts and a distance."""

from statistics import NormalDist

import numpy as np

from weaklabel.labeling.accuracy import wilson
from weaklabel.numerics import Floats

ROUNDING = 1e-12
MOST_DRAWS = 2_000_000  # numbers in memory at a time


def alpha(counts: Floats, distance: Floats) -> float | None:
    """Krippendorff's alpha, at most 1; None where chance cannot be told, because all answers are alike or unpaired.

    Parameters
    ----------
    counts
        Shape (n, v): how often each of v answers was given to each item; items with fewer than two do not count.
    distance
        Shape (v, v).
    """
    paired = counts[counts.sum(axis=1) >= 2]
    observed, size = _disagreement(paired, distance), paired.sum(axis=1)
    return _beyond_chance(observed.sum(), size.sum(), paired.sum(axis=0), distance)


def alpha_interval(
    counts: Floats, distance: Floats, n_bootstrap: int, confidence: float, seed: int
) -> tuple[float, float] | None:
    """Percentiles of alpha over resamples of the items, which keep the distances; None where there is no alpha.

    Where nobody disagreed, every resample has alpha 1; the lower end is then what it would be if people disagreed on as
    large a share of the items as Wilson's interval for none of n allows.
    """
    paired = counts[counts.sum(axis=1) >= 2]
    whole = alpha(paired, distance)
    if whole is None:
        return None
    if whole > 1 - ROUNDING:
        return _lower_end_of_one(paired, confidence), 1.0
    drawn = _resampled(paired, distance, n_bootstrap, seed)
    lower, upper = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(lower), float(upper)


def kappa(cells: Floats, distance: Floats) -> float | None:
    """Cohen's kappa of two people, weighted by the distance; None where both gave but one and the same answer.

    Parameters
    ----------
    cells
        Shape (v, v): on how many items one gave the first answer and the other the second.
    distance
        Shape (v, v).

    Source: Cohen, A Coefficient of Agreement for Nominal Scales, 1960, and Weighted Kappa, 1968.
    """
    share = cells / cells.sum()
    expected = float(share.sum(axis=1) @ distance @ share.sum(axis=0))
    return None if expected <= ROUNDING else 1 - float((share * distance).sum()) / expected


def kappa_at(equal: float, cells: Floats, distance: Floats) -> float:
    """What kappa would be if that share of the answers were equal, and chance and the other answers as they are."""
    share = cells / cells.sum()
    one, other = share.sum(axis=1), share.sum(axis=0)
    expected, unequal = float(one @ distance @ other), 1 - float(share.trace())
    # Two answers that differ are as far apart as those seen; where none was, as those that chance would bring.
    apart = float((share * distance).sum()) / unequal if unequal > ROUNDING else expected / (1 - float(one @ other))
    return max(-1.0, 1 - (1 - equal) * apart / expected)


def _disagreement(counts: Floats, distance: Floats) -> Floats:
    """Of each item, the mean distance of an answer to the others, times the number of answers; shape (n,)."""
    return np.asarray(((counts @ distance) * counts).sum(axis=1) / (counts.sum(axis=1) - 1))


def _beyond_chance(observed: float, size: float, marginal: Floats, distance: Floats) -> float | None:
    expected = float(marginal @ distance @ marginal)
    return None if expected <= ROUNDING else 1 - float(observed) * float(size - 1) / expected


def _resampled(paired: Floats, distance: Floats, n_bootstrap: int, seed: int) -> Floats:
    """Alpha of each resample in which the answers are not all alike."""
    patterns, times = np.unique(paired, axis=0, return_counts=True)
    observed, sizes = _disagreement(patterns, distance), patterns.sum(axis=1)
    rng = np.random.default_rng(seed)
    drawn: list[float | None] = []
    at_a_time = max(1, MOST_DRAWS // len(patterns))
    for start in range(0, n_bootstrap, at_a_time):
        draws = min(at_a_time, n_bootstrap - start)
        weight = rng.multinomial(len(paired), times / len(paired), size=draws).astype(np.float64)
        sums = zip(weight @ observed, weight @ sizes, weight @ patterns, strict=True)
        drawn += [_beyond_chance(*each, distance) for each in sums]
    return np.array([each for each in drawn if each is not None])


def _lower_end_of_one(paired: Floats, confidence: float) -> float:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    _, _, unequal = wilson(0.0, len(paired), z)
    marginal, size = paired.sum(axis=0), paired.sum()
    by_chance = 1 - float((marginal * (marginal - 1)).sum() / (size * (size - 1)))
    return max(-1.0, 1 - unequal / by_chance)
