"""Diagnose: what a click log can tell, and whether its users look as position-based ones do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import polars as pl

from weaklabel import plugins
from weaklabel.artefacts import Propensities
from weaklabel.clicks.checks.clicked_above import clicked_above
from weaklabel.clicks.checks.confounding import ContextTest, KeyTest, contexts_differ, key_matters
from weaklabel.clicks.checks.diagnosis import Diagnosis, Findings
from weaklabel.clicks.checks.fit_checks import held_out, inverse_weights, predicted_rates
from weaklabel.clicks.checks.linkage import linkage
from weaklabel.clicks.checks.page_fit import page_fit
from weaklabel.clicks.checks.remarks import remarks
from weaklabel.clicks.checks.specification import specification
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import AssumptionError, ClickLogError, ModelError
from weaklabel.protocols import PropensityEstimator

ALPHA = 0.01  # many questions are put to one log: a healthy one should seldom be called ill
FEW_VALUES = 12  # of a column that may be a context or a segment
PERIODS = 6  # that a log is cut into, to see whether relevance drifts
PERIOD = "period"
MISSING = "missing"

T = TypeVar("T")
R = TypeVar("R")


def diagnose(
    log: ClickLog | ClickCounts,
    estimator: str | PropensityEstimator = "harvesting",
    *,
    sample: ClickLog | None = None,
    columns: Sequence[str] | None = None,
    alpha: float = ALPHA,
    **params: Any,
) -> Diagnosis:
    """Examine a log: what it can tell on examination, and whether its clicks are as a position-based model has them.

    What the log does not allow is a finding, not an error. Counts are enough for most of it; whether a click above
    changes what is clicked below, whether unnamed columns matter, and whether relevance drifts, take the log itself.

    Parameters
    ----------
    log
        The log, or its counts; their contexts and keys are tested.
    estimator
        Name of an estimator, or one with its parameters set.
    sample
        Some pages of the log, where counts are given, for what takes pages.
    columns
        Of a log: which columns may matter for examination (as a context) or hide relevance (as a key); None is every
        column of 2 to 12 values.
    alpha
        Significance of each test, in (0, 1).
    params
        Parameters of the named estimator.

    Returns
    -------
    Diagnosis
        Its `remarks` first.

    Raises
    ------
    ClickLogError
        A column is not in the log.
    ModelError, UnknownNameError
        There is no such estimator, or it has no such parameter.
    """
    counts = log if isinstance(log, ClickCounts) else count(log)
    found = Findings(_shown(counts), linkage(counts))
    found = replace(found, **_estimated(log, counts, estimator, params))
    known = _known(counts, found.propensities)
    if known is not None:
        found = replace(
            found,
            specification=_try(specification, known, alpha),
            contexts=_contexts(log, known, columns, alpha),
            keys=_keys(log, known, columns, alpha),
            **_checks(known, found.propensities),
        )
    pages = log if isinstance(log, ClickLog) else sample
    if pages is not None and "session_id" in pages.frame.columns:
        found = replace(found, **_of_pages(pages, found.propensities, alpha))
    return Diagnosis(**vars(found), remarks=remarks(found, counts))


def _of_pages(log: ClickLog, propensities: Propensities | None, alpha: float) -> dict[str, Any]:
    fit = None if propensities is None else _try(page_fit, log, propensities)
    return {"clicked_above": clicked_above(log, alpha), "page_fit": fit}


def _shown(counts: ClickCounts) -> pl.DataFrame:
    sums = counts.frame.group_by("position").agg(pl.col("impressions", "clicks").sum()).sort("position")
    return sums.with_columns(click_rate=pl.col("clicks") / pl.col("impressions"))


def _estimated(
    log: ClickLog | ClickCounts, counts: ClickCounts, estimator: str | PropensityEstimator, params: Mapping[str, Any]
) -> dict[str, Any]:
    """The estimate; if it is refused, why, and what harvesting says of the positions that can be compared."""
    try:
        source = log if isinstance(log, ClickLog) and _needs_pages(estimator) else counts
        return {"propensities": estimate(source, estimator, **params)}
    except AssumptionError as error:
        partial = _try(_partial, counts)
        return {"refused": str(error), "propensities": partial}


def _partial(counts: ClickCounts) -> Propensities:
    return estimate(counts, "harvesting", partial=True)


def _needs_pages(estimator: str | PropensityEstimator) -> bool:
    built = plugins.get("estimator", estimator) if isinstance(estimator, str) else estimator
    return getattr(built, "needs", "counts") == "pages"


def _known(counts: ClickCounts, propensities: Propensities | None) -> ClickCounts | None:
    """The counts at the positions that can be compared."""
    if propensities is None:
        return None
    kept = counts.frame.filter(pl.col("position").is_in(propensities.position.tolist()))
    return ClickCounts(kept, counts.key, counts.context, counts.provenance)


def _checks(counts: ClickCounts, propensities: Propensities | None) -> dict[str, Any]:
    if propensities is None:
        return {}
    weights = {"weights": inverse_weights(counts, propensities)}
    if not counts.buckets:
        return weights
    return {**weights, "rates": predicted_rates(counts, propensities), "held_out": held_out(counts, propensities)}


def _contexts(
    log: ClickLog | ClickCounts, known: ClickCounts, columns: Sequence[str] | None, alpha: float
) -> tuple[ContextTest, ...]:
    if not isinstance(log, ClickLog):
        return _each([known] if known.context else [], lambda counts: contexts_differ(counts, alpha))
    kept = _at(log, known)
    return _each(_columns(log, columns), lambda name: contexts_differ(count(kept, context=(name,)), alpha))


def _keys(
    log: ClickLog | ClickCounts, known: ClickCounts, columns: Sequence[str] | None, alpha: float
) -> tuple[KeyTest, ...]:
    if not isinstance(log, ClickLog):
        return _each(known.key, lambda name: key_matters(known, name, alpha))
    kept = _with_period(_at(log, known))
    names = dict.fromkeys([*_columns(log, columns), *([PERIOD] if PERIOD in kept.context else [])])
    return _each(names, lambda name: key_matters(count(kept, key=(name,)), name, alpha))


def _at(log: ClickLog, known: ClickCounts) -> ClickLog:
    """The log there; a context that is missing is a context, too."""
    positions = known.frame["position"].unique().to_list()
    numbers = [pl.col(name).fill_nan(None) for name in log.context if log.frame[name].dtype.is_float()]
    kept = log.frame.filter(pl.col("position").is_in(positions)).with_columns(numbers)
    told = [pl.col(name).cast(pl.String).fill_null(MISSING) for name in _plain(log) if kept[name].null_count()]
    return ClickLog(kept.with_columns(told))


def _plain(log: ClickLog) -> list[str]:
    """The columns of one value per row."""
    types = {name: log.frame[name].dtype for name in log.context}
    return [name for name, dtype in types.items() if not (dtype.is_nested() or dtype.is_object())]


def _columns(log: ClickLog, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return [name for name in _plain(log) if 2 <= log.frame[name].n_unique() <= FEW_VALUES]
    if unknown := [name for name in columns if name not in log.context]:
        raise ClickLogError(f"the log has no column {unknown[0]!r} beside its own; there are: {', '.join(log.context)}")
    return list(columns)


def _with_period(log: ClickLog) -> ClickLog:
    """With a column period, which cuts the log into six of about as many impressions, if it has the time of each."""
    if "timestamp" not in log.frame.columns or PERIOD in log.frame.columns or not log.frame["timestamp"].n_unique() > 1:
        return log
    part = (pl.col("timestamp").rank("min") - 1) * PERIODS // pl.len()
    return ClickLog(log.frame.with_columns(part.cast(pl.String).alias(PERIOD)))


def _each(values: Iterable[T], test: Callable[[T], R]) -> tuple[R, ...]:
    """The results of a test where it can be done."""
    found = [_try(test, value) for value in values]
    return tuple(one for one in found if one is not None)


def _try(step: Callable[..., R], *arguments: Any) -> R | None:
    """What a step finds, or None where the log does not allow it."""
    try:
        return step(*arguments)
    except (AssumptionError, ModelError, np.linalg.LinAlgError):
        return None
