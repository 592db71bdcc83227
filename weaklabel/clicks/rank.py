"""Rank: a ranker trained on relevance labels, so that documents nobody clicked yet can be ranked."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import RelevanceLabels
from weaklabel.artefacts.relevance_labels import LABEL_COLUMNS
from weaklabel.artefacts.store import Artefact
from weaklabel.clicks.ranking import learners
from weaklabel.clicks.ranking.evidence import evidence
from weaklabel.clicks.ranking.judged import PAIR, pairs
from weaklabel.errors import ArtefactError, ModelError, TableError, first_line
from weaklabel.numerics import Floats

logger = logging.getLogger(__name__)

# What labels and grades are called: a ranker that read them would learn the answer, and have none for a new document.
NEVER_FEATURES = {*LABEL_COLUMNS, "position", "click", "grade", "label", "score", "rank", "split"}


@dataclass(frozen=True, eq=False)
class Ranker(Artefact):
    """A trained ranker over numeric features.

    One that LightGBM made is saved as its text, in a Parquet file; one of scikit-learn cannot be saved but by pickling,
    and so is not.

    Attributes
    ----------
    model
        LightGBM's booster, or a fitted regressor of scikit-learn.
    columns
        The features that it reads, in order.
    provenance
        The model, the labels, and how many of them had features.
    """

    kind: ClassVar[str] = "ranker"

    model: Any
    columns: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def score(self, features: Any) -> pl.DataFrame:
        """Scores and ranks of documents.

        Parameters
        ----------
        features
            Frame: query_id, doc_id and the columns that the ranker was trained on.

        Returns
        -------
        DataFrame
            query_id, doc_id, score (higher is better, comparable within a query) and rank (1 is best), sorted by query
            and rank; documents of equal score by their doc_id.

        Raises
        ------
        TableError
            A column is missing, is no number or infinite, or a document stands in a query twice.
        ModelError
            The model refuses the features, such as gaps in them.
        """
        frame = tables.as_frame(features)
        tables.require(frame, [*PAIR, *self.columns], "the features", "the ranker was trained on it")
        documents, X = pairs(frame, "the features"), _matrix(frame, self.columns)
        scored = documents.with_columns(score=pl.Series(self._predicted(X), dtype=pl.Float64))
        ordered = scored.sort("query_id", "score", "doc_id", descending=[False, True, False])
        return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1).over("query_id"))

    def _predicted(self, X: Floats) -> Any:
        if not len(X):
            return []
        try:
            return np.asarray(self.model.predict(X))
        except Exception as error:  # each model has its own
            raise ModelError(f"{type(self.model).__name__} cannot score these features: {first_line(error)}") from error

    def to_frame(self) -> pl.DataFrame:
        """The features, and by how much each lowered the loss: feature, gain.

        Raises
        ------
        ArtefactError
            The model is not LightGBM's.
        """
        if not learners.is_booster(self.model):
            raise ArtefactError(
                f"a ranker that is a {type(self.model).__name__} is not saved, as that would take a pickle: train it "
                "again, or train with model='lightgbm'"
            )
        gain = self.model.feature_importance(importance_type="gain")
        return pl.DataFrame({"feature": self.columns, "gain": gain})

    def meta(self) -> dict[str, Any]:
        return {"model": self.model.model_to_string(), "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(learners.booster_of(meta["model"]), tuple(frame["feature"]), meta["provenance"])


def rank(
    labels: RelevanceLabels,
    features: Any,
    *,
    model: Any = "auto",
    columns: Sequence[str] | None = None,
    seed: int = 0,
    **params: Any,
) -> Ranker:
    """Train a ranker on relevance labels.

    Labels that rest on little count for little: with e the impressions of a label that count as examined (`exposure`
    if the labels have it, else the effective sample size), it weighs e / (e + h), where h is the exposure at which half
    of a label's spread is noise: that of the labels' prior, or estimated from the labels. A label drawn to the mean of
    all is taken without that; else documents hardly ever seen would stand above those seen often and not clicked. The
    highest 1 % of relevance counts as the value that it starts at.

    Parameters
    ----------
    labels
        Relevance of (query_id, doc_id), such as `debias` gives.
    features
        Frame: query_id, doc_id and numeric columns, one row per document of a query. Gaps are allowed where the model
        takes them, as the built-in ones do.
    model
        "lightgbm": trees that optimise NDCG with relevance itself as the gain (lambdarank; needs the extra `rank`).
        "sklearn": boosted trees that predict relevance. "auto": the first if it is installed, else the second.
        Or any regressor with scikit-learn's `fit` and `predict`.
    columns
        The features to use; by default all numeric columns but those named as labels, grades and positions are.
    seed
        Of the built-in models.
    params
        Further parameters of the named model, in its own words.

    Raises
    ------
    TableError
        A column is missing, is no number or infinite, a document stands in a query twice, no label has features, or no
        column can be used.
    ModelError
        All labels are the same, the model cannot be fitted, or LightGBM is asked for and not installed.

    Source: Joachims, Swaminathan and Schnabel, Unbiased Learning-to-Rank with Biased Feedback, WSDM 2017; lambdarank:
    Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82.
    """
    frame = tables.as_frame(features)
    chosen = _columns(frame, columns)
    rows = _labelled(labels, pairs(frame, "the features"))
    relevance, weight, half = evidence(rows, labels.provenance)
    X, group = _matrix(frame, chosen)[rows["row"].to_numpy()], rows["query_id"].rle().struct.field("len").to_numpy()
    task = learners.Task(X, relevance, weight, group)
    name, fitted = learners.fit(model, task, seed, params)
    provenance = {
        "model": name,
        "parameters": params,
        "seed": seed,
        "labels": len(labels),
        "labels_without_features": len(labels) - len(rows),
        "documents_without_label": len(frame) - len(rows),
        "half_trusted_exposure": half,
        "trained_on": dict(labels.provenance),
    }
    return Ranker(fitted, chosen, provenance)


def _columns(frame: pl.DataFrame, columns: Sequence[str] | None) -> tuple[str, ...]:
    tables.require(frame, [*PAIR, *(columns or ())], "the features")
    if columns is not None:
        return tuple(columns)
    numeric = [name for name, dtype in frame.schema.items() if dtype.is_numeric() or dtype == pl.Boolean]
    found = tuple(name for name in numeric if name not in NEVER_FEATURES)
    if not found:
        raise TableError(f"no column of the features can be used; there are: {', '.join(frame.columns)}; give numbers")
    return found


def _labelled(labels: RelevanceLabels, documents: pl.DataFrame) -> pl.DataFrame:
    """The labels that have features, sorted by query and document, each with the row of its features."""
    numbered = documents.with_row_index("row")
    rows = labels.frame.join(numbered, on=PAIR).sort(PAIR)
    if not len(rows):
        one, other = labels.frame.select(PAIR).row(0), documents.row(0) if len(documents) else None
        raise TableError(
            f"none of the {len(labels)} labels has features: the labels have (query_id, doc_id) {one}, the features "
            f"{other}"
        )
    if len(rows) < len(labels):
        logger.warning(
            "%d of %d labels have no features and are not learned from", len(labels) - len(rows), len(labels)
        )
    return rows


def _matrix(frame: pl.DataFrame, columns: Sequence[str]) -> Floats:
    """The features, shape (n, F); NaN where there is a gap."""
    for name in columns:
        dtype = frame.schema[name]
        if not (dtype.is_numeric() or dtype == pl.Boolean):
            raise TableError(f"the feature {name!r} holds {dtype}, not numbers: turn it into numbers or leave it out")
        infinite = frame[name].cast(pl.Float64).is_infinite().arg_true()
        if len(infinite):
            raise TableError(f"the feature {name!r} is infinite in row {infinite[0]}: give a number or a gap")
    return frame.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
