"""Examination from all pairs of positions at which documents were shown."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, pooling
from weaklabel.clicks.estimators import _grouped as grouped
from weaklabel.clicks.estimators._curve import check_level, check_max_se
from weaklabel.clicks.estimators._pairs import Pairs, pairs
from weaklabel.errors import ConvergenceError
from weaklabel.numerics import Floats

__all__ = ["AllPairs"]

STEPS = 2000


@dataclass
class AllPairs:
    """Assumes that a click needs examination, which depends on the position alone, and a relevance that stays the same.

    For each two positions the documents that were shown at both have the same relevance at either, on average: one
    unknown number per pair of positions. Click rates at both are fitted as examination times that number, by maximum
    likelihood over all pairs. It is kept as the literature's reference; `harvesting` has no such numbers to estimate,
    and is more precise where documents differ in how often they were shown.

    Parameters
    ----------
    weights
        How a document counts in the rate of a pair: "harmonic", N N' / (N + N') of its impressions at both, or
        "uniform", each the same, as in the source.
    level
        Confidence of the intervals, in (0, 1).
    max_se
        Largest standard error of log examination, above which a position counts as not comparable.

    Source: Agarwal et al., Estimating Position Bias without Intrusive Interventions, WSDM 2019.
    """

    needs: ClassVar[str] = "counts"

    weights: str = "harmonic"
    level: float = 0.95
    max_se: float = 0.75

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Examination of each position relative to the first, with intervals; of each context by itself.

        Parameters
        ----------
        counts
            Documents need more than one position: from several rankers, a changing index, or swaps.

        Returns
        -------
        Propensities
            Shape (p,), one per position and context; relative to the smallest position.

        Raises
        ------
        NotIdentifiedError
            Positions are not linked by documents clicked at one and shown at the other, or too thinly.
        ModelError, UnknownNameError
            A parameter is outside its range.
        """
        check_level(self.level)
        check_max_se(self.max_se)
        cells = pooling.by_context(counts.cells)
        grouped.refuse_unlinked(counts, cells)
        telling = fixed_effects.informative(cells)
        grouped.refuse_thin(counts, telling, grouped.poisson_errors(telling), self.max_se)
        free = ~cells.first
        log_theta = fit(pairs(telling, self.weights), free, np.zeros(len(free)))

        def refit(some: Cells) -> Floats:
            some = fixed_effects.informative(some)
            grouped.refuse_unclicked(some)
            return fit(pairs(some, self.weights), free, log_theta)

        provenance = {"estimator": "all_pairs", "parameters": asdict(self), **grouped.rests_on(cells, telling)}
        return grouped.with_intervals(counts, cells, log_theta, refit, self.level, provenance)


def fit(both: Pairs, free: Mask, start: Floats) -> Floats:
    """Log examination by maximum likelihood, shape (p,); a slot that is not free stays as it starts.

    Raises
    ------
    ConvergenceError
        The likelihood has no maximum: check first what is identified.
    """
    from scipy.optimize import minimize

    scale = max(both.weight.sum(), 1.0)

    def cost(moving: Floats) -> tuple[float, Floats]:
        log_theta = start.copy()
        log_theta[free] = moving
        value, slope = likelihood(both, log_theta)
        return -value / scale, -slope[free] / scale

    options = {"maxiter": STEPS, "ftol": 1e-15, "gtol": 1e-9}
    found: Any = minimize(cost, start[free], jac=True, method="L-BFGS-B", options=options)
    if not np.isfinite(found.x).all() or np.abs(found.jac).max(initial=0.0) > 1e-5:
        raise ConvergenceError(f"examination did not settle in {STEPS} steps: some positions are hardly linked")
    log_theta = start.copy()
    log_theta[free] = found.x
    return log_theta


def likelihood(both: Pairs, log_theta: Floats) -> tuple[float, Floats]:
    """The log-likelihood at the best relevance of each pair, and its slope by log examination, shape (p,)."""
    j, k = np.nonzero(np.triu(both.weight, 1))
    weight, theta = both.weight[j, k], np.exp(log_theta)
    relevance = _relevance(theta[j], theta[k], both.clicked[j, k], both.clicked[k, j], weight)
    value, slope = 0.0, np.zeros(len(theta))
    for slot, clicked in ((j, both.clicked[j, k]), (k, both.clicked[k, j])):
        p = np.clip(theta[slot] * relevance, 1e-300, 1 - 1e-12)
        value += float(clicked @ np.log(p) + (weight - clicked) @ np.log1p(-p))
        slope += np.bincount(slot, clicked - (weight - clicked) * p / (1 - p), len(theta))
    return value, slope


def _relevance(s: Floats, t: Floats, a: Floats, b: Floats, weight: Floats) -> Floats:
    """The best relevance r of a pair, where clicks a and b of the same weight happen with s r and t r.

    The likelihood's slope in r is 0 where 2 w s t r^2 - (s (w + b) + t (w + a)) r + a + b is; the smaller root is the
    one with both probabilities below 1.
    """
    middle = s * (weight + b) + t * (weight + a)
    root = np.sqrt(np.maximum(middle**2 - 8 * weight * s * t * (a + b), 0.0))
    return np.asarray(2 * (a + b) / (middle + root))
