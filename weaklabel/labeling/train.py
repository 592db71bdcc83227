"""Train the end model on uncertain labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import Posterior, TrainingSet
from weaklabel.errors import ModelError, TableError
from weaklabel.numerics import Floats

NEVER_FEATURES = ("id", "label", "split")  # by convention: the gold class and the fold
LEAST = 1e-4  # a class with less probability than this is not worth a row of its own


@dataclass(frozen=True, eq=False)
class EndModel:
    """A trained classifier over the columns of a table.

    Attributes
    ----------
    features
        scikit-learn transformer from table to matrix, fitted.
    classifier
        scikit-learn classifier, fitted.
    columns
        The columns it reads.
    classes
        The k class names.
    """

    features: Any
    classifier: Any
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def predict_proba(self, table: Any) -> Posterior:
        """P(class | features) of each row, shape (n, k); every item is covered."""
        rows = tables.as_table(table)
        tables.require(rows, self.columns, hint="the end model was trained on it")
        _check_texts(rows, self.columns)
        probs = np.zeros((len(rows), len(self.classes)))
        if len(rows):
            probs[:, self.classifier.classes_] = self.classifier.predict_proba(self.features.transform(rows))
        return Posterior(probs, rows["id"], self.classes, np.ones(len(rows), bool), provenance=self.provenance)


def train(
    training: TrainingSet, *, columns: Sequence[str] | None = None, classifier: Any = None, seed: int = 0
) -> EndModel:
    """Train a classifier that knows how sure each label is.

    Each item enters once per class, weighted by that class's probability and by the item's own weight, so that any
    classifier which takes sample weights minimises the expected loss under the label model.

    Parameters
    ----------
    training
        n items with probabilities and weights.
    columns
        Features. By default the column `text` if there is one, else every numeric column but `label` and `split`.
        Text columns become TF-IDF of words and word pairs; numeric ones are standardised.
    classifier
        Any scikit-learn classifier with `predict_proba` whose `fit` takes `sample_weight`; default: logistic
        regression with C = 10.
    seed
        Of the default classifier.

    Raises
    ------
    ModelError
        The labels hold one class only, or the classifier cannot take weights.
    TableError
        A column is missing, none can be used, or a text is missing.

    Source: the noise-aware loss of Ratner et al., Data Programming, NIPS 2016.
    """
    chosen = _feature_columns(training.table, columns)
    _check_texts(training.table, chosen)
    classifier = _default_classifier(seed) if classifier is None else _checked(classifier)
    rows, labels, weights = _expanded(training.probs, training.weight)
    if len(np.unique(labels)) < 2:
        only = training.classes[int(labels[0])]
        raise ModelError(f"every one of the {len(training)} training items is {only!r}: a classifier needs two classes")
    features = _features(training.table, chosen)
    matrix = features.fit_transform(training.table)
    classifier.fit(matrix[rows], labels, sample_weight=weights)
    provenance = {"model": repr(classifier), "columns": list(chosen), "training": dict(training.provenance)}
    return EndModel(features, classifier, chosen, training.classes, provenance)


def _expanded(probs: Floats, weight: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Rows, classes and weights of the weighted copies of each item."""
    rows, labels = np.nonzero(probs > LEAST)
    return rows, labels, probs[rows, labels] * weight[rows]


def _feature_columns(table: pl.DataFrame, columns: Sequence[str] | None) -> tuple[str, ...]:
    if columns is not None:
        tables.require(table, columns, "the training set")
        return tuple(columns)
    if "text" in table.columns:
        return ("text",)
    numeric = [name for name, kind in table.schema.items() if kind.is_numeric() and name not in NEVER_FEATURES]
    if not numeric:
        raise TableError(f"no column 'text' and none with numbers among {', '.join(table.columns)}: name the features")
    return tuple(numeric)


def _check_texts(table: pl.DataFrame, columns: Sequence[str]) -> None:
    for name in columns:
        if table.schema[name] == pl.String and table[name].null_count():
            item = table.filter(pl.col(name).is_null())["id"][0]
            raise TableError(f"item {item!r} has no {name}: fill it in, or leave the item out")


def _features(table: pl.DataFrame, columns: Sequence[str]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    texts = [name for name in columns if table.schema[name] == pl.String]
    numbers = [name for name in columns if name not in texts]
    steps = [(name, TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), name) for name in texts]
    return ColumnTransformer([*steps, ("numbers", StandardScaler(), numbers)] if numbers else steps)


def _default_classifier(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=1000, random_state=seed)


def _checked(classifier: Any) -> Any:
    from sklearn.base import clone
    from sklearn.utils.validation import has_fit_parameter

    if not hasattr(classifier, "predict_proba") or not has_fit_parameter(classifier, "sample_weight"):
        raise ModelError(f"{classifier!r} must have predict_proba and take sample_weight in fit")
    return clone(classifier)
