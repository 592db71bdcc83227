"""Do groups of items share one curve of examination? A score test at the curve that all share.

It needs no curve of its own for any group, so thin groups do no harm. Its scale is how much clicks really scatter, not
what a Poisson says.
"""

from dataclasses import dataclass, replace

import numpy as np

from weaklabel.clicks.cells import Cells, Ints, Mask
from weaklabel.clicks.curves import fixed_effects
from weaklabel.numerics import Floats

LEAST_CLICKS = 2.0  # a direction in which the score varies less than this many clicks says nothing
LEAST_SCATTER = 0.1  # relative to independent clicks; less is seen only where too few clusters are
ENOUGH = 50  # clicks per item; with fewer, what is left between buckets of sessions is less than what scatters
VAGUE = 1.0  # standard deviation of a group's log examination around the common curve, before its clicks are seen


@dataclass(frozen=True, eq=False)
class Evidence:
    """What clicks say on whether groups of items share a curve.

    Attributes
    ----------
    score
        Shape (G p,): in clicks, how each group departs at each slot; 0 in expectation where all share one curve.
    variance
        Shape (G p, G p): its covariance if impressions are clicked independently of each other.
    scatter
        The same, as seen between buckets of sessions; between items, where these are too thin for that.
    between_queries
        The same, as seen between queries: more, where their curves differ.
    clusters
        How many of equal weight the scatter was seen between.
    """

    score: Floats
    variance: Floats
    scatter: Floats
    between_queries: Floats
    clusters: float


@dataclass(frozen=True)
class CurveTest:
    """What the test found.

    Attributes
    ----------
    statistic, df, p_value
        Chi-square, its degrees of freedom, and how often chance does as much; df 0 and p_value 1 where there was
        nothing to test.
    dispersion
        The variance of clicks relative to that of impressions clicked independently: 1 is as much, 2 twice.
    between_queries
        The same as seen between queries: more, where their curves differ.
    """

    statistic: float
    df: int
    p_value: float
    dispersion: float
    between_queries: float

    def __str__(self) -> str:
        return f"chi-square {self.statistic:.0f} on {self.df} degrees of freedom, p {self.p_value:.2g}"


NOTHING = CurveTest(0.0, 0, 1.0, 1.0, 1.0)


def evidence(cells: Cells, group: Ints, log_theta: Floats) -> Evidence:
    """What the cells say on groups of items.

    Parameters
    ----------
    cells
        Informative ones. Where slots differ in their context, groups share a curve within each context.
    group
        Shape (n,), 0..G-1: the group of each item.
    log_theta
        Shape (p,): the curve, or curves, that fit all of them best.
    """
    G, p = int(group.max(initial=0)) + 1, len(cells.position)
    of_group = [_of(cells, group == g) for g in range(G)]
    information = [fixed_effects.derivatives(each, log_theta)[1] for each in of_group]
    common = np.linalg.pinv(sum(information, np.zeros((p, p))), hermitian=True)
    # The curve was fitted to the same clicks; what its own error does to the score is taken out.
    clear = np.eye(G * p) - np.vstack(information) @ common @ np.tile(np.eye(p), G)
    place = np.asarray(group[cells.item] * p + cells.slot)
    residual = cells.C - cells.per_item(cells.C)[cells.item] * fixed_effects.shares(cells, log_theta)
    score = np.bincount(place, residual, G * p)
    scatter, clusters = _scatter(cells, place, residual, log_theta, G * p)
    between = _between(place, residual, cells.query[cells.item], G * p)
    by_group = np.zeros((G * p, G * p))
    for g, each in enumerate(of_group):
        by_group[g * p : (g + 1) * p, g * p : (g + 1) * p] = _variance(each, log_theta)
    variance, scatter, between = (clear @ each @ clear.T for each in (by_group, scatter, between))
    return Evidence(clear @ score, variance, scatter, between, clusters)


def test(found: Evidence) -> CurveTest:
    """A chi-square test of evidence, its variance scaled to how much clicks scatter.

    Source: Rao and Scott, On Chi-squared Tests for Multiway Contingency Tables with Cell Proportions Estimated from
    Survey Data, Annals of Statistics 1984 (the first-order correction).
    """
    from scipy.special import fdtrc

    size, direction = np.linalg.eigh(found.variance)
    kept = size > LEAST_CLICKS
    df = int(kept.sum())
    if not df or found.clusters <= 1:
        return NOTHING
    whitened = direction[:, kept] / np.sqrt(size[kept])
    dispersion, between = (
        float(np.trace(whitened.T @ scatter @ whitened)) / df for scatter in (found.scatter, found.between_queries)
    )
    statistic = float(((whitened.T @ found.score) ** 2).sum()) / max(dispersion, LEAST_SCATTER)
    p_value = float(fdtrc(df, found.clusters - 1, statistic / df))
    return CurveTest(statistic, df, p_value, dispersion, between)


def difference(result: CurveTest, found: Evidence) -> float:
    """By how much the log curves differ beyond chance: the root mean square, weighted as the clicks are."""
    return _size(max(result.statistic - result.df, 0.0), result, found)


def visible(result: CurveTest, found: Evidence) -> float:
    """The least such difference that stands out from chance: by two standard deviations of the statistic."""
    return _size(2 * (2 * result.df) ** 0.5, result, found) if result.df else float("inf")


def _size(statistic: float, result: CurveTest, found: Evidence) -> float:
    return float(np.sqrt(statistic * result.dispersion / max(np.trace(found.variance), np.finfo(float).tiny)))


def curves(cells: Cells, group: Ints, log_theta: Floats) -> tuple[Floats, Floats]:
    """Log examination of each group, shape (G, p), drawn weakly to the common curve, and its covariance (G, p, p)."""
    G, p = int(group.max(initial=0)) + 1, len(log_theta)
    moving = ~cells.first
    prior = fixed_effects.Prior(log_theta, np.where(moving, VAGUE**-2.0, 0.0))
    found, covariance = np.zeros((G, p)), np.zeros((G, p, p))
    for g in range(G):
        some = _of(cells, group == g)
        found[g] = fixed_effects.fit(some, log_theta, moving, prior)
        precision = fixed_effects.derivatives(some, found[g], prior)[1][np.ix_(moving, moving)]
        covariance[g][np.ix_(moving, moving)] = np.linalg.inv(precision)
    return found, covariance


def thick(cells: Cells) -> bool:
    """Whether items have clicks enough for buckets of sessions to tell how much these scatter."""
    return bool(cells.C.sum() >= ENOUGH * len(cells.query))


def _of(cells: Cells, chosen: Mask) -> Cells:
    return replace(cells.where(chosen[cells.item]), N_by_bucket=None, C_by_bucket=None)


def _variance(cells: Cells, log_theta: Floats) -> Floats:
    """Covariance of the score of a group, shape (p, p), if each impression is clicked or not by itself.

    A click rate of 30 % varies less than a Poisson of that mean, by (1 - rate).
    """
    share, clicks = fixed_effects.shares(cells, log_theta), cells.per_item(cells.C)
    expected = clicks[cells.item] * share
    # The square of the click rate of an item, without bias: C (C - 1) stands for C^2.
    again = np.maximum(clicks - 1, 0) / np.maximum(clicks, 1)
    each = expected * (1 - again[cells.item] * np.minimum(expected / np.maximum(cells.N, 1), 1))
    crossed = fixed_effects.together(cells, each, share)
    total = fixed_effects.together(cells, cells.per_item(each)[cells.item] * share, share)
    return np.asarray(np.diag(cells.per_slot(each)) - crossed - crossed.T + total)


def _scatter(cells: Cells, place: Ints, residual: Floats, log_theta: Floats, size: int) -> tuple[Floats, float]:
    """Covariance of the score, shape (size, size), as seen between buckets or items; and how many these are worth."""
    if cells.buckets and thick(cells):
        return _between_buckets(cells, place, log_theta, size), float(size * (cells.buckets - 1))
    told = cells.per_item(cells.C) * (1 - cells.per_item(fixed_effects.shares(cells, log_theta) ** 2))
    effective = float(told.sum() ** 2 / max((told**2).sum(), np.finfo(float).tiny))
    return _between(place, residual, cells.item, size), effective


def _between(place: Ints, residual: Floats, cluster: Ints, size: int) -> Floats:
    """Covariance of the sum of residuals at each place, from clusters that are independent, shape (size, size)."""
    from scipy.sparse import csr_matrix

    _, code = np.unique(cluster, return_inverse=True)
    number = int(code.max(initial=-1)) + 1
    scores = csr_matrix((residual, (code, place)), shape=(number, size))
    total = np.asarray(scores.sum(axis=0)).ravel()
    spread = np.asarray((scores.T @ scores).toarray()) - np.outer(total, total) / max(number, 1)
    return np.asarray(spread * (number / max(number - 1, 1)))


def _between_buckets(cells: Cells, place: Ints, log_theta: Floats, size: int) -> Floats:
    shown, clicked = cells.N_by_bucket, cells.C_by_bucket
    if shown is None or clicked is None:
        raise ValueError("these counts have no buckets: the log had no sessions")
    share = fixed_effects.shares(cells, log_theta)
    rate = cells.per_item(cells.C)[cells.item] * share / np.maximum(cells.N, 1)
    scores = np.zeros((size, cells.buckets))
    for b in range(cells.buckets):
        residual = clicked[:, b] - shown[:, b] * rate
        scores[:, b] = np.bincount(place, residual - cells.per_item(residual)[cells.item] * share, size)
    gap = scores - scores.mean(axis=1, keepdims=True)
    return np.asarray(gap @ gap.T * (cells.buckets / (cells.buckets - 1)))
