"""Ids of (query, document) pairs, under which clicks meet rules and people."""

from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import checks
from weaklabel.errors import TableError

PAIR = ["query_id", "doc_id"]


def ids(pairs: pl.DataFrame) -> pl.Series:
    """Each pair as "query_id/doc_id".

    Raises
    ------
    TableError
        Two pairs read the same, as ids contain a slash.
    """
    joined = pairs.select(id=pl.concat_str(PAIR, separator="/"))["id"]
    twice = joined.is_duplicated()
    if twice.any():
        same = pairs.filter(joined == joined.filter(twice)[0])
        raise TableError(
            f"the pairs {same.select(PAIR).row(0)} and {same.select(PAIR).row(1)} have the same id "
            f"{joined.filter(twice)[0]!r}: give ids of your own, as a table of id, query_id and doc_id"
        )
    return checks.ids(joined)


def mapped(items: Any) -> pl.DataFrame:
    """The user's ids as a table of id, query_id and doc_id, all text; several items may be about one pair.

    Raises
    ------
    TableError
        A column or an id is missing, or an id stands there twice.
    """
    table = tables.as_table(items, source="the table of items")
    tables.require(table, PAIR, "the table of items")
    return table.select("id", pl.col(PAIR).cast(pl.String))
