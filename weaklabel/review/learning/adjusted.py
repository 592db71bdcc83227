"""Classifiers that stand where a fitted one is too sure, too modest, or cannot be fitted at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats, log_sum_exp, normalise_log, row_sum

STIFFNESS = 2.0  # the penalty on the log of the sharpness, in nats at 1: with ten answers it stays near 1
LEAST = 0.01  # probability that the surprise is computed with: one mislabelled answer must not decide


@dataclass(frozen=True)
class Sharpened:
    """A classifier whose probabilities are raised to a power, and sum to 1 again: the most probable class stays.

    Parameters
    ----------
    classifier
        A fitted one.
    sharpness
        The power, above 0: more than 1 where it is too modest.

    Source: temperature scaling, Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """

    classifier: Any
    sharpness: float

    @property
    def classes_(self) -> NDArray[np.int64]:
        """Of the classifier."""
        return np.asarray(self.classifier.classes_)

    def predict_proba(self, X: Any) -> Floats:
        """Shape (n, k)."""
        return sharpened(np.asarray(self.classifier.predict_proba(X), np.float64), self.sharpness)


@dataclass(frozen=True)
class Balance:
    """Expects the same of every item: the classes' shares. All that can be said where one class alone was seen.

    Parameters
    ----------
    shares
        Shape (k,), sums to 1.
    """

    shares: tuple[float, ...]

    @property
    def classes_(self) -> NDArray[np.int64]:
        """All of them."""
        return np.arange(len(self.shares))

    def predict_proba(self, X: Any) -> Floats:
        """Shape (n, k)."""
        return np.tile(np.array(self.shares), (X.shape[0] if hasattr(X, "shape") else len(X), 1))


def sharpened(probs: Floats, power: float) -> Floats:
    """Probabilities, shape (n, k), raised to a power and made to sum to 1.

    Examples
    --------
    >>> sharpened(np.array([[0.75, 0.25], [1.0, 0.0]]), 2.0).round(6).tolist()
    [[0.9, 0.1], [1.0, 0.0]]
    """
    if power == 1:
        return probs
    raised = (probs / probs.max(axis=1, keepdims=True)) ** power  # the largest is 1, so that not all underflow
    return np.asarray(raised / row_sum(raised)[:, None])


def sharpness(probs: Floats, y: NDArray[np.int64]) -> float:
    """The power that makes known classes, shape (a,), least surprising beside expectations of them, (a, k).

    It changes no label, so that answers chosen where the model doubts can tell it without harm.
    """
    from scipy.optimize import minimize_scalar

    logs = np.log(np.maximum(probs, LEAST))

    def loss(log_power: float) -> float:
        z = np.exp(log_power) * logs
        return float((log_sum_exp(z) - z[np.arange(len(y)), y]).sum()) + STIFFNESS * log_power**2

    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x))


def mixed(parts: list[Floats], shares: Floats) -> Floats:
    """The geometric mean of probabilities, each part counting for its share."""
    logs = [share * np.log(np.maximum(part, 1e-9)) for part, share in zip(parts, shares, strict=True)]
    return normalise_log(np.sum(logs, axis=0))
