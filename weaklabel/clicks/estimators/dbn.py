"""Examination by users who read from the top until they are satisfied or tired."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.page_models import TopDown
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.browsing.top_down import Fit, fit
from weaklabel.clicks.estimators import _browsed as browsed

__all__ = ["DBN"]


@dataclass
class DBN:
    """Assumes that users read from the top, leave when a click satisfied them, and tire a little at each document.

    A document that is examined is clicked by its attractiveness; a click satisfies by the document's satisfaction;
    whoever is not satisfied goes on with a probability that all share, the continuation. All three are learned, by
    expectation maximisation over what nobody sees: whether who does not click any more is satisfied, tired, or reading
    on. No document needs to move, but where people skip positions, the assumption is wrong.

    Parameters
    ----------
    continuation
        P(goes on | not satisfied), in (0, 1]; None learns it. 1 is the simplified model, whose users never tire.
    prior
        A document's attractiveness is drawn towards that of documents that mostly stand about as high, as if it had
        been examined so many times more: the mean of a beta posterior. Its satisfaction is drawn towards that of
        documents about as attractive, the more the less these differ.
    iterations
        Most rounds.
    tolerance
        It stops when no log examination changes by more in a round.
    level
        Confidence of the intervals, in (0, 1).

    Source: Chapelle and Zhang, A Dynamic Bayesian Network Click Model for Web Search Ranking, WWW 2009.
    """

    needs: ClassVar[str] = "pages"

    continuation: float | None = None
    prior: float = 1.0
    iterations: int = 200
    tolerance: float = 1e-5
    level: float = 0.95

    def estimate(self, pages: Pages) -> Propensities:
        """Examination of each position over these pages, relative to the first, with intervals.

        Parameters
        ----------
        pages
            With clicks at the lowest position.

        Returns
        -------
        Propensities
            Shape (p,): the share of the pages with a document at a position on which it is examined, relative to the
            first. It belongs to these rankings: below better documents less is examined.

        Raises
        ------
        NotIdentifiedError
            The lowest positions have no click.
        ModelError
            A parameter is outside its range.
        """
        return browsed.propensities(pages, self._how(), self.level, {"estimator": "dbn", "parameters": asdict(self)})

    def learn(self, pages: Pages) -> TopDown:
        """The model: attractiveness and satisfaction of each document, and the continuation.

        Raises
        ------
        NotIdentifiedError, ModelError
            As `estimate`.
        """
        browsed.check(self._how(), self.level)
        browsed.refuse_unclicked(pages)
        rows, counts = pages.distinct()
        return fit(rows, counts.sum(axis=1).astype(np.float64), self._how())

    def _how(self) -> Fit:
        return Fit(self.continuation, False, self.prior, self.iterations, self.tolerance)
