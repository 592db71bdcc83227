"""The items behind the counts: what a labeling function votes on, where it stands alone, what nobody covers."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import plugins, tables
from weaklabel.artefacts import ABSTAIN, LabelMatrix, checks
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.summary import Flags, against_all, in_conflict

Show = Literal["votes", "disagree", "against", "wrong", "uncovered"]
VOTES, KNOWN = "lf_votes", "known_class"


def items(
    L: LabelMatrix,
    table: Any,
    show: Show = "votes",
    lf: str | None = None,
    gold: NDArray[np.integer] | None = None,
    *,
    limit: int | None = 10,
    seed: int = 0,
) -> pl.DataFrame:
    """Some of the items to look at, with their votes written out.

    Parameters
    ----------
    L
        n items, m functions.
    table
        Has a row for every item; its columns come along.
    show
        "votes": the function votes. "disagree": it votes, and another votes differently. "against": it votes, at least
        two others do, and none of them as it does. "wrong": it votes, and not for the known class. "uncovered": no
        function votes.
    lf
        The function; without it, items on which any function does so.
    gold
        Shape (n,): the known class, -1 where unknown.
    limit
        At most so many, drawn at random where there are more; None: all.
    seed
        Of the draw.

    Returns
    -------
    polars.DataFrame
        In the order of the items: id; lf_votes ("prize=spam, short=ham", `lf` first); known_class, if gold is given;
        then the table's columns.

    Raises
    ------
    UnknownNameError
        No such function or thing to show.
    TableError
        "wrong" without gold, "uncovered" with a function, or the table lacks an item or has one of our columns.
    """
    rows = _drawn(np.flatnonzero(shown(L, show, lf, gold)), limit, seed)
    found = tables.align(tables.as_table(table), L.item_ids.gather(rows))
    columns = [pl.Series(VOTES, written(L, rows, lf), pl.String)]
    if gold is not None:
        columns.append(pl.Series(KNOWN, [_name(L, y) for y in np.asarray(gold)[rows]], pl.String))
    if taken := [column.name for column in columns if column.name in found.columns]:
        raise TableError(f"the table has a column {taken[0]!r}, where the votes are to stand: rename it")
    return found.select("id", *columns, pl.all().exclude("id"))


def shown(L: LabelMatrix, show: Show, lf: str | None = None, gold: NDArray[np.integer] | None = None) -> Flags:
    """Which items there are to show, shape (n,); parameters and errors as in `items`."""
    if show not in SHOW:
        close = plugins.suggestion(show, tuple(SHOW))
        raise UnknownNameError(f"cannot show {show!r}{close}; there are: {', '.join(SHOW)}")
    if show == "wrong" and gold is None:
        raise TableError("which votes are wrong can only be told with known classes: give gold (--gold)")
    if show == "uncovered" and lf is not None:
        raise TableError(f"on uncovered items nobody votes, so {lf!r} does not, either: leave it out")
    known = np.full(len(L.votes), ABSTAIN) if gold is None else checks.gold(gold, len(L.votes), L.classes)
    flags = SHOW[show](L, known)
    return np.asarray(flags.any(axis=1) if lf is None else flags[:, column_of(L, lf)])


def column_of(L: LabelMatrix, lf: str) -> int:
    """Which function has that name.

    Raises
    ------
    UnknownNameError
        None has.
    """
    if lf not in L.lf_names:
        close = plugins.suggestion(lf, L.lf_names)
        some = ", ".join(L.lf_names[:20]) + (", ..." if len(L.lf_names) > 20 else "")
        raise UnknownNameError(f"no labeling function is called {lf!r}{close}; there are: {some}")
    return L.lf_names.index(lf)


def written(L: LabelMatrix, rows: NDArray[np.intp], lf: str | None = None) -> list[str]:
    """The votes on some items in words: "prize=spam, short=ham"; `lf` stands first."""
    first = [] if lf is None else [column_of(L, lf)]
    order = [*first, *(j for j in range(len(L.lf_names)) if j not in first)]
    return [
        ", ".join(f"{L.lf_names[j]}={_name(L, row[j])}" for j in order if row[j] != ABSTAIN) for row in L.votes[rows]
    ]


def _drawn(rows: NDArray[np.intp], limit: int | None, seed: int) -> NDArray[np.intp]:
    if limit is None or len(rows) <= limit:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))


def _name(L: LabelMatrix, y: int) -> str | None:
    return None if y == ABSTAIN else L.classes[y]


def _votes(L: LabelMatrix, known: NDArray[np.int64]) -> Flags:
    return np.asarray(L.votes != ABSTAIN)


def _disagree(L: LabelMatrix, known: NDArray[np.int64]) -> Flags:
    return in_conflict(L.votes)


def _against(L: LabelMatrix, known: NDArray[np.int64]) -> Flags:
    return against_all(L)


def _wrong(L: LabelMatrix, known: NDArray[np.int64]) -> Flags:
    return np.asarray((L.votes != ABSTAIN) & (known != ABSTAIN)[:, None] & (L.votes != known[:, None]))


def _uncovered(L: LabelMatrix, known: NDArray[np.int64]) -> Flags:
    return ~L.covered[:, None]


# For each thing to show: where each function does it, shape (n, m), or where the item is so, shape (n, 1).
SHOW: Mapping[str, Callable[[LabelMatrix, NDArray[np.int64]], Flags]] = {
    "votes": _votes,
    "disagree": _disagree,
    "against": _against,
    "wrong": _wrong,
    "uncovered": _uncovered,
}
