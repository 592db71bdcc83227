"""One curve of examination per context, drawn towards what the contexts have in common (partial pooling).

log theta of a context is drawn from a normal distribution around a common curve; its spread tau is learned, so that a
context of a thousand pages says what it has to say, and one of ten pages says what the others say.

Source: empirical Bayes by EM with the Laplace approximation; Gelman and Hill, Data Analysis Using Regression, 2006.
"""

from dataclasses import dataclass, replace

import numpy as np

from weaklabel.clicks.cells import Cells, Ints, Mask
from weaklabel.clicks.curves import fixed_effects
from weaklabel.clicks.curves.fixed_effects import Prior
from weaklabel.numerics import Floats

ROUNDS = 100
LEAST_TAU = 1e-3


@dataclass(frozen=True)
class Common:
    """What the contexts have in common.

    Attributes
    ----------
    mean
        Shape (p,): the common log examination at each slot's position.
    tau
        How far contexts are spread around it, in log units.
    """

    mean: Floats
    tau: float


def by_context(cells: Cells) -> Cells:
    """The same cells with an item of its own for each context: relevance may differ between contexts, too."""
    if not cells.context.any():
        return cells
    X = int(cells.context.max()) + 1
    code = cells.item * X + cells.context[cells.slot]
    order = np.argsort(code, kind="stable")
    moved = cells.where(order)
    return fixed_effects.renumbered(replace(moved, item=code[order], query=np.repeat(cells.query, X)))


def one_curve(cells: Cells) -> Cells:
    """The same cells with the slots of a position as one."""
    position, place = np.unique(cells.position, return_inverse=True)
    return replace(cells, slot=place[cells.slot], position=position, context=np.zeros_like(position))


def learn(cells: Cells, pooled: Floats) -> Common | None:
    """The common curve and the spread around it, from the curve of all together; None where there is one context."""
    X = len(np.unique(cells.context))
    if X < 2:
        return None
    of, mean, tau, free = place(cells), pooled, 0.3, ~cells.first
    log_theta = pooled[of]
    for _ in range(ROUNDS):
        log_theta = fit(cells, Common(mean[of], tau), log_theta)
        variance = _posterior_covariance(cells, log_theta, tau).diagonal()
        mean = np.bincount(of, log_theta) / np.bincount(of)
        before, tau = tau, float(np.sqrt((((log_theta - mean[of]) ** 2 + variance)[free]).mean()))
        if abs(tau - before) < 1e-3 * before or tau < LEAST_TAU:
            break
    return Common(mean[of], max(tau, LEAST_TAU))


def fit(cells: Cells, common: Common | None, start: Floats | None = None) -> Floats:
    """Log examination of each slot, shape (p,), 0 at the first position."""
    if common is None:
        return fixed_effects.fit(cells, start)
    free = ~cells.first
    # A context that starts lower than others is told by them how its first position compares with the top.
    begin = common.mean.copy() if start is None else np.where(free, start, common.mean)
    return fixed_effects.fit(cells, begin, free, _prior(common, free))


def replicates(cells: Cells, common: Common | None, log_theta: Floats) -> Floats:
    """The curves without each bucket of sessions, shape (B, p), to first order.

    What contexts have in common moves as the curve of them all together does.
    """
    if common is None:
        return log_theta + _moves(cells, log_theta, None)
    pooled = one_curve(cells)
    shift = _moves(pooled, fixed_effects.fit(pooled), None)[:, place(cells)]
    return np.asarray(log_theta + np.where(~cells.first, _moves(cells, log_theta, common, shift), shift))


def _moves(cells: Cells, log_theta: Floats, common: Common | None, shift: Floats | None = None) -> Floats:
    """How the estimate moves without each bucket, shape (B, p); with a prior whose mean moves by `shift`."""
    free, B = ~cells.first, cells.buckets
    scores = -fixed_effects.scores_by_bucket(cells, log_theta)[:, free] * B / (B - 1)
    information = _information(cells, log_theta, free)
    if common is not None and shift is not None:
        information = information + np.eye(len(information)) * common.tau**-2.0
        scores = scores + shift[:, free] * common.tau**-2.0
    moves = np.zeros((B, len(free)))
    moves[:, free] = np.linalg.solve(information, scores.T).T
    return moves


def _prior(common: Common | None, free: Mask) -> Prior | None:
    return None if common is None else Prior(common.mean, np.where(free, common.tau**-2.0, 0.0))


def errors(cells: Cells, log_theta: Floats, common: Common | None, by: str | None = None) -> Floats:
    """Standard errors of log examination, shape (p,); see `covariance`."""
    return np.asarray(np.sqrt(covariance(cells, log_theta, common, by).diagonal()))


def covariance(cells: Cells, log_theta: Floats, common: Common | None, by: str | None = None) -> Floats:
    """Covariance of log examination, shape (p, p): from the likelihood, or from clusters by "query" or "item"."""
    if common is not None:
        together = one_curve(cells)  # whose error is that of what contexts have in common
        of = place(cells)
        pooled = covariance(together, fixed_effects.fit(together), None, by)[np.ix_(of, of)]
        return _posterior_covariance(cells, log_theta, common.tau) + pooled
    free = ~cells.first
    if by is not None:
        return fixed_effects.sandwich(cells, log_theta, free, by)
    return _embedded(np.asarray(np.linalg.pinv(_information(cells, log_theta, free), hermitian=True)), free)


def connectivity(cells: Cells, log_theta: Floats) -> float:
    """The second smallest eigenvalue of the information matrix: how firmly the weakest positions hang on the others."""
    information = fixed_effects.derivatives(cells, log_theta)[1]
    return float(np.linalg.eigvalsh(information)[1])


def place(cells: Cells) -> Ints:
    """Which of all positions each slot is at."""
    return np.searchsorted(np.unique(cells.position), cells.position)


def _posterior_covariance(cells: Cells, log_theta: Floats, tau: float) -> Floats:
    free = ~cells.first
    return _embedded(np.linalg.inv(_information(cells, log_theta, free) + np.eye(int(free.sum())) * tau**-2.0), free)


def _information(cells: Cells, log_theta: Floats, free: Mask) -> Floats:
    return fixed_effects.derivatives(cells, log_theta)[1][np.ix_(free, free)]


def _embedded(some: Floats, free: Mask) -> Floats:
    """A matrix of the free slots as one of all: those that are not free have no variance."""
    whole = np.zeros((len(free),) * 2)
    whole[np.ix_(free, free)] = some
    return whole
