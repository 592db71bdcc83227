"""Whether users who read from the top explain unseen pages better than users who look at positions."""

from dataclasses import dataclass, replace

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.page_models import PositionBased
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.estimators.dbn import DBN
from weaklabel.clicks.log import ClickLog

MOST = 50_000  # pages; more would tell no more
HELD_OUT = 5  # every fifth bucket is kept for the test
CLEAR = 3.0  # standard errors
MARGIN = 0.001  # nats per document shown, below which a gain is of no use to anybody


@dataclass(frozen=True)
class PageFit:
    """How well two models explain pages that neither has seen, in nats per document shown.

    Attributes
    ----------
    pages
        How many.
    position_based, top_down
        Their mean log-likelihood; top-down is the dynamic Bayesian network.
    gain, error
        The mean of top-down minus position-based, and its standard error over pages.
    top_down_better
        Whether the gain is clear: above 3 standard errors, and above 0.001.
    """

    pages: int
    position_based: float
    top_down: float
    gain: float
    error: float

    @property
    def top_down_better(self) -> bool:
        return self.gain > max(MARGIN, CLEAR * self.error)


def page_fit(log: ClickLog, propensities: Propensities) -> PageFit | None:
    """Fit both models to four fifths of the sessions, and compare them on the rest.

    Parameters
    ----------
    log
        With session_id; of more than 50,000 pages some are taken.
    propensities
        One curve, of the log.

    Returns
    -------
    PageFit or None
        None where there are too few pages to hold any out, or a curve for each context.

    Raises
    ------
    ClickLogError
        The log has no session_id.
    NotIdentifiedError
        The lowest positions have no click.
    """
    pages = _at(Pages.from_log(log), propensities)
    test = pages.bucket % HELD_OUT == HELD_OUT - 1
    fitted, unseen = pages.where(~test), pages.where(test)
    if propensities.context is not None or len(unseen) < 2 or not len(fitted):
        return None
    shown = unseen.shown.sum() / len(unseen)
    ours = PositionBased.of(fitted, propensities).log_likelihood(unseen) / shown
    theirs = DBN().learn(fitted).log_likelihood(unseen) / shown
    gap = theirs - ours
    error = float(gap.std(ddof=1) / np.sqrt(len(gap)))
    return PageFit(len(unseen), float(ours.mean()), float(theirs.mean()), float(gap.mean()), error)


def _at(pages: Pages, propensities: Propensities) -> Pages:
    """Some of the pages, at the positions that have a propensity."""
    kept = np.isin(pages.position, propensities.position)
    pages = pages.where(np.arange(0, len(pages), 1 + len(pages) // MOST))
    pages = replace(pages, item=pages.item[:, kept], click=pages.click[:, kept], position=pages.position[kept])
    return pages.where(np.flatnonzero(pages.shown.any(axis=1)))
