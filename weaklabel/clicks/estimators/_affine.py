"""Click probabilities of irrelevant and of relevant documents at each position, from documents of known relevance.

An impression of a document of relevance g is clicked with probability (1 - g) low + g high, where low and high depend
on the position. Both are probabilities, so that no click rate beyond them can come out. Where a position has few graded
documents, it is drawn towards its neighbours: the logs of low and high walk from each position to the next by a
normal step, whose variance is in proportion to the step in log position. Logs, and not logits: a relevant document on
top may be clicked for certain, and that is no infinite step from the next.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel.clicks.cells import Cells, Ints
from weaklabel.errors import ConvergenceError
from weaklabel.numerics import Floats

FAR = 15.0  # logits beyond it are 0 or 1 for what clicks can tell
STEPS = 1000


@dataclass(frozen=True)
class Walk:
    """Which slots are neighbours, and how firmly each is drawn to the next.

    Attributes
    ----------
    here, there
        Shape (m,): slots and the next ones of the same context.
    pull
        Shape (m,): the inverse variance of each step.
    """

    here: Ints
    there: Ints
    pull: Floats


def walk(cells: Cells, roughness: float) -> Walk:
    """The walk over the positions of each context; `roughness` is its standard deviation over a step of 1 in log."""
    here = np.flatnonzero(np.diff(cells.context) == 0)
    step = np.log(cells.position[here + 1] / cells.position[here])
    return Walk(here, here + 1, 1 / (roughness**2 * step))


def fit(cells: Cells, relevance: Floats, neighbours: Walk, start: Floats | None = None) -> Floats:
    """Logits of low and high at each slot, shape (2, p), at the highest posterior.

    Parameters
    ----------
    cells
        Of graded items only.
    relevance
        Shape (n,), in [0, 1].
    neighbours
        The prior.
    start
        Shape (2, p): where to begin.

    Raises
    ------
    ConvergenceError
        It did not settle.
    """
    from scipy.optimize import minimize

    p = len(cells.position)
    begin = np.repeat([[-2.0], [0.0]], p, axis=1) if start is None else start
    scale = max(float(cells.C.sum()), 1.0)

    def cost(flat: Floats) -> tuple[float, Floats]:
        value, slope = posterior(cells, relevance, neighbours, flat.reshape(2, p))
        return -value / scale, -slope.ravel() / scale

    options = {"maxiter": STEPS, "ftol": 1e-14, "gtol": 1e-8}
    found: Any = minimize(
        cost, begin.ravel(), jac=True, method="L-BFGS-B", bounds=[(-FAR, FAR)] * 2 * p, options=options
    )
    if not np.isfinite(found.x).all() or found.nit >= STEPS:
        raise ConvergenceError(f"the click rates of graded documents did not settle in {STEPS} steps")
    return np.asarray(found.x.reshape(2, p))


def posterior(cells: Cells, relevance: Floats, neighbours: Walk, logits: Floats) -> tuple[float, Floats]:
    """Log-likelihood of the clicks plus log prior, and its slope, shape (2, p)."""
    low, high = probability(logits)
    g = relevance[cells.item]
    p = np.clip((1 - g) * low[cells.slot] + g * high[cells.slot], 1e-12, 1 - 1e-12)
    value = float(cells.C @ np.log(p) + (cells.N - cells.C) @ np.log1p(-p))
    residual = cells.C / p - (cells.N - cells.C) / (1 - p)
    slope = np.stack([cells.per_slot(residual * (1 - g)), cells.per_slot(residual * g)])
    slope *= np.stack([low * (1 - low), high * (1 - high)])
    logs, missed = -np.logaddexp(0.0, -logits), 1 - probability(logits)  # d log p / d logit is 1 - p
    step = logs[:, neighbours.there] - logs[:, neighbours.here]
    slope[:, neighbours.there] -= neighbours.pull * step * missed[:, neighbours.there]
    slope[:, neighbours.here] += neighbours.pull * step * missed[:, neighbours.here]
    return value - float((neighbours.pull * step**2).sum() / 2), slope


def probability(logits: Floats) -> Floats:
    """Logits as probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)))
