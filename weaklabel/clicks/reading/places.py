"""A page is what a session shows for one query: each place once, each document once, or rows came in twice."""

import numpy as np
import polars as pl

from weaklabel.clicks.reading.hashing import Hashes, RowHashes
from weaklabel.clicks.reading.origin import NOWHERE, Origin, short

Columns = tuple[str, ...]

PAGE = ("session_id", "query_id")
PLACE, SHOWING = (*PAGE, "position"), (*PAGE, "doc_id")  # what a page has but once


def check(rows: RowHashes, origin: Origin = NOWHERE) -> Hashes:
    """See that no page, as far as it lies in these rows, has a place or a document twice.

    Returns
    -------
    ndarray
        The hashes of the places, sorted, shape (n,).

    Raises
    ------
    ClickLogError
        A page has; names both rows.
    """
    _check(rows, SHOWING, origin)
    return _check(rows, PLACE, origin)


def _check(rows: RowHashes, once: Columns, origin: Origin) -> Hashes:
    hashes = np.sort(rows.of(*once))
    if (hashes[1:] == hashes[:-1]).any():  # equal rows have equal hashes, and those are soon compared
        _refuse_equal(rows.frame, once, origin)
    return hashes


def _refuse_equal(rows: pl.DataFrame, once: Columns, origin: Origin) -> None:
    twice = rows.select(once).is_duplicated()
    if twice.any():
        _raise_shared(rows, once, int(twice.arg_max() or 0), origin)


def _raise_shared(rows: pl.DataFrame, once: Columns, first: int, origin: Origin) -> None:
    values = rows.select(once).row(first, named=True)
    said = {name: short(str(value)) for name, value in values.items()}  # as text, as ids may be numbers still
    same = [pl.col(name) == value for name, value in values.items()]
    second = rows.select(pl.arg_where(pl.all_horizontal(same))).to_series()[1]
    one, other = origin.row(first), origin.row(second)
    numbers = f"rows {one} and {other}" if one != other else f"two places of row {one}"  # a page may be one row
    if "position" in values:
        raise origin.error(
            f"{numbers} both stand at position {values['position']} for query {said['query_id']} in session "
            f"{said['session_id']}: that is one page, so give each page its own session_id, or leave the "
            "column out"
        )
    raise origin.error(
        f"{numbers} both show document {said['doc_id']} on the page of session {said['session_id']}: "
        "a second showing is not seen as the first is, so keep the upper one; or, if these are two pages, give each "
        "its own session_id"
    )
