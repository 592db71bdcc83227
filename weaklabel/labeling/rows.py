"""Rows: what a labeling function sees of a table, made of its columns only as far as it looks."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import polars as pl


class Row(SimpleNamespace):
    """One row of a table: `x.text` and `x["text"]` are the same; Snorkel's preprocessors work on it."""

    def __getitem__(self, column: str) -> Any:
        try:
            return getattr(self, column)
        except AttributeError:
            raise KeyError(column) from None


class Rows:
    """The rows of a frame, to be handed to one function after another.

    A column becomes Python values when a function first reads it. What a function writes into a row, or into a list
    that stands in it, is gone before the next function sees it.

    Examples
    --------
    >>> rows = Rows(pl.DataFrame({"text": ["a", "b"], "n": [1, 2]}))
    >>> [(x.text, x["n"]) for x in rows.fresh()]
    [('a', 1), ('b', 2)]
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._mutable = {name for name, kind in frame.schema.items() if kind.is_nested() or kind == pl.Object}
        self._rows = [_LazyRow(self, i) for i in range(len(frame))]
        self.touched: list[_LazyRow] = []  # those that may not be as the table has them

    def fresh(self) -> list["_LazyRow"]:
        """All rows, as the table has them."""
        for row in self.touched:
            _held(row).clear()
        self.touched.clear()
        return self._rows

    def put(self, row: "_LazyRow", i: int, column: str) -> None:
        """Give a row its value of a column.

        Raises
        ------
        AttributeError
            There is no such column.
        """
        if column not in self._frame.schema:
            raise AttributeError(f"the row has no {column!r}; its columns are {', '.join(self._frame.columns)}")
        if column in self._mutable:  # a list could be changed in place, so each function gets its own
            self.touched.append(row)
            _held(row)[column] = self._frame[column].slice(i, 1).to_list()[0]
            return
        for each, value in zip(self._rows, self._frame[column].to_list(), strict=True):
            _held(each).setdefault(column, value)

    def fill(self, row: "_LazyRow", i: int) -> None:
        """Give a row all its values; those that a function set stay."""
        for column in self._frame.columns:
            if column not in _held(row):
                self.put(row, i, column)


class _LazyRow(Row):
    """A row that asks `Rows` for what it has not got yet."""

    __slots__ = ("_all", "_i")

    def __init__(self, rows: Rows, i: int) -> None:
        object.__setattr__(self, "_all", rows)
        object.__setattr__(self, "_i", i)

    def __getattr__(self, column: str) -> Any:
        self._all.put(self, self._i, column)
        return _held(self)[column]

    def __setattr__(self, column: str, value: Any) -> None:
        self._all.touched.append(self)
        super().__setattr__(column, value)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """All that the row holds; so `vars(x)` is complete, and Snorkel's cache can tell rows apart."""
        self._all.fill(self, self._i)
        return _held(self)

    def __reduce__(self) -> tuple[Callable[..., Row], tuple[dict[str, Any]]]:
        return _detached, (self.__dict__,)


# What a row holds so far; `x.__dict__` of a lazy one would fill it first.
_held: Callable[[SimpleNamespace], dict[str, Any]] = SimpleNamespace.__dict__["__dict__"].__get__


def _detached(values: dict[str, Any]) -> Row:
    return Row(**values)
