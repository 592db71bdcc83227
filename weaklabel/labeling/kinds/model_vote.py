"""Votes what a trained classifier is sure of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, from_batch
from weaklabel.labeling.kinds._best import votes_for_best
from weaklabel.labeling.kinds._complete import votes_on_complete
from weaklabel.labeling.kinds._labels import Labels, class_numbers
from weaklabel.labeling.kinds._learned import Learned
from weaklabel.labeling.train import EndModel


def model_vote(
    name: str,
    classifier: Any,
    *,
    column: str = "text",
    columns: Sequence[str] | None = None,
    confidence: float = 0.9,
    labels: Labels | None = None,
) -> LabelingFunction:
    """A labeling function that votes the most probable class of a trained classifier where that is probable enough.

    It abstains elsewhere, where two classes are equally probable, and where a column it reads is missing or NaN.

    Parameters
    ----------
    name
        Of the function.
    classifier
        A fitted scikit-learn classifier or pipeline with `predict_proba`, or an end model of `train`; it is copied, so
        that fitting it again does not change the votes.
    column
        The one column it reads: texts (or vectors) as a list, numbers as a matrix of shape (b, 1).
    columns
        Several columns, as a float matrix of shape (b, p). Default: those it was trained on, if it knows their names;
        then, and with an end model, they are a frame.
    confidence
        The least probability, in [0, 1].
    labels
        The classifier's classes -> class numbers, or its classes in the order of the numbers; a class without a number
        abstains. Default: they are the numbers 0..k-1 already.

    Raises
    ------
    LabelingFunctionError
        It is not fitted or gives no probabilities, its classes need `labels`, or a label or the confidence is none.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from weaklabel.labeling.functions import Row
    >>> fitted = LogisticRegression().fit([[1.0], [2.0], [8.0], [9.0]], ["small", "small", "large", "large"])
    >>> large = model_vote("large", fitted, column="radius", labels={"small": 0, "large": 1})
    >>> large(Row(radius=1.5)), large(Row(radius=5.0)), large(Row(radius=9.5))
    (0, -1, 1)
    """
    if not 0 <= confidence <= 1:  # NaN too
        raise LabelingFunctionError(f"labeling function {name!r}: confidence={confidence} is no probability")
    if isinstance(classifier, EndModel):
        numbers = _numbers(name, classifier.classes, labels or classifier.classes)[classifier.classifier.classes_]
        classifier, reads, named = _pipeline(classifier), columns or classifier.columns, True
    else:
        numbers = _numbers(name, _classes(name, classifier), labels)
        names = getattr(classifier, "feature_names_in_", None)
        reads, named = columns or (names if names is not None else (column,)), names is not None
    reads = tuple(map(str, reads))
    resources = {"reads": reads, "named": named, "confidence": confidence, "numbers": numbers}
    return from_batch(name, _votes, reads, {"probabilities": Learned(classifier, "predict_proba"), **resources})


def _pipeline(model: EndModel) -> Any:
    from sklearn.pipeline import make_pipeline

    return make_pipeline(model.features, model.classifier)


def _classes(name: str, classifier: Any) -> Sequence[Any]:
    kind = type(classifier).__name__
    if not hasattr(classifier, "classes_"):
        raise LabelingFunctionError(f"labeling function {name!r}: the {kind} is not fitted: call its fit(X, y) first")
    if not hasattr(classifier, "predict_proba"):
        raise LabelingFunctionError(
            f"labeling function {name!r}: the {kind} has no predict_proba, so it cannot say how sure it is: "
            "wrap it in scikit-learn's CalibratedClassifierCV"
        )
    return np.asarray(classifier.classes_).tolist()  # type: ignore[no-any-return]


def _numbers(name: str, classes: Sequence[Any], labels: Labels | None) -> NDArray[np.int64]:
    """The class number of each of the classifier's classes."""
    if labels is None and list(classes) != list(range(len(classes))):
        example = {value: y for y, value in enumerate(classes)}
        raise LabelingFunctionError(
            f"labeling function {name!r}: the classifier's classes are {_listed(classes)}: say which class number "
            f"each one is, with labels={example}"
        )
    numbers = class_numbers(name, range(len(classes)) if labels is None else labels)
    if unknown := [value for value in numbers if value not in classes]:
        raise LabelingFunctionError(
            f"labeling function {name!r}: labels name {unknown[0]!r}; the classifier's classes are {_listed(classes)}"
        )
    return np.array([numbers.get(value, ABSTAIN) for value in classes])


def _listed(classes: Sequence[Any]) -> str:
    return ", ".join(map(repr, classes))


def _votes(
    rows: pl.DataFrame,
    probabilities: Learned,
    reads: tuple[str, ...],
    named: bool,
    confidence: float,
    numbers: NDArray[np.int64],
) -> pl.Series:
    def vote(complete: pl.DataFrame) -> NDArray[np.int64]:
        probs = probabilities(_features(complete.select(reads), named))
        return votes_for_best(probs, numbers, confidence)

    return votes_on_complete(rows, reads, vote)


def _features(rows: pl.DataFrame, named: bool) -> Any:
    if named:
        return rows
    if rows.width == 1 and not (rows.dtypes[0].is_numeric() or rows.dtypes[0] == pl.Boolean):
        return rows.to_series().to_list()
    return rows.cast(pl.Float64).to_numpy()
