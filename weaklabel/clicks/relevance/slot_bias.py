"""What each slot of a log does to clicks, looked up in propensities."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Ints, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class SlotBias:
    """P(click) = alpha relevance + beta at each of p slots; without trust bias alpha is examination and beta is 0.

    Attributes
    ----------
    alpha, beta
        Shape (p,).
    relative
        Shape (B, p): how much larger either is without each group of sessions; no row where that is not known.
    """

    alpha: Floats
    beta: Floats
    relative: Floats


def slot_bias(counts: ClickCounts, propensities: Propensities) -> SlotBias:
    """The bias of each slot of the counts.

    Raises
    ------
    ClickLogError
        A slot has no propensity, or the counts do not tell the contexts of the propensities apart.
    """
    row = rows(counts, propensities)
    if (row < 0).any():
        _raise_unknown(counts, propensities, row < 0)
    theta, known = propensities.examination, propensities.replicates
    alpha = theta if propensities.alpha is None else propensities.alpha
    beta = np.zeros(len(theta)) if propensities.beta is None else propensities.beta
    if not (alpha > 0).all():
        k = int((alpha <= 0).argmax())
        raise ClickLogError(
            f"alpha is {alpha[k]:g} at position {propensities.position[k]}: relevance makes no difference to clicks "
            "there; leave the position out of the log, or estimate from more anchors"
        )
    relative = np.empty((0, len(theta))) if known is None else known / theta
    return SlotBias(alpha[row], beta[row], relative[:, row])


def rows(counts: ClickCounts, propensities: Propensities) -> Ints:
    """For each slot of the counts, its row of the propensities, shape (p,); -1 where it has none.

    Raises
    ------
    ClickLogError
        The counts do not tell the contexts of the propensities apart.
    """
    by = [] if propensities.context is None else propensities.context.columns
    if unknown := [name for name in by if name not in counts.context]:
        raise ClickLogError(
            f"the propensities depend on {unknown[0]!r}, which these counts do not tell apart: "
            f"count the log with context={by}"
        )
    known = propensities.to_frame().select(pl.col(by).cast(pl.String), "position").with_row_index("row")
    found = _slots(counts, by).join(known, on=[*by, "position"], how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def _slots(counts: ClickCounts, by: list[str]) -> pl.DataFrame:
    """The context's columns and position of each slot."""
    position = pl.DataFrame({"position": counts.cells.position})
    return counts.contexts.select(by)[counts.cells.context].hstack(position) if by else position


def _raise_unknown(counts: ClickCounts, propensities: Propensities, unknown: Mask) -> None:
    missing = _slots(counts, [] if propensities.context is None else propensities.context.columns).filter(unknown)
    top = int(counts.cells.position.min())
    positions = missing["position"].unique().sort().to_list()
    named = ", ".join(str(position) for position in positions[:10]) + (", ..." if len(positions) > 10 else "")
    noun = "position" if len(positions) == 1 else "positions"
    where = ", ".join(f"{name} {value!r}" for name, value in missing.row(0, named=True).items() if name != "position")
    last = positions[0] - 1
    shorter = "" if positions[0] == top or where else f", or keep to log.upto({last}) (--upto {last})"
    raise ClickLogError(
        f"no propensity is known for {noun} {named} of the log{f' ({where})' if where else ''}: "
        f"estimate from a log that has all{shorter}"
    )
