"""The curve of examination at the slots of a log, and how far each group of sessions moves it."""

from dataclasses import dataclass, replace

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.relevance import slot_bias
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Curve:
    """P(click) = alpha * relevance + beta at each slot.

    Attributes
    ----------
    alpha, beta
        Shape (p,). Without trust bias alpha is examination and beta is 0; a slot without a propensity has NaN and 0.
    top
        Shape (p,): alpha at the first position of each slot's context.
    """

    alpha: Floats
    beta: Floats
    top: Floats

    @property
    def known(self) -> Mask:
        """The slots that have a propensity, shape (p,)."""
        return np.asarray(np.isfinite(self.alpha))

    def steeper(self, factor: float) -> "Curve":
        """The curve with alpha relative to the top to the power of a factor: 0 is no position bias, 1 this curve."""
        return replace(self, alpha=self.top * (self.alpha / self.top) ** factor)

    def moved(self, steps: "Steps", weights: Floats) -> "Curve":
        """The curve of a resample in which group b counts `weights[b]` times, to first order.

        Leaving one group out (weight 0, all others 1) gives exactly the curve that was estimated without it.
        """
        change = weights - 1
        return replace(self, alpha=self.alpha * np.exp(change @ steps.alpha), beta=self.beta + change @ steps.beta)


def curve(counts: ClickCounts, propensities: Propensities, replicate: int | None = None) -> Curve:
    """The propensities at the slots of the counts; or those of one of their replicates.

    Raises
    ------
    ClickLogError
        They tell contexts apart that the counts do not, or share no position with them.
    """
    at = slot_bias.rows(counts, propensities)
    affine = propensities.alpha is not None and propensities.beta is not None
    theta = propensities.alpha if propensities.alpha is not None and affine else propensities.examination
    if replicate is not None and propensities.replicates is not None:
        theta = theta * propensities.replicates[replicate] / propensities.examination
    alpha = np.where(at >= 0, theta[at], np.nan)
    beta = np.where(at >= 0, propensities.beta[at], 0.0) if affine and propensities.beta is not None else 0.0 * at
    if not np.isfinite(alpha).any():
        raise ClickLogError(f"the propensities of positions {propensities.position.tolist()} are for none of the log's")
    first = np.maximum.accumulate(
        np.where(np.isin(np.arange(len(theta)), propensities.starts), np.arange(len(theta)), 0)
    )
    top = np.where(at >= 0, theta[first][at], np.nan)
    return Curve(np.asarray(alpha), np.asarray(beta, dtype=np.float64), np.asarray(top))


@dataclass(frozen=True)
class Steps:
    """How much each group moves a curve.

    Attributes
    ----------
    alpha, beta
        Shape (B, p), alpha in logs; 0 where a replicate does not know.
    """

    alpha: Floats
    beta: Floats


def steps(base: Curve, without: list[Curve]) -> Steps:
    """The steps from the curves that were estimated without each group."""
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.log(base.alpha) - np.log(np.array([one.alpha for one in without]))
    beta = base.beta - np.array([one.beta for one in without])
    return Steps(np.nan_to_num(alpha, nan=0.0, posinf=0.0, neginf=0.0), beta)
