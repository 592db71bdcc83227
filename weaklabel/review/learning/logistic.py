"""Logistic regression on uncertain labels, fast: the loop fits it hundreds of times in a round.

scikit-learn takes one class a row, so that an item with probabilities of k classes has to stand there k times. The loss
is the same if each item stands once, with its probabilities as the target. Each feature is measured in units of its own
curvature, or the words that stand in every text make the search zigzag (three to five times the steps, measured).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from weaklabel.labeling.train import default_classifier
from weaklabel.numerics import Floats, log_sum_exp, normalise_log

SLOPE, DECREASE, MOST_STEPS = 3e-4, 1e-6, 500  # where the search ends: of the mean loss, in nats


def fit_logistic(X: Any, probs: Floats, weight: Floats, start: Any = None, seed: int = 0) -> Any:
    """What `fit_soft` finds with the classifier that `train` uses by default, up to a step smaller than matters.

    Parameters
    ----------
    X
        n rows of numbers, an array or a scipy CSR matrix.
    probs
        Shape (n, k), rows sum to 1. At least two classes have some probability somewhere.
    weight
        Shape (n,), above 0.
    start
        A model of the same features to begin the search from, used where it knows the same classes.
    seed
        Of the classifier that is given back; plays no part.

    Returns
    -------
    LogisticRegression
        scikit-learn's, fitted; `classes_` are the columns of `probs` that occur.
    """
    classes = np.flatnonzero(probs.max(axis=0, initial=0) > 0)
    target = probs[:, classes] if len(classes) > 2 else probs[:, classes[1:]]
    found = _minimised(X, target, weight, _begin(start, classes, (X.shape[1] + 1, target.shape[1])), seed)
    model = default_classifier(seed)
    model.classes_, model.n_features_in_ = classes, X.shape[1]
    model.coef_, model.intercept_ = np.ascontiguousarray(found[:-1].T), found[-1].copy()
    return model


def _begin(start: Any, classes: Any, shape: tuple[int, int]) -> Floats:
    if not hasattr(start, "coef_") or not np.array_equal(start.classes_, classes):
        return np.zeros(shape)
    return np.vstack([start.coef_.T, start.intercept_])


def _minimised(X: Any, target: Floats, weight: Floats, begin: Floats, seed: int) -> Floats:
    """Coefficients, shape (d + 1, 1) for two classes and (d + 1, k) for more, the intercepts last."""
    from scipy.optimize import minimize

    ridge = 1 / default_classifier(seed).C
    total, outcomes = weight.sum(), begin.shape[1]
    unit = 1 / np.sqrt(_curvature(X, weight, ridge, outcomes) / total)[:, None]
    turned = X.T.tocsr() if hasattr(X, "tocsr") else X.T
    expected = _logistic if outcomes == 1 else _softmax

    def loss(scaled: Floats) -> tuple[float, Floats]:
        x = scaled.reshape(begin.shape) * unit
        surprise, probs = expected(X @ x[:-1] + x[-1], target)
        error = (probs - target) * weight[:, None]
        slope = np.vstack([turned @ error + ridge * x[:-1], error.sum(axis=0)]) * unit
        penalty = ridge / 2 * float((x[:-1] ** 2).sum())
        return float(weight @ surprise + penalty) / total, slope.ravel() / total

    options = {"gtol": SLOPE, "ftol": DECREASE, "maxiter": MOST_STEPS}
    found = minimize(loss, (begin / unit).ravel(), jac=True, method="L-BFGS-B", options=options).x
    return np.asarray(found.reshape(begin.shape) * unit)


def _curvature(X: Any, weight: Floats, ridge: float, outcomes: int) -> Floats:
    """The most that the loss can bend along each coefficient, shape (d + 1,)."""
    squared = X.multiply(X) if hasattr(X, "tocsr") else X * X
    bend = 0.25 if outcomes == 1 else (outcomes - 1) / outcomes**2
    return np.append(ridge + bend * np.asarray(squared.T @ weight).ravel(), bend * weight.sum())


Expected = Callable[[Floats, Floats], tuple[Floats, Floats]]


def _logistic(z: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Surprise, (n,), in nats, and probability of the second class, (n, 1)."""
    tail = np.exp(-np.abs(z))
    surprise = np.maximum(z, 0) + np.log1p(tail) - target * z
    return surprise[:, 0], np.where(z >= 0, 1.0, tail) / (1 + tail)


def _softmax(z: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Surprise, (n,), in nats, and probabilities, (n, k)."""
    return log_sum_exp(z) - (target * z).sum(axis=1), normalise_log(z)
