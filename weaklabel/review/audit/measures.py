"""Scores of a classifier as smooth functions of means over items, so that one theory gives all of them an interval.

The means, in this order, for k classes: right and said to be y (k of them), said to be y (k), truly y (k), surprise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import UnknownNameError
from weaklabel.numerics import Floats, entropy
from weaklabel.plugins import suggestion

SMALLEST = 1e-6  # probability that the surprise is computed with: one sure mistake would be an infinite loss


@dataclass(frozen=True)
class Measure:
    """A score and how it moves with the means.

    Attributes
    ----------
    value
        From means, shape (3k + 1,), to the score.
    slope
        From means to the score's derivatives, (3k + 1,).
    is_share
        The score lies in [0, 1] and higher is better; else it is a loss, above 0.
    caution
        From the number of classes to that of right, and of wrong, items to imagine beside the real ones when the
        variance is estimated: among a few items without a mistake there is none to be seen.
    """

    value: Callable[[Floats], float]
    slope: Callable[[Floats], Floats]
    is_share: bool
    caution: Callable[[int], int]

    def imagined(self, found: Floats) -> tuple[Floats, Floats]:
        """Imagined items, in rows as `found` has real ones, and how much each counts: each class is taken for each.

        One more is a sure mistake, as surprising as the worst that was found and at least as what happens once in so
        many items; it counts for a loss alone.
        """
        k = (found.shape[1] - 1) // 3
        said, true = np.divmod(np.arange(k * k), k)
        right = said == true
        hot_said, hot_true = np.eye(k)[said], np.eye(k)[true]
        rows = np.column_stack([hot_said * hot_true, hot_said, hot_true, np.zeros(k * k)])
        weights = self.caution(k) * np.where(right, 1 / k, 1 / (k * (k - 1)))
        mistake = np.append(found[:, :-1].mean(axis=0), max(float(found[:, -1].max()), np.log(len(found))))
        return np.vstack([rows, mistake]), np.append(weights, 0.0 if self.is_share else 1.0)


def measure(name: str) -> Measure:
    """accuracy, f1 (of class 1 with two classes, else the mean over classes) or log_loss (nats), by name.

    Raises
    ------
    UnknownNameError
        There is no such measure.
    """
    if name not in MEASURES:
        raise UnknownNameError(
            f"no measure is called {name!r}{suggestion(name, tuple(MEASURES))}; there are: {', '.join(MEASURES)}"
        )
    return MEASURES[name]


def found(labels: NDArray[np.int8], probs: Floats, y: NDArray[np.int64]) -> Floats:
    """What is to be averaged of items of known class, shape (n, 3k + 1). `labels` are -1 where the model abstains."""
    k = probs.shape[1]
    said, true = _one_hot(labels, k), np.eye(k)[y]
    surprise = -np.log(np.maximum(probs[np.arange(len(y)), y], SMALLEST))
    return np.column_stack([said * true, said, true, surprise])


def believed(labels: NDArray[np.int8], probs: Floats) -> Floats:
    """What the model itself expects `found` to be, shape (n, 3k + 1), were its probabilities right."""
    said = _one_hot(labels, probs.shape[1])
    return np.column_stack([said * probs, said, probs, entropy(np.maximum(probs, SMALLEST))])


def unseen(means: Floats) -> NDArray[np.bool_]:
    """Classes that no item has and the model never says, shape (k,): nothing is known of their F1."""
    _, said, true = _parts(means)
    return (said + true) <= 0


def _one_hot(labels: NDArray[np.int8], k: int) -> Floats:
    hot = np.zeros((len(labels), k))
    rows = np.flatnonzero(labels != ABSTAIN)
    hot[rows, labels[rows]] = 1
    return hot


def _parts(means: Floats) -> tuple[Floats, Floats, Floats]:
    k = (len(means) - 1) // 3
    return means[:k], means[k : 2 * k], means[2 * k : 3 * k]


def _accuracy(means: Floats) -> float:
    return float(_parts(means)[0].sum())


def _accuracy_slope(means: Floats) -> Floats:
    k = (len(means) - 1) // 3
    return np.concatenate([np.ones(k), np.zeros(2 * k + 1)])


def _counted(k: int, seen: NDArray[np.bool_]) -> Floats:
    """How much each class's F1 counts, (k,): class 1 alone with two classes, else all that were seen alike."""
    if k == 2:
        return np.array([0.0, float(seen[1])])
    return seen / max(int(seen.sum()), 1)


def _f1_parts(means: Floats) -> tuple[Floats, Floats, Floats]:
    right, said, true = _parts(means)
    seen = ~unseen(means)
    both = np.where(seen, said + true, 1.0)
    return _counted(len(right), seen), 2 * right / both, both


def _f1(means: Floats) -> float:
    weight, each, _ = _f1_parts(means)
    return float(weight @ each)


def _f1_slope(means: Floats) -> Floats:
    weight, each, both = _f1_parts(means)
    return np.concatenate([2 * weight / both, -weight * each / both, -weight * each / both, [0.0]])


def _log_loss(means: Floats) -> float:
    return float(means[-1])


def _log_loss_slope(means: Floats) -> Floats:
    return np.concatenate([np.zeros(len(means) - 1), [1.0]])


MEASURES = {
    "accuracy": Measure(_accuracy, _accuracy_slope, is_share=True, caution=lambda k: 2),
    "f1": Measure(_f1, _f1_slope, is_share=True, caution=lambda k: k),
    "log_loss": Measure(_log_loss, _log_loss_slope, is_share=False, caution=lambda k: 0),
}
