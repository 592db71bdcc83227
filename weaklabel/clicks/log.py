"""The click log: one row for each time a document was shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import checks
from weaklabel.errors import ClickLogError

REQUIRED = ("query_id", "doc_id", "position", "click")
TEXTS = ("query_id", "doc_id", "session_id")
OPTIONAL = ("session_id", "timestamp", "propensity")


@dataclass(frozen=True, eq=False)
class ClickLog:
    """What was shown, where, and whether it was clicked.

    Parameters
    ----------
    frame
        One row per impression, in any order, which is kept.

        - query_id, doc_id: stored as text.
        - position: whole number, 1 is the top.
        - click: 0 or 1, stored as Int8.
        - session_id (optional): one page of results, stored as text; a page has each position once.
        - timestamp (optional): kept as it is.
        - propensity (optional): in (0, 1], logged by whoever chose what to show.
        - any other column: context, kept as it is.

    Raises
    ------
    ClickLogError
        A column is missing, there are no rows, or a value is outside its range; names the value, its row (counted
        from 0) and what to do.
    """

    frame: pl.DataFrame

    def __post_init__(self) -> None:
        checks.put(self, frame=_checked(self.frame))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the columns that the log carries beyond its own."""
        return tuple(name for name in self.frame.columns if name not in REQUIRED + OPTIONAL)

    def upto(self, k: int) -> Self:
        """The impressions at positions 1..k.

        Raises
        ------
        ClickLogError
            There are none.
        """
        return type(self)(upto(self.frame, k))

    @classmethod
    def from_frame(cls, data: Any, columns: Mapping[str, str] | None = None) -> Self:
        """A log from a polars or pandas frame, any object with an Arrow stream, or columns by name.

        Parameters
        ----------
        data
            One row per impression.
        columns
            Our name of a column -> its name in the data, where they differ.

        Raises
        ------
        ClickLogError
            As the constructor, or `columns` names something that is not there.
        """
        try:
            frame = tables.as_frame(data)
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ClickLogError(f"cannot read the {type(data).__name__} as a table: {reason}") from error
        return cls(_renamed(frame, columns or {}))


def read_log(path: str | Path, columns: Mapping[str, str] | None = None) -> ClickLog:
    """Read a click log from a CSV, TSV, JSON, JSONL or Parquet file, told apart by its ending.

    Parameters
    ----------
    path
        One row per impression.
    columns
        Our name of a column -> its name in the file, where they differ.

    Raises
    ------
    ClickLogError
        What the file holds is no click log; names the file, the row (counted from 0) and the value.
    TableError
        The file is missing, of another kind, or cannot be parsed.
    """
    names = columns or {}
    frame = tables.read_frame(path, text=[names.get(name, name) for name in TEXTS])
    try:
        return ClickLog.from_frame(frame, columns)
    except ClickLogError as error:
        raise ClickLogError(f"{path}: {error}") from error


def upto(frame: pl.DataFrame, k: int) -> pl.DataFrame:
    """The rows at positions 1..k; an error if there are none."""
    kept = frame.filter(pl.col("position") <= k)
    if not len(kept):
        first = frame["position"].sort()[0]
        raise ClickLogError(f"nothing is left up to position {k}: the log starts at position {first}")
    return kept


def _renamed(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    for ours, theirs in columns.items():
        if ours not in REQUIRED + OPTIONAL:
            raise ClickLogError(
                f"columns names {ours!r}, which is no column of a click log; write our name first, as in "
                f"columns={{'doc_id': 'item'}}; ours are: {', '.join(REQUIRED + OPTIONAL)}"
            )
        if theirs not in frame.columns:
            raise ClickLogError(
                f"columns says that {ours} is called {theirs!r}; there are only: {', '.join(frame.columns) or 'none'}"
            )
    rest = [name for name in frame.columns if name not in columns.values()]
    if both := [name for name in rest if name in columns]:
        raise ClickLogError(f"the log has a column {both[0]!r} beside {columns[both[0]]!r}: drop or rename one")
    return frame.select(*(pl.col(theirs).alias(ours) for ours, theirs in columns.items()), *rest)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    _require(frame)
    readers = {
        "query_id": _text,
        "doc_id": _text,
        "position": _positions,
        "click": _clicks,
        "session_id": _text,
        "propensity": _propensities,
    }
    own = [name for name in REQUIRED + OPTIONAL if name in frame.columns]
    parsed = [readers[name](frame[name]) if name in readers else frame[name] for name in own]
    checked = pl.DataFrame([*parsed, *frame.drop(own)])
    if "session_id" in own:
        _refuse_shared_places(checked)
    return checked


def _require(frame: pl.DataFrame) -> None:
    if missing := [name for name in REQUIRED if name not in frame.columns]:
        raise ClickLogError(
            f"the log has no column {missing[0]!r}; there are: {', '.join(frame.columns) or 'none'}; "
            f"if yours is called otherwise, say so with columns={{{missing[0]!r}: 'its name'}}"
        )
    if not len(frame):
        raise ClickLogError("the log has no rows: give it one row per document shown, clicked or not")


def _text(values: pl.Series) -> pl.Series:
    texts = _cast(values, pl.String)
    missing = texts.is_null() | _true(values.is_nan()) if values.dtype.is_float() else texts.is_null()
    _refuse(values, missing, "every impression needs one; leave out the rows that have none")
    return texts


def _positions(values: pl.Series) -> pl.Series:
    numbers = _cast(values, pl.Float64)
    _refuse(values, ~_true(numbers.is_finite() & (numbers == numbers.floor())), "a position is a whole number from 1")
    _refuse(values, numbers < 1, "positions start at 1; add 1 if yours start at 0")
    return numbers.cast(pl.Int64)


def _clicks(values: pl.Series) -> pl.Series:
    numbers = _cast(values, pl.Float64)
    _refuse(values, ~_true((numbers == 0) | (numbers == 1)), "a click is 0 or 1; give one row per impression")
    return numbers.cast(pl.Int8)


def _propensities(values: pl.Series) -> pl.Series:
    numbers = _cast(values, pl.Float64)
    in_range = _true((numbers > 0) & (numbers <= 1))
    _refuse(values, ~in_range, "a logged propensity is a probability in (0, 1]; fix it or leave the column out")
    return numbers


def _cast(values: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    try:
        return values.cast(dtype, strict=False)
    except pl.exceptions.PolarsError as error:
        raise ClickLogError(f"column {values.name!r} holds {values.dtype}: one value per row is needed") from error


def _true(flags: pl.Series) -> pl.Series:
    return flags.fill_null(False)  # a missing value satisfies nothing


def _refuse(values: pl.Series, bad: pl.Series, advice: str) -> None:
    if not bad.any():
        return
    row = int(bad.arg_max() or 0)
    value = values[row]
    missing = value is None or value != value
    has = f"no {values.name}" if missing else f"{values.name} {value!r}"
    raise ClickLogError(f"row {row} has {has}: {advice}")


def _refuse_shared_places(frame: pl.DataFrame) -> None:
    places = frame.select("session_id", "position")
    if not places.is_duplicated().any():
        return
    _raise_shared_place(places)


def _raise_shared_place(places: pl.DataFrame) -> NoReturn:
    first = int(places.is_duplicated().arg_max() or 0)
    session, position = places.row(first)
    same = (places["session_id"] == session) & (places["position"] == position)
    second = int(same.arg_true()[1])
    raise ClickLogError(
        f"rows {first} and {second} both stand at position {position} of session {session!r}: a session_id is one "
        "page of results, so give each page its own, or leave the column out"
    )
