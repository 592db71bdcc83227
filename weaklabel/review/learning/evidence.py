"""What one end model is trained on: weak labels, and answers that count more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.errors import ModelError, first_line
from weaklabel.labeling.models._prior import shares
from weaklabel.labeling.soft_fit import LEAST, kind
from weaklabel.numerics import Floats
from weaklabel.review.learning.adjusted import Balance

Rows = NDArray[np.intp]
# From features, probabilities (n, k), weights (n,) and a model to begin from, or None, to a fitted one.
Fit = Callable[[Any, Floats, Floats, Any], Any]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Items of a pool, what labeling functions say of them, and what people answered.

    Attributes
    ----------
    X
        The pool's features, n rows: an array, a CSR matrix, a polars frame or a list.
    weak
        Shape (n, k): what the label model believes.
    covered
        Shape (n,): whether it knows anything of the item; the others teach nothing until they are answered.
    rows
        Shape (a,): the answered items.
    y
        Shape (a,): their classes.
    fold
        Shape (a,): which part of the answers they are held out with.
    fit
        Trains a classifier.
    """

    X: Any
    weak: Floats
    covered: NDArray[np.bool_]
    rows: Rows
    y: NDArray[np.int64]
    fold: NDArray[np.int64]
    fit: Fit

    @property
    def only_answers(self) -> bool:
        """Whether there are no weak labels."""
        return not self.covered.any()

    def trained(self, weight: float, keep: NDArray[np.bool_] | None = None, start: Any = None) -> Any:
        """A classifier that learned from the weak labels and the answers, or those to keep.

        Parameters
        ----------
        weight
            How many weak labels an answer counts for.
        keep
            Shape (a,); an item whose answer is not kept has its weak label.
        start
            A fitted classifier to begin from, where that is possible.
        """
        rows = self.rows if keep is None else self.rows[keep]
        y = self.y if keep is None else self.y[keep]
        probs, counts = self.weak.copy(), self.covered.astype(np.float64)
        probs[rows] = np.eye(probs.shape[1])[y]
        counts[rows] = weight
        used = np.flatnonzero(counts)
        probs, counts = probs[used], counts[used]
        if ((probs > LEAST).any(axis=0)).sum() < 2:
            return Balance(tuple(shares(probs.sum(axis=0)).tolist()))
        return self.fit(take(self.X, used), probs, counts, start)

    def expected(self, classifier: Any, rows: Rows | None = None) -> Floats:
        """What it predicts of all items, or some, for all classes: shape (n, k)."""
        X = self.X if rows is None else take(self.X, rows)
        probs = np.zeros((len(self.weak) if rows is None else len(rows), self.weak.shape[1]))
        if len(probs):
            probs[:, classifier.classes_] = _predicted(classifier, X)
        return probs


def _predicted(classifier: Any, X: Any) -> Floats:
    try:
        probs = np.asarray(classifier.predict_proba(X), np.float64)
    except Exception as error:  # each classifier has its own
        raise ModelError(f"{kind(classifier)} cannot predict the pool: {first_line(error)}") from error
    return np.asarray(probs / probs.sum(axis=1, keepdims=True))  # some give float32


def take(X: Any, rows: Rows) -> Any:
    """Rows of features of any kind."""
    return [X[row] for row in rows] if isinstance(X, list) else X[rows]
