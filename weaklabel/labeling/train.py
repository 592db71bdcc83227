"""Train the end model on uncertain labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import Posterior, TrainingSet
from weaklabel.errors import ModelError, TableError, first_line
from weaklabel.labeling.augment import FROM
from weaklabel.labeling.soft_fit import fit_soft, kind, reads_columns, weighted
from weaklabel.numerics import Floats

NEVER_FEATURES = ("id", "label", "split")  # by convention: the gold class and the fold


@dataclass(frozen=True, eq=False)
class EndModel:
    """A trained classifier over the columns of a table.

    Attributes
    ----------
    features
        scikit-learn transformer from table to what the classifier reads, fitted.
    classifier
        scikit-learn classifier, fitted.
    columns
        The columns it reads.
    classes
        The k class names.
    texts
        Those of the columns that held text.
    """

    features: Any
    classifier: Any
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    def predict_proba(self, table: Any) -> Posterior:
        """P(class | features) of each row, shape (n, k); every item is covered.

        Raises
        ------
        TableError
            A column is missing, or a text.
        ModelError
            The columns do not hold what they did at training.
        """
        rows = tables.as_table(table)
        tables.require(rows, self.columns, hint="the end model was trained on it")
        rows = rows.with_columns(pl.col(self.texts).cast(pl.String))  # a file of numbers alone may be read as such
        check_texts(rows, self.columns)
        probs = np.zeros((len(rows), len(self.classes)))
        if len(rows):
            probs[:, self.classifier.classes_] = self._predicted(rows)
        return Posterior(probs, rows["id"], self.classes, np.ones(len(rows), bool), provenance=self.provenance)

    def _predicted(self, rows: pl.DataFrame) -> Floats:
        try:
            return np.asarray(self.classifier.predict_proba(self.features.transform(rows)))
        except Exception as error:  # each transformer and classifier has its own
            raise ModelError(
                f"{kind(self.classifier)} cannot predict this table: {first_line(error)}; the columns "
                f"{', '.join(self.columns)} must hold what they held at training, without gaps"
            ) from error


def train(
    training: TrainingSet,
    *,
    columns: Sequence[str] | None = None,
    classifier: Any = None,
    text_features: Any = None,
    seed: int = 0,
) -> EndModel:
    """Train a classifier that knows how sure each label is.

    Each item enters once per class, weighted by that class's probability and by the item's own weight, so that the
    classifier minimises the expected loss under the label model.

    Parameters
    ----------
    training
        n items with probabilities and weights.
    columns
        Features. By default the column `text` if there is one, else every numeric column but `label` and `split`.
        Text columns become TF-IDF of words and word pairs; numeric ones are standardised.
    classifier
        Any scikit-learn classifier; default: logistic regression with C = 10. One whose `fit` takes no `sample_weight`
        gets up to ten whole copies of each item instead, shared among the classes; one without `predict_proba` is
        calibrated on five folds. A Pipeline gets the columns as they are (a list of texts if the only column is one,
        else a polars frame), and so does a search over one, such as GridSearchCV.
    text_features
        Any scikit-learn transformer from texts to numbers instead of TF-IDF, such as `weaklabel.embeddings()`.
    seed
        Of the default classifier.

    Raises
    ------
    ModelError
        The labels hold one class only, or the classifier or the features refuse them; says why.
    TableError
        A column is missing, none can be used, or a text is missing.

    Source: the noise-aware loss of Ratner et al., Data Programming, NIPS 2016.
    """
    chosen = feature_columns(training.table, columns)
    check_texts(training.table, chosen)
    _check_two_classes(training)
    classifier = default_classifier(seed) if classifier is None else classifier
    features = make_features(training.table, chosen, classifier, text_features)
    try:
        matrix = features.fit_transform(training.table)
    except Exception as error:  # each transformer has its own
        raise ModelError(f"no features can be made of {', '.join(chosen)}: {first_line(error)}") from error
    fitted = fit_soft(classifier, matrix, training.probs, training.weight, _families(training.table))
    provenance = {"model": repr(classifier), "columns": list(chosen), "training": dict(training.provenance)}
    texts = tuple(name for name in chosen if training.table.schema[name] == pl.String)
    return EndModel(features, fitted, chosen, training.classes, provenance, texts)


def _families(table: pl.DataFrame) -> NDArray[np.intp] | None:
    """Which items are copies of one, as `augment` says, shape (n,); None where none are."""
    if FROM not in table.columns:
        return None
    return table[FROM].fill_null(table["id"]).rank("dense").to_numpy().astype(np.intp)


def feature_columns(table: pl.DataFrame, columns: Sequence[str] | None) -> tuple[str, ...]:
    """The columns that are read: those named, else `text`, else the numeric ones."""
    if columns is not None:
        tables.require(table, columns, "the training set")
        return tuple(columns)
    if "text" in table.columns:
        return ("text",)
    numeric = [name for name, type_ in table.schema.items() if type_.is_numeric() and name not in NEVER_FEATURES]
    if not numeric:
        raise TableError(f"no column 'text' and none with numbers among {', '.join(table.columns)}: name the features")
    return tuple(numeric)


def check_texts(table: pl.DataFrame, columns: Sequence[str]) -> None:
    """Raise a TableError where a text is missing."""
    for name in columns:
        if table.schema[name] == pl.String and table[name].null_count():
            item = table.filter(pl.col(name).is_null())["id"][0]
            raise TableError(f"item {item!r} has no {name}: fill it in, or leave the item out")


def _check_two_classes(training: TrainingSet) -> None:
    _, labels, _ = weighted(training.probs, training.weight)
    if len(np.unique(labels)) < 2:
        only = training.classes[int(labels[0])]
        raise ModelError(f"every one of the {len(training)} training items is {only!r}: a classifier needs two classes")


def make_features(table: pl.DataFrame, columns: tuple[str, ...], classifier: Any, text_features: Any) -> Any:
    """A transformer, not fitted yet, from a table to what the classifier reads; see `train`."""
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    if reads_columns(classifier):
        if text_features is not None:
            raise ModelError(f"{kind(classifier)} makes its own features: leave text_features out, or put them into it")
        return FunctionTransformer(as_they_are, kw_args={"columns": columns})
    texts = [name for name in columns if table.schema[name] == pl.String]
    numbers = [name for name in columns if name not in texts]
    vectorizer = default_text_features() if text_features is None else text_features
    steps: list[Any] = [(f"text {i}", clone(vectorizer), name) for i, name in enumerate(texts)]
    return ColumnTransformer([*steps, ("numbers", StandardScaler(), numbers)] if numbers else steps)


def as_they_are(table: pl.DataFrame, columns: tuple[str, ...]) -> Any:
    """The columns as a Pipeline gets them: a list of texts if the only one is text, else a frame."""
    only_text = len(columns) == 1 and table.schema[columns[0]] == pl.String
    return table[columns[0]].to_list() if only_text else table.select(columns)


def default_text_features(least: int = 1) -> Any:
    """TF-IDF of the words and word pairs that so many texts hold at least."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least)


def default_classifier(seed: int) -> Any:
    """Logistic regression, as `train` uses it."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=1000, random_state=seed)
