"""A ranking as an evaluation needs it: the discount of each document, ties and all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import RelevanceLabels
from weaklabel.errors import TableError, first_line
from weaklabel.numerics import Floats

PLACES = ("query_id", "doc_id")
ORDERS = ("rank", "score", "relevance")
LOGGED = "logged"  # how the result calls the rankings that were shown


def discount(rank: Any, k: int) -> Floats:
    """What a place counts in DCG@k: 1 / log2(1 + rank) at ranks 1..k, 0 below."""
    rank = np.asarray(rank, dtype=np.float64)
    return np.asarray(np.where(rank <= k, 1 / np.log2(1 + rank), 0.0))


def rankings(data: Any, k: int) -> dict[str, pl.DataFrame]:
    """Name -> the documents that count at a cut-off k: query_id, doc_id, discount.

    Parameters
    ----------
    data
        A frame, its path, or relevance labels: query_id, doc_id and `rank` (1 is the top), `score` or `relevance`; of
        several, as a ranker gives them, the first of these counts. Or several such by name.
    k
        The cut-off. Documents of equal score share the discounts of their places, as if ties were broken at random.

    Raises
    ------
    TableError
        A column is missing, a document or a rank stands there twice in a query, a value is missing or impossible.

    Source: McSherry and Najork, Computing Information Retrieval Performance Measures Efficiently in the Presence of
    Tied Scores, ECIR 2008.
    """
    named = data if isinstance(data, Mapping) and "query_id" not in data else {"new": data}
    if not named:
        raise TableError("there is no ranking to evaluate: give a frame, or a mapping from names to frames")
    if LOGGED in named:
        raise TableError(f"a ranking is called {LOGGED!r}, as the result calls those that were shown: rename it")
    return {
        str(name): _discounted(_read(one, f"ranking {name!r}"), k, f"ranking {name!r}") for name, one in named.items()
    }


def _read(data: Any, source: str) -> pl.DataFrame:
    data = data.frame if isinstance(data, RelevanceLabels) else data
    try:
        frame = tables.read_frame(data, PLACES) if isinstance(data, str | Path) else tables.as_frame(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise TableError(f"cannot read {source} from the {type(data).__name__}: {first_line(error)}") from error
    tables.require(frame, PLACES, source)
    if not len(frame):
        raise TableError(f"{source} has no rows: give it one row per query and document")
    order = [name for name in ORDERS if name in frame.columns]
    if not order:
        raise TableError(f"{source} has neither `rank` nor `score`: rank 1, or the highest score, is the top")
    order_values = _numbers(frame[order[0]], source)
    if order[0] == "relevance":
        order_values = order_values.rename("score")
    checked = frame.select(pl.col(name).cast(pl.String) for name in PLACES).with_columns(order_values)
    _refuse_missing(checked, source)
    _refuse_twice(checked, PLACES, source)
    return checked


def _numbers(values: pl.Series, source: str) -> pl.Series:
    try:
        return values.cast(pl.Float64, strict=False).fill_nan(None)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{source}: column {values.name!r} holds {values.dtype}, not numbers") from error


def _refuse_missing(frame: pl.DataFrame, source: str) -> None:
    empty = frame.with_row_index("row").filter(pl.any_horizontal(pl.exclude("row").is_null()))
    if len(empty):
        raise TableError(f"{source}, row {empty['row'][0]}: a value is missing or no number, {empty.row(0)[1:]}")


def _refuse_twice(frame: pl.DataFrame, columns: tuple[str, ...], source: str) -> None:
    twice = frame.filter(frame.select(columns).is_duplicated())
    if len(twice):
        said = ", ".join(f"{name} {twice[name][0]!r}" for name in columns)
        raise TableError(f"{source}: {said} stands there twice; a query has each document and each rank once")


def _discounted(frame: pl.DataFrame, k: int, source: str) -> pl.DataFrame:
    placed = _by_rank(frame, k, source) if "rank" in frame.columns else _by_score(frame, k)
    counting = placed.select(*PLACES, "discount").filter(pl.col("discount") > 0).sort(PLACES)
    if not len(counting):
        raise TableError(f"{source} has nothing at ranks 1..{k}: its ranks start at {min(frame['rank'].to_list()):g}")
    return counting


def _by_rank(frame: pl.DataFrame, k: int, source: str) -> pl.DataFrame:
    rank = frame["rank"]
    bad = frame.filter((rank < 1) | (rank != rank.floor()))
    if len(bad):
        raise TableError(f"{source} has rank {bad['rank'][0]:g}: ranks are whole numbers, and 1 is the top")
    _refuse_twice(frame, ("query_id", "rank"), source)
    return frame.with_columns(pl.Series("discount", discount(rank.to_numpy(), k)))


def _by_score(frame: pl.DataFrame, k: int) -> pl.DataFrame:
    ranked = frame.with_columns(
        above=pl.col("score").rank("min", descending=True).over("query_id") - 1,
        tied=pl.len().over("query_id", "score"),
    )
    above, tied = (ranked[name].to_numpy().astype(np.int64) for name in ("above", "tied"))
    sums = np.concatenate([[0.0], np.cumsum(discount(np.arange(1, k + 1), k))])
    share = (sums[np.minimum(above + tied, k)] - sums[np.minimum(above, k)]) / tied
    return ranked.with_columns(pl.Series("discount", share))
