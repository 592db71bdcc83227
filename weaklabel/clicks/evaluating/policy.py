"""Where a log knows the documents of a ranking."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.cells import Ints
from weaklabel.clicks.evaluating.exposure import Layout
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Policy:
    """The documents that a ranking places, one row each.

    Attributes
    ----------
    group, item
        Shape (r,): for which group; which item of the log, or -1 where the log never showed it.
    model
        Shape (r,): relevance by the user's model, NaN where it says nothing.
    discount
        Shape (r,); None for the rankings that were shown, whose discounts are those of the pages themselves.
    """

    group: Ints
    item: Ints
    model: Floats
    discount: Floats | None


def policy(layout: Layout, items: pl.DataFrame, ranked: pl.DataFrame, chosen: NDArray[np.bool_]) -> Policy:
    """Where the log knows the documents of a ranking, for the chosen groups, shape (G,).

    Parameters
    ----------
    layout, items
        Of the log.
    ranked
        Columns query_id, doc_id, discount, relevance (by the model, NaN where it says nothing).
    chosen
        Which groups are evaluated.
    """
    key = layout.groups.columns[1:]
    rows = layout.groups.with_row_index("group").filter(pl.Series(chosen)).join(ranked, on="query_id")
    found = rows.join(items.with_row_index("item"), on=["query_id", "doc_id", *key], how="left").sort("group", "doc_id")
    group, item = (found[name].cast(pl.Int64).fill_null(-1).to_numpy() for name in ("group", "item"))
    return Policy(group, item, found["relevance"].to_numpy(), found["discount"].to_numpy())


def logged(layout: Layout, model: Floats, chosen: NDArray[np.bool_]) -> Policy:
    """The rankings that were shown; the model's relevance of all items has shape (n,)."""
    item = np.flatnonzero(chosen[layout.group])
    return Policy(layout.group[item], item, model[item], None)


def with_model(frame: pl.DataFrame, model: pl.DataFrame | None) -> pl.DataFrame:
    """The documents with the column `relevance` of a model, NaN where it says nothing or there is none."""
    if model is None:
        return frame.with_columns(relevance=pl.lit(float("nan")))
    joined = frame.join(model, on=["query_id", "doc_id"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("relevance").fill_null(float("nan")))


def common(layout: Layout, ranked: Sequence[pl.DataFrame]) -> NDArray[np.bool_]:
    """The groups whose query is in every ranking, shape (G,)."""
    queries = layout.groups["query_id"]
    inside = [queries.is_in(one["query_id"].unique().implode()).to_numpy() for one in ranked]
    return np.asarray(np.all(inside, axis=0), dtype=bool)
