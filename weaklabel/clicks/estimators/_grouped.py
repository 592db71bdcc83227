"""Propensities with intervals where the log had no sessions, too, and the checks that come before."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, links
from weaklabel.clicks.estimators import _curve
from weaklabel.clicks.estimators._curve import Refit, curve, of_slots
from weaklabel.errors import NotIdentifiedError
from weaklabel.numerics import Floats

GROUPS, QUERIES = 20, 10  # so many groups; fewer queries than that make none


def with_intervals(
    counts: ClickCounts, cells: Cells, log_theta: Floats, refit: Refit, level: float, provenance: Mapping[str, Any]
) -> Propensities:
    """Propensities from log examination; leaves out groups of sessions, or of queries where there were no sessions.

    Parameters
    ----------
    counts
        What was estimated from; names the contexts.
    cells
        Its cells.
    log_theta
        Shape (p,): the estimate.
    refit
        The estimate from other cells of the same slots.
    level
        Confidence.
    provenance
        Of the result; what the intervals rest on is added.
    """
    grouped, said = _grouped(cells)
    told = {**provenance, "intervals": said}
    return curve(counts, grouped, log_theta, refit, level, told)


def _grouped(cells: Cells) -> tuple[Cells, str]:
    if cells.buckets:
        return cells, f"delete-group jackknife, {cells.buckets} groups of sessions"
    queries = len(np.unique(cells.query))
    if queries < QUERIES:
        return cells.by_impression(
            GROUPS
        ), f"delete-group jackknife, {GROUPS} groups of impressions, taken as independent"
    groups = min(queries, GROUPS)
    said = f"delete-group jackknife, {groups} groups of queries: the log has no sessions"
    return cells.in_groups(cells.query[cells.item] % groups, groups), said


def refuse_unclicked(cells: Cells) -> None:
    """Raise where a position has no click.

    Raises
    ------
    NotIdentifiedError
        Names it.
    """
    never = cells.per_slot(cells.C) == 0
    if never.any():
        k = int(never.argmax())
        shown = int(cells.per_slot(cells.N)[k])
        raise NotIdentifiedError(
            f"position {cells.position[k]} was shown {shown:,} times and never clicked, so nothing says how often "
            "it is examined: collect more clicks, or leave it out with upto()"
        )


def refuse_unlinked(counts: ClickCounts, cells: Cells) -> None:
    """Raise unless clicks link all positions of each context.

    Raises
    ------
    NotIdentifiedError
        Names the positions, their context, and what would link them.
    """
    for x in np.unique(cells.context):
        one = of_slots(cells, cells.context == x)
        _within(counts, int(x), lambda one=one: links.refuse_unlinked(one, links.groups(one)))


def refuse_thin(counts: ClickCounts, cells: Cells, error: Floats, most: float) -> None:
    """Raise where a standard error of log examination, shape (p,), is above `most`.

    Raises
    ------
    NotIdentifiedError
        Names the positions, their context, and how many swaps would do.
    """
    for x in np.unique(cells.context):
        here = cells.context == x
        _within(counts, int(x), lambda here=here: links.refuse_thin(of_slots(cells, here), error[here], most))


def _within(counts: ClickCounts, x: int, check: Any) -> None:
    try:
        check()
    except NotIdentifiedError as error:
        if not counts.context:
            raise
        raise NotIdentifiedError(f"where {named(counts, x)}: {error}") from error


def named(counts: ClickCounts, x: int) -> str:
    """A context as people say it."""
    return _curve.named(counts.contexts[x])


def relative(cells: Cells, log_theta: Floats) -> Floats:
    """Log examination relative to the first slot of each context, shape (p,)."""
    starts = np.flatnonzero(cells.first)
    return np.asarray(log_theta - log_theta[starts[np.cumsum(cells.first) - 1]])


def poisson_errors(telling: Cells) -> Floats:
    """Standard errors of log examination, shape (p,), that no estimator from these cells can do without."""
    free, error = ~telling.first, np.zeros(len(telling.position))
    begin = np.zeros(len(free))
    information = fixed_effects.derivatives(telling, fixed_effects.fit(telling, begin, free))[1]
    error[free] = np.sqrt(np.linalg.pinv(information[np.ix_(free, free)], hermitian=True).diagonal())
    return error


def rests_on(cells: Cells, telling: Cells) -> dict[str, Any]:
    """What of the cells an estimate rests on, for its provenance."""
    return {
        "reference_position": int(cells.position.min()),
        "informative_items": len(telling.query),
        "informative_impressions": int(telling.N.sum()),
        "informative_clicks": int(telling.C.sum()),
    }
