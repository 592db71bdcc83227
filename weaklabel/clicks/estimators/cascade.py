"""Examination by users who read from the top until their first click."""

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.page_models import TopDown
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.browsing.top_down import Fit, fit
from weaklabel.clicks.estimators import _browsed as browsed
from weaklabel.errors import AssumptionError, ModelError

__all__ = ["Cascade"]


@dataclass
class Cascade:
    """Assumes that users read from the top, click the first document that attracts them, and leave.

    So all down to the first click was examined, and nothing below it; a page without clicks was read to its end. Each
    document's attractiveness is its clicks per time it was examined, so no document needs to move, but the assumption
    does all the work: where people skip positions or click more than once, it is wrong. Clicks after the first are
    left out.

    Parameters
    ----------
    prior
        A document's attractiveness is drawn towards that of documents that mostly stand about as high, as if it had
        been examined so many times more: the mean of a beta posterior.
    most_later
        Largest share of clicked pages with more than one click, in [0, 1]; beyond it the log contradicts the model.
    level
        Confidence of the intervals, in (0, 1).

    Source: Craswell et al., An Experimental Comparison of Click Position-Bias Models, WSDM 2008.
    """

    needs: ClassVar[str] = "pages"

    prior: float = 1.0
    most_later: float = 0.1
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
        AssumptionError
            Too many pages have more than one click.
        NotIdentifiedError
            The lowest positions have no click.
        ModelError
            A parameter is outside its range.
        """
        provenance = {"estimator": "cascade", "parameters": asdict(self)}
        return browsed.propensities(self._first_clicks(pages), self._how(), self.level, provenance)

    def learn(self, pages: Pages) -> TopDown:
        """The model: attractiveness of each document. Satisfaction and continuation are 1.

        Raises
        ------
        AssumptionError, NotIdentifiedError, ModelError
            As `estimate`.
        """
        browsed.check(self._how(), self.level)
        first = self._first_clicks(pages)
        browsed.refuse_unclicked(first)
        return fit(first, np.ones(len(first)), self._how())

    def _how(self) -> Fit:
        return Fit(continuation=1.0, satisfies=True, prior=self.prior, iterations=2, tolerance=1e-9)  # a closed form

    def _first_clicks(self, pages: Pages) -> Pages:
        if not 0 <= self.most_later <= 1:
            raise ModelError(f"most_later is {self.most_later}: a share lies in [0, 1], such as 0.1")
        clicks = pages.click.cumsum(axis=1)
        total = clicks[:, -1]
        later, clicked = int((total > 1).sum()), int((total > 0).sum())
        if later > self.most_later * clicked:
            raise AssumptionError(
                f"{later:,} of {clicked:,} clicked pages have more than one click, and a cascade ends with the first: "
                "estimate with dbn, whose users may go on, or with harvesting"
            )
        return replace(pages, click=pages.click * (clicks == 1))
