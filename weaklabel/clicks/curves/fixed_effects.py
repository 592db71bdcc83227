"""The conditional Poisson likelihood of clicks: each item's own relevance drops out, and position remains.

Given all clicks C_i of an item, they fall on the slots it was shown at in proportion to impressions times examination:
log L = sum_ik C_ik log theta_k - sum_i C_i log sum_k N_ik theta_k. It is concave in log theta, and its information
matrix is the Laplacian of the graph in which items link the slots that they were shown at.

Source: conditional (fixed-effects) Poisson regression, Hausman, Hall and Griliches, Econometrica 1984.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from weaklabel.clicks.cells import Cells, Ints, Mask, buckets_of
from weaklabel.errors import ConvergenceError
from weaklabel.numerics import Floats

TOLERANCE, STEPS = 1e-10, 200
ITEMS = 20_000  # whose buckets are looked at together
ROWS, DENSE = 4_000, 64  # items in a plain matrix; slots up to which that is quicker than a sparse one


@dataclass(frozen=True)
class Prior:
    """A normal prior on log theta: what pools the curves of several contexts.

    Attributes
    ----------
    mean, precision
        Shape (p,); precision 0 leaves a slot to the data.
    """

    mean: Floats
    precision: Floats


def fit(cells: Cells, start: Floats | None = None, free: Mask | None = None, prior: Prior | None = None) -> Floats:
    """Log examination of each slot by Newton's method, shape (p,), 0 at the first slot that is not free.

    Parameters
    ----------
    cells
        Items that were shown at one slot only, or never clicked, say nothing and may be left out.
    start
        Shape (p,): where to begin.
    free
        Shape (p,), true where a slot is estimated; by default all but the first. The others stay as they start.
    prior
        Added to the likelihood.

    Raises
    ------
    ConvergenceError
        The likelihood has no maximum: check first what is identified.
    """
    p = len(cells.position)
    log_theta = np.zeros(p) if start is None else start.copy()
    moving = np.arange(p) > 0 if free is None else np.asarray(free, dtype=bool)
    value = log_likelihood(cells, log_theta, prior)
    for _ in range(STEPS):
        score, information = derivatives(cells, log_theta, prior)
        score, information = score[moving], information[np.ix_(moving, moving)]
        step = np.zeros(p)
        step[moving] = np.linalg.solve(information + 1e-12 * np.eye(len(score)) * np.trace(information), score)
        log_theta, value, moved = _ascend(cells, log_theta, step, value, prior)
        if moved < TOLERANCE:
            return log_theta
    raise ConvergenceError(f"examination did not settle in {STEPS} steps: some positions are hardly linked to others")


def _ascend(cells: Cells, at: Floats, step: Floats, value: float, prior: Prior | None) -> tuple[Floats, float, float]:
    """A step along Newton's direction that does not go down; halved until it does not."""
    step = step * min(1.0, 3.0 / max(np.abs(step).max(initial=0.0), 1e-300))
    for _ in range(40):
        reached = log_likelihood(cells, at + step, prior)
        if reached >= value - 1e-9 * abs(value):
            return at + step, reached, float(np.abs(step).max(initial=0.0))
        step = step / 2
    return at, value, 0.0


def log_likelihood(cells: Cells, log_theta: Floats, prior: Prior | None = None) -> float:
    """The conditional log-likelihood, up to a constant."""
    clicks = cells.per_item(cells.C)
    exposure = cells.per_item(cells.N * np.exp(log_theta).take(cells.slot))
    clicked = clicks > 0
    value = float(cells.C @ log_theta[cells.slot] - clicks[clicked] @ np.log(exposure[clicked]))
    return value if prior is None else value - float(prior.precision @ (log_theta - prior.mean) ** 2 / 2)


def shares(cells: Cells, log_theta: Floats) -> Floats:
    """Which share of an item's clicks each of its cells should have, shape (M,)."""
    weight = cells.N * np.exp(log_theta).take(cells.slot)
    return np.asarray(weight * (1.0 / np.maximum(cells.per_item(weight), np.finfo(float).tiny)).take(cells.item))


def derivatives(cells: Cells, log_theta: Floats, prior: Prior | None = None) -> tuple[Floats, Floats]:
    """Score (p,) and information (p, p) of log theta."""
    share = shares(cells, log_theta)
    expected = cells.per_item(cells.C).take(cells.item) * share
    score = cells.per_slot(cells.C - expected)
    information = np.diag(cells.per_slot(expected)) - together(cells, expected, share)
    if prior is not None:
        score = score - prior.precision * (log_theta - prior.mean)
        information = information + np.diag(prior.precision)
    return score, information


def together(cells: Cells, left: Floats, right: Floats) -> Floats:
    """Sum over items of the outer products of two cell vectors, shape (p, p)."""
    n, p = len(cells.query), len(cells.position)
    if p > DENSE:
        return np.asarray((by_item(cells, left).T @ by_item(cells, right)).toarray())
    total = np.zeros((p, p))
    for first, last in pairwise(np.searchsorted(cells.item, np.arange(0, n + ROWS, ROWS))):
        if first < last:  # a few thousand items at once, as rows of plain matrices that the cache holds
            at = (cells.item[first:last] % ROWS) * p + cells.slot[first:last]
            rows = np.zeros((2, ROWS * p))
            rows[0, at], rows[1, at] = left[first:last], right[first:last]
            a, b = rows.reshape(2, ROWS, p)
            total += a.T @ b
    return total


def by_item(cells: Cells, values: Floats) -> Any:
    """A cell vector as a sparse matrix, shape (n, p)."""
    from scipy.sparse import csr_matrix

    starts = np.searchsorted(cells.item, np.arange(len(cells.query) + 1))
    return csr_matrix((values, cells.slot, starts), shape=(len(cells.query), len(cells.position)))


def scores_by_bucket(cells: Cells, log_theta: Floats) -> Floats:
    """What each bucket of sessions adds to the score, shape (B, p), to first order; they sum to the score.

    In a cell C_b - r N_b theta is left over, with r the item's clicks per examined impression; and as r was fitted to
    the item, each slot bears its share of what is left over in the item.
    """
    N, C = buckets_of(cells)
    theta, weight = np.exp(log_theta).take(cells.slot), cells.N * np.exp(log_theta).take(cells.slot)
    rate = cells.per_item(cells.C) / np.maximum(cells.per_item(weight), np.finfo(float).tiny)
    expected, share = rate.take(cells.item) * theta, by_item(cells, shares(cells, log_theta))
    scores = np.zeros((len(cells.position), cells.buckets))
    bounds = np.searchsorted(cells.item, np.arange(0, len(cells.query) + ITEMS, ITEMS))
    for part, (first, last) in enumerate(pairwise(bounds)):
        some = slice(first, last)
        left_over = C[some] - expected[some, None] * N[some]
        scores += _one_hot(cells.slot[some], len(scores)).T @ left_over
        items = slice(part * ITEMS, part * ITEMS + ITEMS)
        present, starts = np.unique(cells.item[some], return_index=True)
        of_items = np.zeros((len(cells.query[items]), cells.buckets))
        of_items[present - items.start] = np.add.reduceat(left_over, starts) if len(starts) else 0.0
        scores -= share[items].T @ of_items
    return scores.T


def _one_hot(slot: Ints, p: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(slot)), slot, np.arange(len(slot) + 1)), shape=(len(slot), p))


def informative(cells: Cells) -> Cells:
    """Only the items that say something: clicked, and shown at two slots or more; renumbered."""
    slots = np.bincount(cells.item, cells.N > 0, len(cells.query))
    telling = (slots >= 2) & (cells.per_item(cells.C) > 0)
    if telling.all():
        return cells
    return renumbered(cells.where(telling[cells.item]))


def renumbered(cells: Cells) -> Cells:
    """The same cells with items numbered without gaps."""
    if not len(cells.item):
        return replace(cells, query=cells.query[:0])
    new = np.diff(cells.item, prepend=-1) != 0
    return replace(cells, item=np.cumsum(new) - 1, query=cells.query[cells.item[new]])


def sandwich(cells: Cells, log_theta: Floats, moving: Mask, by: str = "query") -> Floats:
    """Covariance of log theta that trusts no Poisson: scores are added up within clusters, shape (p, p).

    Parameters
    ----------
    cells, log_theta
        As fitted.
    moving
        Shape (p,), true where a slot was estimated; the others have no variance.
    by
        "query" or "item": within which clicks may depend on each other.
    """
    from scipy.sparse import csr_matrix

    share = shares(cells, log_theta)
    residual = cells.C - cells.per_item(cells.C)[cells.item] * share
    cluster = cells.query[cells.item] if by == "query" else cells.item
    size = (int(cluster.max(initial=-1)) + 1, len(log_theta))
    scores = csr_matrix((residual, (cluster, cells.slot)), shape=size)
    meat = np.asarray((scores.T @ scores).toarray())
    groups = len(np.unique(cluster))
    kept = np.ix_(moving, moving)
    bread = np.linalg.pinv(derivatives(cells, log_theta)[1][kept], hermitian=True)
    covariance = np.zeros((len(log_theta),) * 2)
    covariance[kept] = bread @ meat[kept] @ bread * (groups / max(groups - 1, 1))
    return covariance
