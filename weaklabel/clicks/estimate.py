"""Estimate: from a click log to propensities, by a named estimator."""

from typing import Any

from weaklabel import plugins
from weaklabel.artefacts import Propensities
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.log import ClickLog
from weaklabel.protocols import PropensityEstimator


def estimate(
    log: ClickLog | ClickCounts, estimator: str | PropensityEstimator = "randomized", **params: Any
) -> Propensities:
    """How often each position is examined, relative to the first.

    Parameters
    ----------
    log
        The log, or its counts.
    estimator
        Name of an estimator, or one with its parameters set.
    params
        Parameters of the named estimator.

    Returns
    -------
    Propensities
        Shape (p,), one per position of the log.

    Raises
    ------
    AssumptionError
        The log contradicts what the estimator assumes, or (NotIdentifiedError) cannot tell what was asked.
    ModelError
        The estimator has no such parameter.
    UnknownNameError
        There is no such estimator.
    """
    built: PropensityEstimator = plugins.build("estimator", estimator, **params)
    return built.estimate(as_counts(log))
