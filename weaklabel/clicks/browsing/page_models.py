"""Models of whole pages, fitted: how likely the clicks of a page are, what was examined, and what it says of documents.

They can be compared on the same pages, which need not be those that they were fitted to.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.clicks.browsing.e_step import Expected, expected
from weaklabel.clicks.browsing.pages import PAIR, Pages
from weaklabel.clicks.cells import Ints
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats

SURE = 1 - 1e-6  # no click is more certain than this, so that one that did not come is no impossibility


@dataclass(frozen=True, eq=False)
class TopDown:
    """Users who read from the top, click what attracts them, and leave satisfied by a click, or tired.

    Attributes
    ----------
    items
        query_id and doc_id of the m documents.
    attractiveness
        Shape (m + 1,): P(click | examined) of each document; the last is that of a document not known.
    satisfaction
        Shape (m + 1,): P(leaves satisfied | clicked); the last likewise.
    continuation
        P(goes on | not satisfied), in [0, 1].
    """

    items: pl.DataFrame
    attractiveness: Floats
    satisfaction: Floats
    continuation: float

    def log_likelihood(self, pages: Pages) -> Floats:
        """The log of the probability of each page's clicks, shape (n,); -inf where they are impossible."""
        attraction, leaves = self._by_place(pages)
        examining: Floats = np.ones(len(pages))
        total: Floats = np.zeros(len(pages))
        with np.errstate(divide="ignore"):  # what never happens has probability 0
            for k in range(len(pages.position)):
                clicked, p = pages.click[:, k] == 1, examining * attraction[:, k]
                total += np.where(clicked, np.log(p), np.log1p(-p))
                # Whether someone stopped is hidden: P(still examining | no click here) by Bayes.
                passed = np.divide(examining - p, 1 - p, out=np.zeros_like(p), where=p < 1)
                examining = self.continuation * np.where(clicked, 1 - leaves[:, k], passed)
        return total

    def examination(self, pages: Pages) -> Floats:
        """P(examined) of each place whatever is clicked, shape (n, K); NaN where nothing stood there."""
        attraction, leaves = self._by_place(pages)
        onward = self.continuation * (1 - attraction * leaves)
        reached = np.cumprod(np.column_stack([np.ones(len(pages)), onward[:, :-1]]), axis=1)
        return np.where(pages.shown, reached, np.nan)

    def labels(self, pages: Pages) -> pl.DataFrame:
        """What the pages and the model say of each document.

        Returns
        -------
        polars.DataFrame
            query_id, doc_id, attractiveness, satisfaction, relevance (attractiveness times satisfaction: P(satisfied |
            examined)), exposure (expected number of times it was examined, given all clicks), impressions, clicks.
        """
        code, m = self._codes(pages), len(self.items)
        at = np.where(pages.shown, code, m)
        weights = {"exposure": self.expected(pages).examined, "impressions": pages.shown, "clicks": pages.click}
        sums = {
            name: np.bincount(at.ravel(), w.ravel() * pages.shown.ravel(), m + 1)[:m] for name, w in weights.items()
        }
        return self.items.with_columns(
            attractiveness=self.attractiveness[:m],
            satisfaction=self.satisfaction[:m],
            relevance=self.attractiveness[:m] * self.satisfaction[:m],
            exposure=sums["exposure"],
            impressions=pl.Series(sums["impressions"]).cast(pl.Int64),
            clicks=pl.Series(sums["clicks"]).cast(pl.Int64),
        )

    def expected(self, pages: Pages) -> Expected:
        """What happened on each page, given all its clicks: what was examined, and what satisfied."""
        return expected(pages, *self._by_place(pages), self.continuation)

    def _by_place(self, pages: Pages) -> tuple[Floats, Floats]:
        """Attractiveness and satisfaction at each place, each (n, K); 0 where nothing stood there."""
        code = self._codes(pages)
        return tuple(np.where(pages.shown, of[code], 0.0) for of in (self.attractiveness, self.satisfaction))  # type: ignore[return-value]

    def _codes(self, pages: Pages) -> Ints:
        return _codes(self.items, pages)


@dataclass(frozen=True, eq=False)
class PositionBased:
    """Users who look at each position with a probability of its own, whatever stands above.

    Attributes
    ----------
    items
        query_id and doc_id of the m documents.
    relevance
        Shape (m + 1,): P(click | examined at the first position); the last is that of a document not known.
    position
        Shape (K,).
    alpha, beta
        Shape (K,): P(click) = alpha relevance + beta; beta is 0 without trust bias.
    """

    items: pl.DataFrame
    relevance: Floats
    position: Ints
    alpha: Floats
    beta: Floats

    @classmethod
    def of(cls, pages: Pages, propensities: Propensities, prior: float = 1.0) -> "PositionBased":
        """The position-based model of these propensities, with the relevance of each document that these pages say.

        Parameters
        ----------
        pages
            To learn relevance from.
        propensities
            One curve, of at least the positions of the pages.
        prior
            Each document's relevance is drawn towards the mean as if it had been examined so many times more.

        Raises
        ------
        ClickLogError
            A position of the pages has no propensity, or there is a curve for each context.
        """
        alpha, beta = _curve(pages, propensities)
        at, m = np.where(pages.shown, pages.item, len(pages.items)).ravel(), len(pages.items)
        exposure = np.bincount(at, np.where(pages.shown, alpha, 0.0).ravel(), m + 1)
        clicks = np.bincount(at, np.where(pages.shown, pages.click - beta, 0.0).ravel(), m + 1)
        mean = max(clicks.sum() / exposure.sum(), 1 - SURE)
        relevance = (clicks + prior * mean) / (exposure + prior)
        return cls(pages.items, np.maximum(relevance, 1 - SURE), pages.position, alpha, beta)

    def log_likelihood(self, pages: Pages) -> Floats:
        """The log of the probability of each page's clicks, shape (n,)."""
        relevance = self.relevance[_codes(self.items, pages)]
        place = _place(self.position, pages)
        p = np.clip(self.alpha[place] * relevance + self.beta[place], 1 - SURE, SURE)
        terms = np.where(pages.click == 1, np.log(p), np.log1p(-p))
        return np.asarray(np.where(pages.shown, terms, 0.0).sum(axis=1))

    def examination(self, pages: Pages) -> Floats:
        """Examination of each place relative to the first, shape (n, K); NaN where nothing stood there."""
        return np.where(pages.shown, (self.alpha / self.alpha[0])[_place(self.position, pages)], np.nan)


def _curve(pages: Pages, propensities: Propensities) -> tuple[Floats, Floats]:
    if propensities.context is not None:
        raise ClickLogError("the propensities have a curve for each context; pages take one: estimate without contexts")
    place = _place(propensities.position, pages)
    if propensities.alpha is None or propensities.beta is None:
        return propensities.examination[place], np.zeros(len(place))
    return propensities.alpha[place], propensities.beta[place]


def _place(known: Ints, pages: Pages) -> Ints:
    if len(lost := np.setdiff1d(pages.position, known)):
        raise ClickLogError(f"nothing is known of position {lost[0]} of the pages: estimate from a log that has it")
    return np.searchsorted(known, pages.position)


def _codes(items: pl.DataFrame, pages: Pages) -> Ints:
    """The row in `items` of what stands at each place, shape (n, K); len(items) where it is not there."""
    if items is pages.items:
        return np.where(pages.shown, pages.item, len(items))
    numbered = items.select(PAIR).with_row_index("row")
    found = pages.items.join(numbered, on=PAIR, how="left", maintain_order="left")["row"]
    row = np.append(found.cast(pl.Int64).fill_null(len(items)).to_numpy(), len(items))
    return np.asarray(row[pages.item])  # -1, nothing there, is the last
