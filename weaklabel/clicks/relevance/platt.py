"""Platt scaling of what is known up to a distribution: the log odds are linear in log relevance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.numerics import Floats

NODES = (np.arange(12) + 0.5) / 12  # quantiles of relevance that it is averaged over
WIDE = 5.0  # standard deviation of the prior of both weights, in log odds: it only keeps separable anchors finite
AT_ONCE = 200_000  # pairs in memory


@dataclass(frozen=True)
class Line:
    """Log odds = weights[0] + weights[1] log relevance; with the covariance of the two."""

    weights: Floats
    covariance: Floats

    def predict(self, gammas: Gammas, width: float) -> dict[str, pl.Series]:
        """p_relevant with an interval of `width` standard errors on each side in log odds, each of shape (n,)."""
        starts = range(0, len(gammas.mean), AT_ONCE)
        parts = [self._part(gammas.chosen(slice(i, i + AT_ONCE)), width) for i in starts]
        p, lower, upper = (pl.Series(np.concatenate(column)) for column in zip(*parts, strict=True))
        return {"p_relevant": p, "p_lower": lower, "p_upper": upper}

    def _part(self, gammas: Gammas, width: float) -> tuple[Floats, Floats, Floats]:
        x = _nodes(gammas)
        p = _probability(x, self.weights)
        each = _sigmoid(self.weights[0] + self.weights[1] * x)
        slope = each * (1 - each)
        jacobian = np.stack([slope.mean(axis=1), (slope * x).mean(axis=1)], axis=1) / (p * (1 - p))[:, None]
        error = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, self.covariance, jacobian))
        odds = np.log(p) - np.log1p(-p)
        return p, _sigmoid(odds - width * error), _sigmoid(odds + width * error)


def fit(gammas: Gammas, y: Floats) -> Line:
    """The line under which such grades are most likely.

    Parameters
    ----------
    gammas
        What clicks say about n graded documents.
    y
        Shape (n,): 1 where people say relevant, else 0.
    """
    from scipy.optimize import minimize

    x = _nodes(gammas)
    centre = x.mean()

    def surprise(weights: Floats) -> tuple[float, Floats]:
        each = _sigmoid(weights[0] + weights[1] * (x - centre))
        p, slope = each.mean(axis=1).clip(1e-9, 1 - 1e-9), each * (1 - each)
        value = -(y * np.log(p) + (1 - y) * np.log1p(-p)).sum() + (weights**2).sum() / (2 * WIDE**2)
        pull = (p - y) / (p * (1 - p)) / x.shape[1]
        gradient = np.array([pull @ slope.sum(axis=1), pull @ (slope * (x - centre)).sum(axis=1)])
        return float(value), gradient + weights / WIDE**2

    base = (y.sum() + 1) / (len(y) + 2)
    start = np.array([np.log(base / (1 - base)), 1.0])
    # More clicks never make a document less relevant.
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)]).x
    covariance = np.linalg.pinv(_hessian(lambda weights: surprise(weights)[1], found), hermitian=True)
    back = np.array([[1.0, -centre], [0.0, 1.0]])  # from centred to plain log relevance
    return Line(back @ found, back @ covariance @ back.T)


def cross_validated(gammas: Gammas, y: Floats, folds: int, seed: int) -> tuple[float, float]:
    """The mean log loss of a line on anchors that it was not fitted on, and that of the others' base rate."""
    fold = np.random.default_rng(seed).permutation(len(y)) % folds
    p, base = np.empty(len(y)), np.empty(len(y))
    for held in range(folds):
        out = fold == held
        line = fit(gammas.chosen(~out), y[~out])
        p[out] = _probability(_nodes(gammas.chosen(out)), line.weights)
        base[out] = (y[~out].sum() + 1) / ((~out).sum() + 2)
    return _log_loss(p, y), _log_loss(base, y)


def _nodes(gammas: Gammas) -> Floats:
    """Log relevance at equally likely places, shape (n, nodes)."""
    return np.log(np.stack([gammas.quantile(q) for q in NODES], axis=1))


def _probability(x: Floats, weights: Floats) -> Floats:
    p = _sigmoid(weights[0] + weights[1] * x).mean(axis=1)
    return np.asarray(p.clip(1e-9, 1 - 1e-9))


def _sigmoid(odds: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(odds))


def _log_loss(p: Floats, y: Floats) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())


def _hessian(gradient: Callable[[Floats], Floats], at: Floats, step: float = 1e-4) -> Floats:
    """Second derivatives by central differences of the first, shape (2, 2)."""
    rows = np.array([(gradient(at + e) - gradient(at - e)) / (2 * step) for e in np.eye(len(at)) * step])
    return np.asarray((rows + rows.T) / 2)
