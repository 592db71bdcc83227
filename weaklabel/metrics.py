"""How good predicted probabilities are on known classes: the usual metrics, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import progress
from weaklabel.artefacts import ABSTAIN, Posterior, checks
from weaklabel.errors import TableError
from weaklabel.numerics import Floats

METRICS = ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "calibration_error")


@dataclass(frozen=True)
class Scores:
    """Metrics with their intervals.

    Attributes
    ----------
    value
        Metric name -> value; NaN where it is undefined (AUC with one class in the gold labels).
    interval
        Metric name -> (lower, upper), bootstrap percentiles over items.
    n
        Items with a known class.
    coverage
        Share of those that got a label; an abstention counts as wrong in accuracy and as not predicted elsewhere.
    level
        Confidence of the intervals.
    """

    value: dict[str, float]
    interval: dict[str, tuple[float, float]]
    n: int
    coverage: float
    level: float = 0.95

    def to_frame(self) -> pl.DataFrame:
        """One row per metric: metric, value, lower, upper."""
        rows = [(name, self.value[name], *self.interval[name]) for name in self.value]
        return pl.DataFrame(rows, schema=["metric", "value", "lower", "upper"], orient="row")


def score(
    posterior: Posterior, gold: NDArray[np.integer], *, n_bootstrap: int = 200, level: float = 0.95, seed: int = 0
) -> Scores:
    """Score probabilities against known classes.

    Parameters
    ----------
    posterior
        n items, k classes.
    gold
        Shape (n,): the class, -1 where unknown (left out).
    n_bootstrap
        Resamples of the items for the intervals.
    level
        Confidence of the intervals.
    seed
        Of the resampling.

    Returns
    -------
    Scores
        With two classes precision, recall and F1 are those of class 1 and AUC is of P(class 1); with more they are
        macro averages and AUC is one-vs-rest. Log-loss is in nats. The calibration error is the expected gap between
        the probability of the chosen class and how often it is right, in 10 equal bins (Naeini et al., AAAI 2015).

    Raises
    ------
    TableError
        No item has a known class, or `gold` has another shape or holds no class number.
    """
    gold = checks.gold(gold, len(posterior.probs), posterior.classes)
    known = gold != ABSTAIN
    if not known.any():
        raise TableError("no item has a known class, so there is nothing to score against")
    y, labels, probs = gold[known], posterior.labels()[known], posterior.probs[known]
    value = _metrics(y, labels, probs)
    rng = np.random.default_rng(seed)
    resamples = (rng.integers(len(y), size=len(y)) for _ in range(n_bootstrap))
    drawn = [_metrics(y[i], labels[i], probs[i]) for i in progress.track(resamples, "bootstrap", n_bootstrap)]
    interval = {name: _percentiles([draw[name] for draw in drawn], level) for name in METRICS}
    return Scores(value, interval, len(y), float((labels != ABSTAIN).mean()), level)


def _metrics(y: NDArray[np.integer], labels: NDArray[np.int8], probs: Floats) -> dict[str, float]:
    precision, recall, f1 = _precision_recall_f1(y, labels, probs.shape[1])
    surprise = -np.log(np.clip(probs[np.arange(len(y)), y], np.finfo(float).eps, 1.0))
    return {
        "accuracy": float((labels == y).mean()),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "auc": _auc(y, probs),
        "log_loss": float(surprise.mean()),
        "calibration_error": calibration_error(y, probs),
    }


def _precision_recall_f1(y: NDArray[np.integer], labels: NDArray[np.int8], k: int) -> tuple[float, float, float]:
    """Of class 1 with two classes, else macro averages: scikit-learn's numbers, but soon enough for a bootstrap."""
    confusion = np.bincount(y * (k + 1) + labels + 1, minlength=k * (k + 1)).reshape(k, k + 1)[:, 1:]
    right = confusion.diagonal()
    said, are = confusion.sum(axis=0), np.bincount(y, minlength=k)
    precision, recall = right / np.maximum(said, 1), right / np.maximum(are, 1)
    f1 = 2 * right / np.maximum(said + are, 1)
    chosen = slice(1, 2) if k == 2 else slice(None)
    return float(precision[chosen].mean()), float(recall[chosen].mean()), float(f1[chosen].mean())


def _auc(y: NDArray[np.integer], probs: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    if probs.shape[1] == 2:
        return float(roc_auc_score(y, probs[:, 1])) if len(np.unique(y)) == 2 else float("nan")
    present = [c for c in range(probs.shape[1]) if 0 < (y == c).sum() < len(y)]
    return float(np.mean([roc_auc_score(y == c, probs[:, c]) for c in present])) if present else float("nan")


def calibration_error(y: NDArray[np.integer], probs: Floats, bins: int = 10) -> float:
    """Expected calibration error of the chosen class: mean |confidence - accuracy| over equal bins, in [0, 1]."""
    return float(sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in calibration_curve(y, probs, bins)) / len(y))


def calibration_curve(y: NDArray[np.integer], probs: Floats, bins: int = 10) -> list[dict[str, float]]:
    """For each occupied bin of the chosen class's probability: n, mean confidence, accuracy."""
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    n, said, was = (np.bincount(place, w, bins) for w in (None, confidence, right))
    return [{"n": int(n[b]), "confidence": said[b] / n[b], "accuracy": was[b] / n[b]} for b in range(bins) if n[b]]


def _percentiles(values: Sequence[float], level: float) -> tuple[float, float]:
    finite = [value for value in values if np.isfinite(value)]
    if not finite:
        return float("nan"), float("nan")
    lower, upper = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
