"""What features say about relevance, learned from the clicks of other queries."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts.relevance_labels import LABEL_COLUMNS
from weaklabel.clicks.cells import Ints
from weaklabel.clicks.relevance.shrinkage import Prior
from weaklabel.errors import ModelError, TableError, first_line
from weaklabel.numerics import Floats

PAIR = ["query_id", "doc_id"]
NOT_FEATURES = {*LABEL_COLUMNS, "grade", "label", "position", "click"}
FOLDS = 5
LEAST = 0.02  # of the mean relevance: a prediction below it is more than features can know


@dataclass(frozen=True)
class Known:
    """Clicks beyond false ones and exposure of each pair, shape (n,), and what they say about all pairs together."""

    clicks: Floats
    exposure: Floats
    prior: Prior


def matrix(features: Any, pairs: pl.DataFrame) -> Floats:
    """The features of the pairs, shape (n, F); NaN where a pair has none.

    Raises
    ------
    TableError
        A column is missing, none is a number, a pair stands there twice, or none of the pairs has features.
    """
    frame = tables.as_frame(features)
    tables.require(frame, PAIR, "the features")
    names = [name for name, dtype in frame.schema.items() if dtype.is_numeric() and name not in NOT_FEATURES]
    if not names:
        raise TableError(f"no column of the features is a number; there are: {', '.join(frame.columns)}")
    known = frame.select(pl.col(PAIR).cast(pl.String), pl.col(names).cast(pl.Float64))
    if (twice := known.select(PAIR).is_duplicated()).any():
        query, doc = known.select(PAIR).filter(twice).row(0)
        raise TableError(f"the features have document {doc!r} of query {query!r} twice: keep one row of each")
    for name in names:
        if (infinite := known[name].is_infinite().fill_null(False)).any():
            raise TableError(f"the feature {name!r} is infinite in row {infinite.arg_max()}: give a number or a gap")
    found = pairs.join(known.with_columns(there=True), on=PAIR, how="left", maintain_order="left")
    if not found["there"].any():
        raise TableError(f"none of the pairs has features: the log has {pairs.row(0)}, the features {known.row(0)[:2]}")
    return found.select(pl.col(names).fill_null(float("nan"))).to_numpy()


def cross_fit(X: Floats, known: Known, query: Ints, regressor: Any, seed: int) -> Floats:
    """The relevance that is expected of each pair by its features, shape (n,), positive, relative to no scale.

    Each fold of queries is predicted by a regressor that was fitted on the others. A pair of exposure e weighs
    e / (e + h), where h is the exposure at which clicks say as much as the prior.

    Raises
    ------
    ModelError
        There is one query only, or the regressor cannot be fitted.
    """
    queries = int(query.max()) + 1
    if queries < 2:
        raise ModelError("features teach from one query to another, and the log has one query only: leave them out")
    fold = (np.random.default_rng(seed).permutation(queries) % min(FOLDS, queries))[query]
    target = known.clicks / known.exposure
    weight = known.exposure / (known.exposure + known.prior.exposure)
    expected = np.empty(len(query))
    for held in np.unique(fold):
        taught = fold != held
        model = _fitted(regressor, X[taught], target[taught], weight[taught], seed)
        expected[~taught] = model.predict(X[~taught])
    return np.asarray(np.maximum(expected, LEAST * known.prior.mean))


def _fitted(regressor: Any, X: Floats, target: Floats, weight: Floats, seed: int) -> Any:
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    model = _boosted(seed) if regressor is None else clone(regressor)
    name = "sample_weight"
    if isinstance(model, Pipeline):
        name = f"{model.steps[-1][0]}__sample_weight"
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    weights = {name: weight} if has_fit_parameter(last, "sample_weight") else {}
    try:
        return model.fit(X, target, **weights)
    except Exception as error:  # each regressor has its own
        raise ModelError(f"the regressor {type(last).__name__} cannot be fitted: {first_line(error)}") from error


def _boosted(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_bins=63, learning_rate=0.05, max_leaf_nodes=15, early_stopping=False, random_state=seed
    )
