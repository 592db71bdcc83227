"""What the rows of a click log must hold, checked column by column, and what is said of one that does not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from weaklabel.errors import ClickLogError

SHOWN = ("query_id", "doc_id", "position")
REQUIRED = (*SHOWN, "click")
COUNTED = (*SHOWN, "impressions", "clicks")  # a row for many impressions
TEXTS = ("query_id", "doc_id", "session_id")
OPTIONAL = ("session_id", "timestamp", "propensity")
PAGE = ("doc_ids", "clicks", "positions")  # a row for a page of results
KNOWN = tuple(dict.fromkeys((*REQUIRED, *OPTIONAL, *COUNTED, *PAGE)))
MOST = 10**9  # a position beyond it is an id in the wrong column
BOOLEANS = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}


@dataclass(frozen=True)
class Origin:
    """Where rows come from, for what messages say of them.

    Attributes
    ----------
    file
        Its name, or nothing where there is none.
    first
        The number of the first row, counted from 0.
    rows
        The number of each row, where they do not follow one another.
    """

    file: str = ""
    first: int = 0
    rows: pl.Series | None = None

    def row(self, i: int) -> int:
        """The number in the file of the i-th row at hand."""
        return self.first + i if self.rows is None else int(self.rows[i])

    def after(self, n: int) -> "Origin":
        """Where the rows stand that come after the first n."""
        if self.rows is None:
            return Origin(self.file, self.first + n)
        return Origin(self.file, rows=self.rows[n:])

    def error(self, what: str) -> ClickLogError:
        """An error that names the file."""
        return ClickLogError(f"{self.file}: {what}" if self.file else what)


NOWHERE = Origin()  # rows of a frame


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
    return frame.select(*(pl.col(theirs).alias(ours) for ours, theirs in columns.items()), *rest)


def checked(frame: pl.DataFrame, origin: Origin = NOWHERE, required: tuple[str, ...] = REQUIRED) -> pl.DataFrame:
    """The rows with columns of their types, ours first.

    Parameters
    ----------
    frame
        Our names of columns; any other column is kept as it is.
    origin
        Where the rows come from.
    required
        `REQUIRED` for one row per impression, `COUNTED` for rows of many.

    Raises
    ------
    ClickLogError
        A column is missing, or a value is outside its range; names the value, its row and what to do.
    """
    _require(frame, origin, required)
    own = [name for name in dict.fromkeys((*required, *OPTIONAL)) if name in frame.columns]
    parsed = [READERS[name](frame[name], origin) if name in READERS else frame[name] for name in own]
    rows = pl.DataFrame([*parsed, *frame.drop(own)])
    if required == COUNTED:
        _refuse(rows["clicks"], rows["clicks"] > rows["impressions"], origin, "there are not as many impressions")
    return rows


def _require(frame: pl.DataFrame, origin: Origin, required: tuple[str, ...]) -> None:
    if missing := [name for name in required if name not in frame.columns]:
        raise origin.error(
            f"the log has no column {missing[0]!r}; there are: {', '.join(frame.columns) or 'none'}; "
            f"if yours is called otherwise, say so with columns={{{missing[0]!r}: 'its name'}}"
        )


def _text(values: pl.Series, origin: Origin) -> pl.Series:
    if values.dtype == pl.String and not values.null_count():
        return values
    if values.dtype == pl.Binary:
        _refuse(values, pl.Series(map(_undecodable, values)), origin, "an id is text in UTF-8")
    texts = _cast(values, pl.String, origin)
    missing = texts.is_null() | _true(values.is_nan()) if values.dtype.is_float() else texts.is_null()
    _refuse(values, missing, origin, "every impression needs one; leave out the rows that have none")
    return texts


def _undecodable(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return True
    return False


def _positions(values: pl.Series, origin: Origin) -> pl.Series:
    if _whole_between(values, 1, MOST):
        return values.cast(pl.Int64)
    numbers = _cast(values, pl.Float64, origin)
    whole = _true(numbers.is_finite() & (numbers == numbers.floor()))
    _refuse(values, ~whole, origin, "a position is a whole number from 1")
    _refuse(values, numbers < 1, origin, "positions start at 1; add 1 if yours start at 0")
    _refuse(values, numbers > MOST, origin, "a position is a place on a page, 1 at the top")
    return numbers.cast(pl.Int64)


def _clicks(values: pl.Series, origin: Origin) -> pl.Series:
    if _whole_between(values, 0, 1):
        return values.cast(pl.Int8)
    numbers = _with_booleans(values, origin)
    wrong = ~_true((numbers == 0) | (numbers == 1))
    _refuse(values, wrong, origin, "a click is 0 or 1; give one row per impression")
    return numbers.cast(pl.Int8)


def _with_booleans(values: pl.Series, origin: Origin) -> pl.Series:
    numbers = _cast(values, pl.Float64, origin)
    if values.dtype != pl.String or not numbers.null_count():
        return numbers
    words = values.replace_strict(BOOLEANS, default=None, return_dtype=pl.Float64)
    return numbers.zip_with(numbers.is_not_null(), words)


def _numbers_of(least: int) -> Callable[[pl.Series, Origin], pl.Series]:
    """A reader of counts of at least so many."""

    def read(values: pl.Series, origin: Origin) -> pl.Series:
        if _whole_between(values, least, 2**53):
            return values.cast(pl.Int64)
        numbers = _cast(values, pl.Float64, origin)
        whole = _true((numbers == numbers.floor()) & numbers.is_between(least, 2**53))
        _refuse(values, ~whole, origin, f"{values.name} are counted: a whole number from {least}")
        return numbers.cast(pl.Int64)

    return read


def _propensities(values: pl.Series, origin: Origin) -> pl.Series:
    numbers = _cast(values, pl.Float64, origin)
    in_range = _true((numbers > 0) & (numbers <= 1))
    _refuse(values, ~in_range, origin, "a logged propensity is a probability in (0, 1]; fix it or leave the column out")
    return numbers


READERS: Mapping[str, Callable[[pl.Series, Origin], pl.Series]] = {
    "query_id": _text,
    "doc_id": _text,
    "session_id": _text,
    "position": _positions,
    "click": _clicks,
    "impressions": _numbers_of(1),
    "clicks": _numbers_of(0),
    "propensity": _propensities,
}


def text_of(values: pl.Series, origin: Origin) -> pl.Series:
    """A column of key or context as text.

    Raises
    ------
    ClickLogError
        A value is missing.
    """
    texts = _cast(values, pl.String, origin)
    _refuse(values, texts.is_null(), origin, "impressions are told apart by it; fill it in or leave out such rows")
    return texts


def _cast(values: pl.Series, dtype: type[pl.DataType], origin: Origin) -> pl.Series:
    try:
        return values.cast(dtype, strict=False)
    except pl.exceptions.PolarsError as error:
        raise origin.error(f"column {values.name!r} holds {values.dtype}: one value per row is needed") from error


def _whole_between(values: pl.Series, least: int, most: int) -> bool:
    """Whether that is plain to see, as it mostly is, without looking at each value in turn."""
    if not values.dtype.is_integer() or values.null_count() or not len(values):
        return False
    return bool(values.min() >= least and values.max() <= most)  # type: ignore[operator]


def _true(flags: pl.Series) -> pl.Series:
    return flags.fill_null(False)  # a missing value satisfies nothing


def _refuse(values: pl.Series, bad: pl.Series, origin: Origin, advice: str) -> None:
    if not bad.any():
        return
    i = int(bad.arg_max() or 0)
    value = values[i]
    missing = value is None or value != value
    has = f"no {values.name}" if missing else f"{values.name} {short(value)}"
    raise origin.error(f"row {origin.row(i)} has {has}: {advice}")


def short(value: Any, most: int = 60) -> str:
    """A value as it is written, cut where it is endless."""
    written = repr(value)
    return written if len(written) <= most else f"{written[:most]}... ({len(str(value)):,} characters)"
