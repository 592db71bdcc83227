"""What each column of a click log must hold, and how it is read from what may hold it."""

from collections.abc import Callable

import polars as pl

from weaklabel.clicks.reading.origin import Origin, refuse

MOST = 10**9  # a position beyond it is an id in the wrong column
WIDE = (pl.Int128, pl.UInt128)  # numpy has none
BOOLEANS = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}


def _text(values: pl.Series, origin: Origin) -> pl.Series:
    if values.dtype == pl.String and not values.null_count():
        return values
    if values.dtype == pl.Binary:
        refuse(values, pl.Series(map(_undecodable, values)), origin, "an id is text in UTF-8")
    texts = _cast(values, pl.String, origin)
    refuse(values, _missing(values), origin, "every impression needs one; leave out the rows that have none")
    return texts


def ids(values: pl.Series, origin: Origin) -> pl.Series:
    """Ids as they are where they are whole numbers, none of them missing; else as text.

    Raises
    ------
    ClickLogError
        One is missing, or not in UTF-8.
    """
    whole = values.dtype.is_integer() and values.dtype not in WIDE and not values.null_count()
    return values if whole else _text(values, origin)


def _missing(values: pl.Series) -> pl.Series:
    return values.is_null() | _true(values.is_nan()) if values.dtype.is_float() else values.is_null()


def _undecodable(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return True
    return False


def _positions(values: pl.Series, origin: Origin) -> pl.Series:
    if _whole_between(values, 1, MOST):
        return values.cast(pl.Int64)
    numbers = _numbers(values, origin)
    whole = _true(numbers.is_finite() & (numbers == numbers.floor()))
    refuse(values, ~whole, origin, "a position is a whole number from 1")
    refuse(values, numbers < 1, origin, "positions start at 1; add 1 if yours start at 0")
    refuse(values, numbers > MOST, origin, "a position is a place on a page, 1 at the top")
    return numbers.cast(pl.Int64)


def _clicks(values: pl.Series, origin: Origin) -> pl.Series:
    if _whole_between(values, 0, 1):
        return values.cast(pl.Int8)
    numbers = _with_booleans(values, origin)
    wrong = ~_true((numbers == 0) | (numbers == 1))
    refuse(values, wrong, origin, "a click is 0 or 1; give one row per impression")
    return numbers.cast(pl.Int8)


def _with_booleans(values: pl.Series, origin: Origin) -> pl.Series:
    numbers = _cast(values, pl.Float64, origin) if values.dtype == pl.Boolean else _numbers(values, origin)
    if values.dtype != pl.String or not numbers.null_count():
        return numbers
    words = values.replace_strict(BOOLEANS, default=None, return_dtype=pl.Float64)
    return numbers.zip_with(numbers.is_not_null(), words)


def _numbers_of(least: int) -> Callable[[pl.Series, Origin], pl.Series]:
    """A reader of counts of at least so many."""

    def read(values: pl.Series, origin: Origin) -> pl.Series:
        if _whole_between(values, least, 2**53):
            return values.cast(pl.Int64)
        numbers = _numbers(values, origin)
        whole = _true((numbers == numbers.floor()) & numbers.is_between(least, 2**53))
        refuse(values, ~whole, origin, f"{values.name} are counted: a whole number from {least}")
        return numbers.cast(pl.Int64)

    return read


def _propensities(values: pl.Series, origin: Origin) -> pl.Series:
    numbers = _numbers(values, origin)
    in_range = _true((numbers > 0) & (numbers <= 1))
    refuse(values, ~in_range, origin, "a logged propensity is a probability in (0, 1]; fix it or leave the column out")
    return numbers


READERS: dict[str, Callable[[pl.Series, Origin], pl.Series]] = {
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
    refuse(values, _missing(values), origin, "impressions are told apart by it; fill it in or leave out such rows")
    return texts


def _numbers(values: pl.Series, origin: Origin) -> pl.Series:
    """As numbers; null where a value is none: polars has one for a date, too, and for true."""
    if values.dtype.is_temporal() or values.dtype == pl.Boolean:
        return pl.Series(values.name, [None] * len(values), pl.Float64)
    return _cast(values, pl.Float64, origin)


def _cast(values: pl.Series, dtype: type[pl.DataType], origin: Origin) -> pl.Series:
    try:
        return values.cast(dtype, strict=False)
    except pl.exceptions.PolarsError as error:
        raise origin.error(f"column {values.name!r} holds {values.dtype}: one value per row is needed") from error


def _whole_between(values: pl.Series, least: int, most: int) -> bool:
    """Whether that is plain to see, as it mostly is, without looking at each value in turn."""
    if not values.dtype.is_integer() or values.null_count() or not len(values):
        return False
    numbers = (
        values if values.dtype in WIDE else values.to_numpy()
    )  # whose min and max are several times as quick as those of polars
    return bool(numbers.min() >= least and numbers.max() <= most)  # type: ignore[operator]


def _true(flags: pl.Series) -> pl.Series:
    return flags.fill_null(False)  # a missing value satisfies nothing
