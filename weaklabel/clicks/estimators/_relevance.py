"""Relevance as a regressor makes it of features."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.clicks.cells import Cells, Ints
from weaklabel.errors import ModelError, TableError, first_line
from weaklabel.numerics import Floats

PAIR = ["query_id", "doc_id"]
EDGE = 1e-4  # a regressor may leave (0, 1), where relevance lies


@dataclass(frozen=True)
class ByFeatures:
    """Regresses what counts as relevant on features, and predicts.

    Attributes
    ----------
    X
        Shape (n, F), the features of each item, standardised.
    model
        A scikit-learn regressor or classifier that takes sample weights.
    names
        What the features are called.
    """

    X: Floats
    model: Any
    names: tuple[str, ...]

    @classmethod
    def of(cls, features: Any, model: Any, items: pl.DataFrame, rows: Ints) -> "ByFeatures":
        """The features of the items in these rows; see `RegressionEM` for what is raised."""
        frame = tables.read_frame(features, PAIR) if isinstance(features, str | Path) else tables.as_frame(features)
        tables.require(frame, PAIR, "the table of features")
        names = tuple(name for name in frame.columns if name not in PAIR)
        if not names:
            raise TableError("the table of features has no column beside query_id and doc_id: give it some of numbers")
        return cls(_standard(_aligned(frame, names, items))[rows], _line() if model is None else model, names)

    def __call__(self, cells: Cells, relevant: Floats) -> Floats:
        """The relevance of each item, shape (n,), from how many impressions of each cell count as relevant."""
        from sklearn.base import clone, is_classifier

        shown, found = cells.per_item(cells.N), cells.per_item(relevant)
        known = shown > 0
        fit = _classified if is_classifier(self.model) else _regressed
        try:
            rate = fit(clone(self.model), self.X[known], found[known], shown[known])(self.X)
        except (TypeError, ValueError) as error:
            raise ModelError(f"the regressor {self.model!r} cannot be fitted: {first_line(error)}") from error
        return np.asarray(np.clip(rate, EDGE, 1 - EDGE))


def _line() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0)


def _regressed(model: Any, X: Floats, found: Floats, shown: Floats) -> Any:
    return model.fit(X, found / shown, **_weighted(model, shown)).predict


def _classified(model: Any, X: Floats, found: Floats, shown: Floats) -> Any:
    """Each item is both relevant and not, with the weight of either."""
    weight = np.concatenate([np.maximum(shown - found, 0.0), found])
    fitted = model.fit(np.concatenate([X, X]), np.repeat([0, 1], len(X)), **_weighted(model, weight))
    return lambda rows: fitted.predict_proba(rows)[:, 1]


def _weighted(model: Any, weight: Floats) -> dict[str, Floats]:
    """How a model takes its weights: a pipeline hands them to its last step."""
    steps = getattr(model, "steps", None)
    return {f"{steps[-1][0]}__sample_weight" if steps else "sample_weight": weight}


def _aligned(frame: pl.DataFrame, names: tuple[str, ...], items: pl.DataFrame) -> Floats:
    wanted = frame.select(
        *(pl.col(name).cast(pl.String) for name in PAIR),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in names),
    )
    if (twice := wanted.select(PAIR).is_duplicated()).any():
        query, doc = wanted.select(PAIR).row(int(twice.arg_max() or 0))
        raise TableError(f"the table of features has document {doc!r} of query {query!r} twice: keep one row of each")
    rows = items.join(wanted.with_columns(here=True), on=PAIR, how="left", maintain_order="left")
    lost = rows["here"].is_null()
    if lost.any():
        query, doc = rows.select(PAIR).row(int(lost.arg_max() or 0))
        raise TableError(
            f"{lost.sum()} documents of the log have no features, first {doc!r} of query {query!r}: add their rows"
        )
    X = rows.select(names).to_numpy().astype(np.float64)
    if (bad := ~np.isfinite(X)).any():
        i, j = np.argwhere(bad)[0]
        raise TableError(f"feature {names[j]!r} of document {rows['doc_id'][int(i)]!r} is no finite number: fill it in")
    return X


def _standard(X: Floats) -> Floats:
    """Features of mean 0 and variance 1, so that a ridge treats them alike; a constant one is 0."""
    spread = X.std(axis=0)
    return np.asarray((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
