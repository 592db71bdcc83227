"""From a model of users who read from the top to propensities with intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.page_models import TopDown
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.browsing.top_down import Fit, curve, fit
from weaklabel.clicks.curves import intervals, links
from weaklabel.clicks.estimators._curve import check_level
from weaklabel.errors import ModelError, NotIdentifiedError
from weaklabel.numerics import Floats


def propensities(pages: Pages, how: Fit, level: float, provenance: Mapping[str, Any]) -> Propensities:
    """Examination of each position over the pages, relative to the first; leaves out each group of sessions."""
    check(how, level)
    refuse_unclicked(pages)
    rows, counts = pages.distinct()
    weight = counts.sum(axis=1).astype(np.float64)
    whole = fit(rows, weight, how)
    log_theta = np.log(curve(whole, rows, weight))
    replicates = np.stack([_without(rows, weight - counts[:, b], how, whole) for b in range(counts.shape[1])])
    width = np.exp(intervals.half_width(level, len(replicates)) * intervals.standard_error(replicates))
    return Propensities(
        pages.position,
        np.exp(log_theta),
        np.exp(log_theta) / width,
        np.exp(log_theta) * width,
        pages.shown.sum(axis=0),
        pages.click.sum(axis=0, dtype=np.int64),
        level,
        {
            **provenance,
            "continuation": whole.continuation,
            "reference_position": int(pages.position[0]),
            "informative_pages": len(pages),
            "informative_clicks": int(pages.click.sum()),
            "intervals": f"delete-group jackknife, {len(replicates)} groups of sessions",
        },
        replicates=np.exp(replicates),
    )


def _without(rows: Pages, weight: Floats, how: Fit, whole: TopDown) -> Floats:
    """The estimate from the pages as they are weighted; that of the whole where these have no clicks."""
    found = fit(rows, weight, how, whole) if weight @ rows.click.sum(axis=1) else whole
    return np.log(curve(found, rows, weight if weight.any() else weight + 1))


def check(how: Fit, level: float) -> None:
    """Raise `ModelError` where a parameter is outside its range."""
    check_level(level)
    if how.continuation is not None and not 0 < how.continuation <= 1:
        raise ModelError(
            f"continuation is {how.continuation}: a probability of going on lies in (0, 1]; None learns it"
        )
    for name in ("prior", "iterations", "tolerance"):
        if not getattr(how, name) > 0:
            raise ModelError(f"{name} is {getattr(how, name)}: it must be positive")


def refuse_unclicked(pages: Pages) -> None:
    """Raise where the lowest positions have no click: whether they are examined, nothing says.

    Raises
    ------
    NotIdentifiedError
        Names them.
    """
    clicked = np.flatnonzero(pages.click.any(axis=0))
    if not len(clicked):
        raise NotIdentifiedError(f"none of the {len(pages):,} pages has a click: there is nothing to learn from")
    if len(pages.position) < 2:
        raise NotIdentifiedError(
            f"the log has only position {pages.position[0]}, and examination is relative: it takes two or more"
        )
    if not clicked[-1]:
        raise NotIdentifiedError(
            f"nothing was clicked below position {pages.position[0]}: whether anybody reads on, the log cannot tell; "
            "collect more clicks"
        )
    never = pages.position[clicked[-1] + 1 :]
    if len(never):
        raise NotIdentifiedError(
            f"nothing was clicked at {links.named(never)}, or below: whether anybody reads that far, the log cannot "
            f"tell; leave them out with upto({pages.position[clicked[-1]]})"
        )
