"""Estimate: from a click log to propensities, by a named estimator."""

from typing import Any

from weaklabel import plugins
from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError
from weaklabel.protocols import PropensityEstimator


def estimate(
    log: ClickLog | ClickCounts, estimator: str | PropensityEstimator = "harvesting", **params: Any
) -> Propensities:
    """How often each position is examined, relative to the first.

    Parameters
    ----------
    log
        The log, or its counts; `count` makes those of a log of any size, with contexts that have a curve each.
    estimator
        Name of an estimator, or one with its parameters set. "harvesting" learns from documents that were shown at
        several positions; "randomized" from pages in random order.
    params
        Parameters of the named estimator.

    Returns
    -------
    Propensities
        Shape (p,), one per position of the log, in each context.

    Raises
    ------
    ClickLogError
        The estimator reads whole pages ("cascade", "dbn"), and it was given counts, or a log without sessions.
    AssumptionError
        The log contradicts what the estimator assumes, or (NotIdentifiedError) cannot tell what was asked.
    ModelError
        The estimator has no such parameter.
    UnknownNameError
        There is no such estimator.
    """
    built: PropensityEstimator = plugins.build("estimator", estimator, **params)
    return built.estimate(_pages(log) if getattr(built, "needs", "counts") == "pages" else as_counts(log))


def _pages(log: ClickLog | ClickCounts) -> Pages:
    if isinstance(log, ClickCounts):
        raise ClickLogError("this estimator reads whole pages, which counts do not tell: give it the log")
    return Pages.from_log(log)
