"""The curve of examination at the slots of a log, and how far each group of sessions moves it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Ints, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Curve:
    """P(click) = alpha * relevance + beta at each slot.

    Attributes
    ----------
    alpha, beta
        Shape (p,). Without trust bias alpha is examination and beta is 0; a slot without a propensity has NaN and 0.
    """

    alpha: Floats
    beta: Floats

    @property
    def known(self) -> Mask:
        """The slots that have a propensity, shape (p,)."""
        return np.asarray(np.isfinite(self.alpha))

    def steeper(self, factor: float) -> "Curve":
        """The curve with log alpha multiplied by a factor: 0 is no position bias, 1 this curve."""
        return Curve(self.alpha**factor, self.beta)

    def moved(self, steps: "Curve", weights: Floats) -> "Curve":
        """The curve of a resample in which group b counts `weights[b]` times, to first order.

        Leaving one group out (weight 0, all others 1) gives exactly the curve that was estimated without it.
        """
        change = weights - 1
        return Curve(self.alpha * np.exp(change @ steps.alpha), self.beta + change @ steps.beta)


def curve(counts: ClickCounts, propensities: Propensities, replicate: int | None = None) -> Curve:
    """The propensities at the slots of the counts; or those of one of their replicates.

    Raises
    ------
    ClickLogError
        They tell contexts apart that the counts do not, or share no position with them.
    """
    at = _rows(counts, propensities)
    affine = propensities.alpha is not None and propensities.beta is not None
    theta = propensities.alpha if propensities.alpha is not None and affine else propensities.examination
    if replicate is not None and propensities.replicates is not None:
        theta = theta * propensities.replicates[replicate] / propensities.examination
    alpha = np.where(at >= 0, theta[at], np.nan)
    beta = np.where(at >= 0, propensities.beta[at], 0.0) if affine and propensities.beta is not None else 0.0 * at
    if not np.isfinite(alpha).any():
        raise ClickLogError(f"the propensities of positions {propensities.position.tolist()} are for none of the log's")
    return Curve(np.asarray(alpha), np.asarray(beta, dtype=np.float64))


def steps(base: Curve, without: list[Curve]) -> Curve:
    """How much each group moves the curve: alpha (B, p) in logs, beta (B, p); 0 where a replicate does not know."""
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.log(base.alpha) - np.log(np.array([one.alpha for one in without]))
    beta = base.beta - np.array([one.beta for one in without])
    return Curve(np.nan_to_num(alpha, nan=0.0, posinf=0.0, neginf=0.0), beta)


def _rows(counts: ClickCounts, propensities: Propensities) -> Ints:
    """The row of the propensities for each slot, shape (p,); -1 where there is none."""
    slots = _slots(counts, counts.cells)
    known = propensities.to_frame()
    by = [*([] if propensities.context is None else propensities.context.columns), "position"]
    if missing := [name for name in by if name not in slots.columns]:
        raise ClickLogError(
            f"the propensities are by {missing[0]!r}, which the counts do not tell apart: "
            f"count the log with context=({missing[0]!r},)"
        )
    numbered = known.select(pl.col(by[:-1]).cast(pl.String), "position").with_row_index("row")
    found = slots.join(numbered, on=by, how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def _slots(counts: ClickCounts, cells: Cells) -> pl.DataFrame:
    position = pl.DataFrame({"position": cells.position})
    if not counts.context:
        return position
    return pl.concat([counts.contexts[cells.context], position], how="horizontal")
