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
LEVELS, HEIGHTS = 30, 10  # of attractiveness; of the place where documents mostly stand
ENOUGH = 20  # documents of a height, to be drawn towards
FIRST, STRONGEST = 1.0, 1000.0  # clicks that the satisfaction of a level counts as: at first, and at most


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
        A document's attractiveness is drawn towards that of others as if it had been examined so many times more: the
        mean of a beta posterior.
    iterations, tolerance
        At most so many rounds, until no log examination of a place changes by more, on average over the pages.
    """

    continuation: float | None
    satisfies: bool
    prior: float
    iterations: int
    tolerance: float


@dataclass(frozen=True)
class Pooling:
    """Which documents are drawn towards each other.

    Attributes
    ----------
    height
        Shape (m,): groups by where documents mostly stand, for their attractiveness.
    level
        Shape (m,): groups by attractiveness, for their satisfaction.
    strength
        How many clicks the satisfaction of a level counts as.
    """

    height: Ints
    level: Ints
    strength: float


def fit(pages: Pages, weight: Floats, how: Fit, start: TopDown | None = None) -> TopDown:
    """Fit a model to pages, each counted `weight` times, shape (n,).

    A few views say little of whether a document attracts: it is drawn towards the mean of those that mostly stand
    about as high, since rankers put what attracts on top. And a few clicks say little of whether it satisfies. Left to
    itself its satisfaction ends at 0 or 1, and on average too high; drawn towards the mean of all, that of bad
    documents does. So it is drawn towards the mean of documents that are about as attractive, which a first fit tells,
    the more the less these differ.
    """
    height = _heights(pages, weight)
    alike = Pooling(height, np.zeros_like(height), FIRST)
    if start is None or how.satisfies:
        start = _climb(pages, weight, how, _begin(pages, how), alike)
    return start if how.satisfies else _climb(pages, weight, how, start, _pooling(pages, weight, height, start))


def curve(model: TopDown, pages: Pages, weight: Floats) -> Floats:
    """Examination of each place over the pages that have a document there, relative to the first; shape (K,).

    Given their clicks: above the last click of a page all was examined, whatever the model says of its documents.
    """
    examined = np.where(pages.shown, model.expected(pages).examined, 0.0)
    rate = (weight @ examined) / np.maximum(weight @ pages.shown, CERTAIN)
    return np.asarray(np.maximum(rate, CERTAIN) / max(rate[0], CERTAIN))


def _begin(pages: Pages, how: Fit) -> TopDown:
    m = len(pages.items)
    satisfaction = np.full(m + 1, 1.0 if how.satisfies else 0.5)
    continuation = 0.8 if how.continuation is None else how.continuation
    return TopDown(pages.items, np.full(m + 1, 0.3), satisfaction, continuation)


def _heights(pages: Pages, weight: Floats) -> Ints:
    """How high each document mostly stands, shape (m,), in groups of about as many impressions."""
    shown = _per_item(pages, weight, pages.shown)
    place = _per_item(pages, weight, pages.shown * np.arange(len(pages.position)))
    number = int(np.clip(len(shown) // ENOUGH, 1, HEIGHTS))
    return _levels(place / np.maximum(shown, CERTAIN), shown, number)


def _levels(values: Floats, weight: Floats, number: int) -> Ints:
    """The level of each value, shape (m,), 0 for the smallest: of about as much weight each."""
    order = np.argsort(values, kind="stable")
    level = np.empty(len(order), dtype=np.int64)
    level[order] = np.minimum(np.cumsum(weight[order]) / weight.sum() * number, number - 1).astype(np.int64)
    return level


def _pooling(pages: Pages, weight: Floats, height: Ints, model: TopDown) -> Pooling:
    level = _levels(model.attractiveness[:-1], _per_item(pages, weight, pages.click), LEVELS)
    return Pooling(height, level, _strength(pages, weight, level, model.expected(pages)))


def _strength(pages: Pages, weight: Floats, level: Ints, hidden: Expected) -> float:
    """How many clicks the satisfaction of a level counts as: of a beta distribution as wide as documents differ.

    A click is the last with probability s + (1 - s) quiet. What the number of last clicks varies more than that, the
    documents of a level differ in s: by moments, so that what few clicks say has no need to lie in [0, 1].
    """
    below = np.column_stack([pages.shown[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:], np.zeros(len(pages))]) > 0
    clicked = (pages.click == 1) & below
    last = clicked & (pages.click[:, ::-1].cumsum(axis=1)[:, ::-1] == 1)
    told = np.where(clicked, 1 - hidden.quiet, 0.0)
    excess, telling = (_per_item(pages, weight, each) for each in (told - (clicked & ~last), told))
    mean = np.clip(np.bincount(level, excess) / np.maximum(np.bincount(level, telling), CERTAIN), 0.0, 1.0)
    of_place = np.append(mean[level], 0.0)[np.where(pages.shown, pages.item, len(level))]
    p = np.where(clicked, 1 - told * (1 - of_place), 0.0)
    chance, squares = (_per_item(pages, weight, each) for each in (p * (1 - p), told**2))
    residual = excess - mean[level] * telling
    variance = (residual**2 - chance).sum() / max((telling**2 - squares).sum(), CERTAIN)
    expected = float((mean * (1 - mean)) @ np.bincount(level, telling) / max(telling.sum(), CERTAIN))
    return float(np.clip(expected / max(variance, CERTAIN) - 1, FIRST, STRONGEST))


def _climb(pages: Pages, weight: Floats, how: Fit, model: TopDown, alike: Pooling) -> TopDown:
    before = np.ones(len(pages.position))
    for _ in range(how.iterations):
        hidden = model.expected(pages)
        model = _improved(model, hidden, pages, weight, how, alike)
        now = np.maximum(weight @ hidden.examined / weight.sum(), CERTAIN)
        if np.abs(np.log(now / before)).max() < how.tolerance:
            break
        before = now
    return model


def _improved(model: TopDown, hidden: Expected, pages: Pages, weight: Floats, how: Fit, alike: Pooling) -> TopDown:
    clicks = _per_item(pages, weight, pages.click)
    examined = _per_item(pages, weight, hidden.examined)
    attractiveness = _drawn(clicks, examined, how.prior, alike.height)
    satisfaction = model.satisfaction
    if not how.satisfies:
        satisfaction = _drawn(_per_item(pages, weight, hidden.satisfied), clicks, alike.strength, alike.level)
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
