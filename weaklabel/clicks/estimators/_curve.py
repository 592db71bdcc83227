"""From an estimate of log examination to propensities with intervals: what several estimators share."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.artefacts.propensities import COLUMNS
from weaklabel.clicks.cells import Cells, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import intervals
from weaklabel.errors import AssumptionError, ModelError
from weaklabel.numerics import Floats

Refit = Callable[[Cells], Floats]  # log examination of each slot, shape (p,), 0 at the first of each context


def curve(
    counts: ClickCounts,
    cells: Cells,
    log_theta: Floats,
    refit: Refit,
    level: float,
    provenance: Mapping[str, Any],
) -> Propensities:
    """Propensities from log examination, with intervals from the buckets of the cells.

    Parameters
    ----------
    counts
        What was estimated from; names the contexts.
    cells
        Its cells, or those of them that the estimate is about, in buckets.
    log_theta
        Shape (p,): the estimate.
    refit
        The estimate from other cells of the same slots.
    level
        Confidence.
    provenance
        Of the result; what the intervals rest on is added.
    """
    replicates = intervals.jackknife(cells, refit)
    return with_errors(counts, cells, log_theta, replicates, intervals.standard_error(replicates), level, provenance)


def with_errors(
    counts: ClickCounts,
    cells: Cells,
    log_theta: Floats,
    replicates: Floats | None,
    error: Floats,
    level: float,
    provenance: Mapping[str, Any],
) -> Propensities:
    """Propensities from log examination and its standard errors, each of shape (p,), and replicates, shape (B, p)."""
    width = np.exp(intervals.half_width(level, cells.buckets or None) * error)
    return Propensities(
        cells.position,
        np.exp(log_theta),
        np.exp(log_theta) / width,
        np.exp(log_theta) * width,
        cells.per_slot(cells.N).astype(np.int64),
        cells.per_slot(cells.C).astype(np.int64),
        level,
        {"intervals": _intervals(cells), **provenance},
        context=contexts(counts, cells),
        replicates=None if replicates is None else np.exp(replicates),
    )


def by_context(counts: ClickCounts, one: Callable[[ClickCounts], Propensities]) -> Propensities:
    """Propensities of each context by itself, as one; of an estimator that knows one curve."""
    if not counts.context:
        return one(counts)
    groups = counts.frame.sort(counts.context, maintain_order=True).partition_by(counts.context, maintain_order=True)
    found = [_within(counts, group, one) for group in groups]
    columns = {name: np.concatenate([getattr(each, name) for each in found]) for name in COLUMNS}
    context = pl.concat([g.select(counts.context).head(1)[[0] * len(f)] for g, f in zip(groups, found, strict=True)])
    said = {**found[0].provenance, "contexts": [dict(each.provenance) for each in found]}
    return Propensities(**columns, level=found[0].level, provenance=said, context=context)


def _within(counts: ClickCounts, group: pl.DataFrame, one: Callable[[ClickCounts], Propensities]) -> Propensities:
    try:
        return one(ClickCounts(group.drop(counts.context), counts.key))
    except AssumptionError as error:
        raise type(error)(f"where {named(group.select(counts.context))}: {error}") from error


def named(context: pl.DataFrame) -> str:
    """The context in the first row as people say it."""
    return ", ".join(f"{name} is {value!r}" for name, value in context.row(0, named=True).items())


def contexts(counts: ClickCounts, cells: Cells) -> pl.DataFrame | None:
    """The context of each slot; None where there is one curve."""
    return counts.contexts[cells.context] if counts.context else None


def _intervals(cells: Cells) -> str:
    if cells.buckets:
        return f"delete-group jackknife, {cells.buckets} groups of sessions"
    return "sandwich, clustered by query: the log has no sessions"


def check_level(level: float) -> None:
    """Raise `ModelError` where a confidence is none."""
    if not 0 < level < 1:
        raise ModelError(f"level is {level}: a confidence lies between 0 and 1, such as 0.95")


def check_max_se(max_se: float) -> None:
    """Raise `ModelError` where a largest standard error is none."""
    if not max_se > 0:
        raise ModelError(f"max_se is {max_se}: a standard error is positive, such as 0.75")


def of_slots(cells: Cells, kept: Mask) -> Cells:
    """The cells at some of the slots, shape (p,), renumbered: the estimate is about these alone."""
    some = cells.where(kept[cells.slot])
    slot = (np.cumsum(kept, dtype=np.int64) - 1)[some.slot]
    return replace(some, slot=slot, position=cells.position[kept], context=cells.context[kept])
