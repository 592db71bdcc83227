"""Fit any scikit-learn classifier to uncertain labels.

Each item enters once per class, weighted by that class's probability and by its own weight: the mean loss is then the
one expected under the label model. Where a classifier takes no weights, whole copies of the items stand for them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.errors import ModelError, first_line
from weaklabel.numerics import Floats

LEAST = 1e-4  # a class with less probability than this is not worth a row of its own
COPIES, MOST = 10, 100  # of an item of the usual weight, and of any
FOLDS = 5

Rows = NDArray[np.intp]


def fit_soft(classifier: Any, X: Any, probs: Floats, weight: Floats, groups: Rows | None = None) -> Any:
    """A fitted copy of the classifier, with `predict_proba`; its classes are the columns of `probs` that occur.

    Parameters
    ----------
    classifier
        Any scikit-learn classifier, a Pipeline that ends in one, or a search over either. One without `predict_proba`
        is calibrated (Platt's sigmoid on five folds). Where it cross-validates, with `cv` None or a number, the copies
        of an item stay in one fold.
    X
        n rows: a matrix, a polars frame or a list.
    probs
        Shape (n, k), rows sum to 1.
    weight
        Shape (n,), at least 0.
    groups
        Shape (n,), whole numbers: items of one group stay in one fold, too, as an item and its augmented copies must.

    Raises
    ------
    ModelError
        It is no classifier, or it cannot be fitted to this; says why.
    """
    _check(classifier)
    name = _weight_name(classifier)
    rows, labels, weights = weighted(probs, weight) if name else (*copied(probs, weight), np.zeros(0))
    fitted = _prepared(classifier, Folds(rows, probs, groups))
    try:
        fitted_to = [X[i] for i in rows] if isinstance(X, list) else X[rows]
        return fitted.fit(fitted_to, labels, **({name: weights} if name else {}))
    except Exception as error:  # each classifier has its own
        raise ModelError(f"{kind(classifier)} cannot be trained on these features: {first_line(error)}") from error


def weighted(probs: Floats, weight: Floats) -> tuple[Rows, Rows, Floats]:
    """Item, class and weight of each (item, class) that counts, shape (r,) each."""
    rows, labels = np.nonzero((probs > LEAST) & (weight > 0)[:, None])
    return rows, labels, probs[rows, labels] * weight[rows]


def copied(probs: Floats, weight: Floats) -> tuple[Rows, Rows]:
    """Item and class of each copy, shape (r,) each: as many of each as its probability and weight come to, rounded.

    Items of the usual weight, the median, get ten copies; others as many as their weight comes to, from one to a
    hundred, if it is not 0. Classes share them by the method of largest remainders, an equal remainder going to the
    first. What all numbers can be divided by is divided out, so that hard labels of equal weight stand once.

    Examples
    --------
    >>> rows, labels = copied(np.array([[0.5, 0.5], [1.0, 0.0]]), np.ones(2))
    >>> rows.tolist(), labels.tolist()
    ([0, 0, 1, 1], [0, 1, 0, 0])
    """
    usual = np.median(weight[weight > 0])
    total = np.where(weight > 0, np.clip(np.round(COPIES * weight / usual), 1, MOST), 0)
    share = total[:, None] * probs
    counts = np.floor(share + 1e-9)  # 10 * 0.7 is a little less than 7
    missing = total - counts.sum(axis=1)
    rank = np.argsort(np.argsort(counts - share, axis=1, kind="stable"), axis=1)
    whole = (counts + (rank < missing[:, None])).astype(np.intp)
    whole //= max(np.gcd.reduce(whole, axis=None), 1)
    rows, labels = np.nonzero(whole)
    return np.repeat(rows, whole[rows, labels]), np.repeat(labels, whole[rows, labels])


def reads_columns(classifier: Any) -> bool:
    """Whether it makes its features itself: a Pipeline, or what is built around one."""
    from sklearn.pipeline import Pipeline

    inner = [getattr(classifier, "estimator", None), *(one for _, one in getattr(classifier, "estimators", None) or ())]
    return isinstance(classifier, Pipeline) or any(reads_columns(one) for one in inner if one is not None)


def kind(classifier: Any) -> str:
    """What to call a classifier: GridSearchCV of Pipeline of MultinomialNB."""
    inner = classifier.steps[-1][1] if hasattr(classifier, "steps") else getattr(classifier, "estimator", None)
    own = type(classifier).__name__
    return own if inner is None else f"{own} of {kind(inner)}"


def _check(classifier: Any) -> None:
    from sklearn.base import is_classifier

    if isinstance(classifier, type):
        raise ModelError(f"{classifier.__name__} is a class, not a classifier: call it, {classifier.__name__}()")
    if not (hasattr(classifier, "get_params") and hasattr(classifier, "fit") and is_classifier(classifier)):
        raise ModelError(f"{classifier!r} is no scikit-learn classifier: give one, or a Pipeline that ends in one")
    if _is_search(classifier) and not hasattr(classifier, "predict_proba"):
        raise ModelError(
            f"{kind(classifier)} gives no probabilities: search over CalibratedClassifierCV of it, with the names of "
            "its parameters after estimator__"
        )


def _is_search(classifier: Any) -> bool:
    return all(hasattr(classifier, name) for name in ("estimator", "refit", "cv"))


def _weight_name(classifier: Any) -> str | None:
    """By what name its `fit` takes sample weights, if it does."""
    if _is_search(classifier):
        return _weight_name(classifier.estimator)
    if hasattr(classifier, "steps"):
        step, last = classifier.steps[-1]
        name = _weight_name(last)
        return f"{step}__{name}" if name else None
    return "sample_weight" if _takes_weights(classifier) else None


def _takes_weights(classifier: Any) -> bool:
    from sklearn.utils.validation import has_fit_parameter

    inner = getattr(classifier, "estimator", None)
    return has_fit_parameter(classifier, "sample_weight") and (inner is None or _takes_weights(inner))


def _prepared(classifier: Any, folds: "Folds") -> Any:
    """A copy that gives probabilities, and whose own cross-validation keeps the copies of an item together."""
    from sklearn.base import clone
    from sklearn.calibration import CalibratedClassifierCV

    if hasattr(classifier, "steps"):
        step, last = classifier.steps[-1]
        return clone(classifier).set_params(**{step: _prepared(last, folds)})
    copy = clone(classifier)
    if not hasattr(classifier, "predict_proba") and not hasattr(classifier, "final_estimator"):  # a stack has it later
        return CalibratedClassifierCV(copy, cv=folds.of(FOLDS))
    cv = classifier.get_params(deep=False).get("cv", "none")
    return copy.set_params(cv=folds.of(cv or FOLDS)) if cv is None or isinstance(cv, int) else copy


class Folds:
    """Splits of the copies of items that keep those of one item, or of one group of items, together."""

    def __init__(self, rows: Rows, probs: Floats, groups: Rows | None) -> None:
        self._top = probs.argmax(axis=1)
        self._group = np.arange(len(probs)) if groups is None else groups
        self._rows = rows

    def of(self, n: int) -> list[tuple[Rows, Rows]]:
        """Which copies to train on and which to hold out, n times; fewer for rare classes.

        Groups are dealt in turn, class by class. No seed: a fold depends on the order of the items alone.
        """
        groups, first = np.unique(self._group[self._rows], return_index=True)
        top = self._top[self._rows[first]]
        seen = np.bincount(top)
        n = max(2, min(n, int(seen[seen > 0].min())))
        fold = np.zeros(self._group.max() + 1, int)
        fold[groups[np.argsort(top, kind="stable")]] = np.arange(len(groups)) % n
        held = fold[self._group[self._rows]]
        return [(np.flatnonzero(held != f), np.flatnonzero(held == f)) for f in range(n)]
