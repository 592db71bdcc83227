"""The curve of a log and the curves of the log without each group: what carries their error into a value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel import plugins, progress
from weaklabel.artefacts import Propensities
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.evaluating.curve import Curve, Steps, curve, steps
from weaklabel.clicks.evaluating.resampling import Groups
from weaklabel.errors import ModelError, WeaklabelError


@dataclass(frozen=True)
class Fitted:
    """A curve, and how it varies.

    Attributes
    ----------
    propensities, base
        As estimated, and at the slots of the log.
    steps
        How much each group moves it: alpha and beta of shape (B, p).
    known
        Whether it counts as known, for want of replicates.
    failed
        Groups without which no curve could be estimated; there it stays as it is.
    """

    propensities: Propensities
    base: Curve
    steps: Steps
    known: bool = False
    failed: int = 0


def fitted(counts: ClickCounts, estimator: Any, groups: Groups) -> Fitted:
    """The curve by a named estimator, refitted without each group; or a given one, with its replicates."""
    given = isinstance(estimator, Propensities)
    if not given:
        _refuse_pages(estimator)
    propensities = estimator if given else estimate(counts, estimator)
    base = curve(counts, propensities)
    if _has_replicates(propensities, counts):
        without = [curve(counts, propensities, int(b)) for b in groups.number]
        return Fitted(propensities, base, steps(base, without))
    if given:
        return Fitted(propensities, base, steps(base, [base] * len(groups)), known=True)
    refits = [
        _refit(counts, estimator, groups, b) for b in progress.track(range(len(groups)), "refitting", len(groups))
    ]
    curves = [base if one is None else one for one in refits]
    return Fitted(propensities, base, steps(base, curves), failed=sum(one is None for one in refits))


def _refuse_pages(estimator: Any) -> None:
    built = plugins.build("estimator", estimator)
    if getattr(built, "needs", "counts") == "pages":
        raise ModelError(
            f"the estimator {estimator!r} reads whole pages, and an evaluation only counts: estimate the propensities "
            "with it first, and give these (estimator=propensities)"
        )


def _has_replicates(propensities: Propensities, counts: ClickCounts) -> bool:
    # Replicates are of examination: those of a curve with trust bias would lack the bias.
    if propensities.replicates is None or propensities.alpha is not None:
        return False
    return len(propensities.replicates) == counts.buckets


def _refit(counts: ClickCounts, estimator: Any, groups: Groups, b: int) -> Curve | None:
    try:
        rest = groups.without(counts, b)
        return curve(counts, estimate(rest, estimator))
    except (WeaklabelError, np.linalg.LinAlgError):
        return None
