"""Fitting users who read from the top, by expectation maximisation over what they did after their last click."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.clicks.browsing.e_step import Expected
from weaklabel.clicks.browsing.page_models import TopDown
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.cells import Ints
from weaklabel.numerics import Floats

CERTAIN = 1e-9  # an estimated probability is no closer to 0 or 1
LEVELS, ALIKE = 30, 30.0  # of attractiveness; clicks that the satisfaction of a level counts as


@dataclass(frozen=True)
class Fit:
    """How a model is fitted.

    Attributes
    ----------
    continuation
        P(goes on | not satisfied); None learns it.
    satisfies
        Whether each click satisfies, as in the cascade model; otherwise each document's satisfaction is learned.
    prior
        A document's attractiveness is drawn towards the log's own rate as if it had been examined so many times more:
        the mean of a beta posterior.
    iterations, tolerance
        At most so many rounds, until no log examination of a place changes by more, on average over the pages.
    """

    continuation: float | None
    satisfies: bool
    prior: float
    iterations: int
    tolerance: float


def fit(pages: Pages, weight: Floats, how: Fit, start: TopDown | None = None) -> TopDown:
    """Fit a model to pages, each counted `weight` times, shape (n,).

    A few clicks say little of whether a document satisfies. Left to itself its satisfaction ends at 0 or 1, and on
    average too high; drawn towards the mean of all, that of bad documents does. So it is drawn towards the mean of
    documents that are about as attractive, which a first fit tells.
    """
    if start is None or how.satisfies:
        start = _climb(pages, weight, how, _begin(pages, how), np.zeros(len(pages.items), dtype=np.int64))
    return start if how.satisfies else _climb(pages, weight, how, start, _levels(pages, weight, start))


def curve(model: TopDown, pages: Pages, weight: Floats) -> Floats:
    """Examination of each place over the pages that have a document there, relative to the first; shape (K,)."""
    examined = np.where(pages.shown, model.examination(pages), 0.0)
    rate = (weight @ examined) / np.maximum(weight @ pages.shown, CERTAIN)
    return np.asarray(np.maximum(rate, CERTAIN) / max(rate[0], CERTAIN))


def _begin(pages: Pages, how: Fit) -> TopDown:
    m = len(pages.items)
    satisfaction = np.full(m + 1, 1.0 if how.satisfies else 0.5)
    continuation = 0.8 if how.continuation is None else how.continuation
    return TopDown(pages.items, np.full(m + 1, 0.3), satisfaction, continuation)


def _levels(pages: Pages, weight: Floats, model: TopDown) -> Ints:
    """The level of attractiveness of each document, shape (m,): about as many clicks at each."""
    clicks, order = _per_item(pages, weight, pages.click), np.argsort(model.attractiveness[:-1], kind="stable")
    level = np.empty(len(order), dtype=np.int64)
    level[order] = np.minimum(np.cumsum(clicks[order]) / clicks.sum() * LEVELS, LEVELS - 1).astype(np.int64)
    return level


def _climb(pages: Pages, weight: Floats, how: Fit, model: TopDown, level: Ints) -> TopDown:
    before = np.ones(len(pages.position))
    for _ in range(how.iterations):
        hidden = model.expected(pages)
        model = _improved(model, hidden, pages, weight, how, level)
        now = np.maximum(weight @ hidden.examined / weight.sum(), CERTAIN)
        if np.abs(np.log(now / before)).max() < how.tolerance:
            break
        before = now
    return model


def _improved(model: TopDown, hidden: Expected, pages: Pages, weight: Floats, how: Fit, level: Ints) -> TopDown:
    clicks = _per_item(pages, weight, pages.click)
    examined = _per_item(pages, weight, hidden.examined)
    attractiveness = _drawn(clicks, examined, how.prior, np.zeros_like(level))
    satisfaction = model.satisfaction
    if not how.satisfies:
        satisfaction = _drawn(_per_item(pages, weight, hidden.satisfied), clicks, ALIKE if level.any() else 1.0, level)
    tried, went_on = float((weight @ hidden.tried).sum()), float((weight @ hidden.went_on).sum())
    continuation = went_on / max(tried, CERTAIN) if how.continuation is None else how.continuation
    return TopDown(pages.items, attractiveness, satisfaction, continuation)


def _per_item(pages: Pages, weight: Floats, values: NDArray[Any]) -> Floats:
    """Weighted sums over the places where each document stood, shape (m,)."""
    at = np.where(pages.shown, pages.item, len(pages.items))
    sums = np.bincount(at.T.ravel(), (weight[:, None] * values).T.ravel(), len(pages.items) + 1)
    return np.asarray(sums[:-1], dtype=np.float64)


def _drawn(hits: Floats, trials: Floats, prior: float, level: Ints) -> Floats:
    """Rates drawn towards that of their level; what is not known has the overall rate, added last; shape (m + 1,)."""
    of_level = np.bincount(level, hits) / np.maximum(np.bincount(level, trials), CERTAIN)
    rates = (hits + prior * of_level[level]) / (trials + prior)
    return np.clip(np.append(rates, hits.sum() / max(trials.sum(), CERTAIN)), CERTAIN, 1 - CERTAIN)
