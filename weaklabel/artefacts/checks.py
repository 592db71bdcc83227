"""What several artefacts check at their birth."""

from collections.abc import Sequence
from typing import Any, NoReturn
from weakref import WeakValueDictionary

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError

MAX_CLASSES = 127  # a vote is an int8

# Ids travel from artefact to artefact, and there may be ten million: those of one are not checked again for the next.
_checked: "WeakValueDictionary[int, pl.Series]" = WeakValueDictionary()


def ids(values: Any, what: str = "item") -> pl.Series:
    """The ids as a text column named `id`, each present and unique.

    Raises
    ------
    TableError
        An id is missing or occurs twice; the message names it and its rows.
    """
    known = _checked.get(id(values))
    if known is not None and known is values:
        return known
    series = pl.Series("id", values, strict=False) if not isinstance(values, pl.Series) else values.alias("id")
    if series.dtype.is_float():
        series = series.fill_nan(None)  # how pandas says that there is none
    series = series.cast(pl.String)
    if series.null_count():
        raise TableError(f"the {what} in row {series.is_null().arg_max()} has no id: give every {what} one")
    if series.n_unique() != len(series):
        _raise_duplicate(series, what)
    _checked[id(series)] = series
    return series


def trusted(series: pl.Series) -> pl.Series:
    """Ids that have been checked already, as another object: they are not checked again."""
    _checked[id(series)] = series
    return series


def _raise_duplicate(series: pl.Series, what: str) -> NoReturn:
    repeated = series.filter(series.is_duplicated())
    first = repeated[0]
    rows = (series == first).arg_true().to_list()
    raise TableError(
        f"id {first!r} stands in rows {rows[0]} and {rows[1]}; {repeated.n_unique()} ids occur more than once: "
        f"every {what} needs its own"
    )


def classes(values: Sequence[str]) -> tuple[str, ...]:
    """The class names: at least two, distinct, at most 127.

    Raises
    ------
    TableError
        Fewer than two, more than 127, or a name twice.
    """
    if isinstance(values, str):
        raise TableError(f"classes are a sequence of names, such as ('ham', 'spam'), not the text {values!r}")
    named = tuple(str(value) for value in values)
    if not 2 <= len(named) <= MAX_CLASSES:
        raise TableError(f"{len(named)} classes given {named[:3]}; 2 to {MAX_CLASSES} are possible")
    if len(set(named)) != len(named):
        raise TableError(f"class names must differ: {', '.join(named)}")
    return named


def gold(values: Any, n: int, classes: Sequence[str]) -> NDArray[np.int64]:
    """Known classes of n items, shape (n,): class numbers, -1 where unknown.

    Raises
    ------
    TableError
        Another shape, or a value that is neither -1 nor the number of a class.
    """
    array = np.asarray(values)
    if array.shape != (n,):
        raise TableError(f"gold has shape {array.shape}; there are {n} items")
    possible = np.isin(array, np.arange(-1, len(classes)))
    if not possible.all():
        row = int((~possible).argmax())
        known = f"0..{len(classes) - 1} ({', '.join(classes)})"
        raise TableError(f"gold holds {array[row]!r} in row {row}; it is -1 (unknown) or one of {known}")
    return array.astype(np.int64)


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A view of the array that refuses to be written."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def put(artefact: object, **values: object) -> None:
    """Set fields of a frozen artefact; only its own constructor may."""
    for name, value in values.items():
        object.__setattr__(artefact, name, value)
