"""What the rows of a click log must hold: its columns, checked one by one."""

from collections.abc import Mapping, Sequence

import polars as pl

from weaklabel.clicks.reading.origin import NOWHERE, Origin, refuse
from weaklabel.clicks.reading.values import READERS, ids

SHOWN = ("query_id", "doc_id", "position")
REQUIRED = (*SHOWN, "click")
COUNTED = (*SHOWN, "impressions", "clicks")  # a row for many impressions
TEXTS = ("query_id", "doc_id", "session_id")
OPTIONAL = ("session_id", "timestamp", "propensity")
PAGE = ("doc_ids", "clicks", "positions")  # a row for a page of results
KNOWN = tuple(dict.fromkeys((*REQUIRED, *OPTIONAL, *COUNTED, *PAGE)))


def renamed(frame: pl.DataFrame, columns: Mapping[str, str], origin: Origin = NOWHERE) -> pl.DataFrame:
    """The frame with our names of columns, from a mapping of ours to theirs.

    Raises
    ------
    ClickLogError
        The mapping names what is not there, or the new name is taken.
    """
    for ours, theirs in columns.items():
        if ours not in KNOWN:
            raise origin.error(
                f"columns names {ours!r}, which is no column of a click log; write our name first, as in "
                f"columns={{'doc_id': 'item'}}; ours are: {', '.join(KNOWN)}"
            )
        if theirs not in frame.columns:
            there = ", ".join(frame.columns) or "none"
            raise origin.error(f"columns says that {ours} is called {theirs!r}; there are only: {there}")
    rest = [name for name in frame.columns if name not in columns.values()]
    if both := [name for name in rest if name in columns]:
        raise origin.error(f"the log has a column {both[0]!r} beside {columns[both[0]]!r}: drop or rename one")
    if not columns:
        return frame
    return frame.select(*(pl.col(theirs).alias(ours) for ours, theirs in columns.items()), *rest)


def checked(
    frame: pl.DataFrame, origin: Origin = NOWHERE, required: tuple[str, ...] = REQUIRED, whole_ids: bool = False
) -> pl.DataFrame:
    """The rows with columns of their types, ours first.

    Parameters
    ----------
    frame
        Our names of columns; any other column is kept as it is.
    origin
        Where the rows come from.
    required
        `REQUIRED` for one row per impression, `COUNTED` for rows of many.
    whole_ids
        Whether ids that are whole numbers may stay so.

    Raises
    ------
    ClickLogError
        A column is missing, or a value is outside its range; names the value, its row and what to do.
    """
    _require(frame, origin, required)
    own = [name for name in dict.fromkeys((*required, *OPTIONAL)) if name in frame.columns]
    readers = READERS | dict.fromkeys(TEXTS, ids) if whole_ids else READERS
    parsed = [readers[name](frame[name], origin) if name in readers else frame[name] for name in own]
    rows = pl.DataFrame([*parsed, *frame.drop(own)])
    if required == COUNTED:
        refuse(rows["clicks"], rows["clicks"] > rows["impressions"], origin, "there are not as many impressions")
    return rows


def _require(frame: pl.DataFrame, origin: Origin, required: tuple[str, ...]) -> None:
    if missing := [name for name in required if name not in frame.columns]:
        raise origin.error(
            f"the log has no column {missing[0]!r}; there are: {', '.join(frame.columns) or 'none'}; "
            f"{advice(frame.columns, missing[0])}"
        )


def advice(there: Sequence[str], missing: str) -> str:
    """What may be the matter with a header."""
    if any("\0" in name or "\ufffd" in name for name in there):
        return "the file is not UTF-8: save it in that encoding"
    if len(there) == 1 and any(mark in there[0] for mark in ";\t|"):
        return "its columns do not stand between commas: end the name of a file with tabs in .tsv, or write commas"
    if missing in [name.strip() for name in there]:
        return "its name has spaces around it: write the header without them"
    return f"if yours is called otherwise, say so with columns={{{missing!r}: 'its name'}} (--column {missing}=NAME)"
