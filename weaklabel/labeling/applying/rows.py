"""Rows: what a labeling function sees of a table, made of its columns only as far as it looks."""

import weakref
from collections import deque
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import count, repeat
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
    """The rows of a frame, to be handed to one function after another; then those of the next frame.

    A column becomes Python values when a function first reads it. What a function writes into a row, or into a list
    that stands in it, is gone before the next function sees it. The rows of the next frame are the same objects, so
    that nothing is made anew for each: a function keeps a value, not the row.

    Examples
    --------
    >>> rows = Rows(2)
    >>> [(x.text, x["n"]) for x in rows.of(pl.DataFrame({"text": ["a", "b"], "n": [1, 2]}))]
    [('a', 1), ('b', 2)]
    """

    def __init__(self, most: int) -> None:
        # A class of their own is cheap, an __init__ for each row is not; and they do not keep this object alive.
        own = type("_LazyRow", (_LazyRow,), {"__slots__": (), "_weaklabel_rows": weakref.proxy(self)})
        self._rows: list[_LazyRow] = [own() for _ in range(most)]
        _exhaust(map(_LazyRow._weaklabel_i.__set__, self._rows, count()))  # type: ignore[attr-defined]  # a slot
        self._held = list(map(_held, self._rows))
        self.touched: list[_LazyRow] = []  # those that may not be as the table has them

    def of(self, frame: pl.DataFrame) -> list["_LazyRow"]:
        """The rows of a frame, of at most as many as were announced."""
        _exhaust(map(dict.clear, self._held))
        self._frame, self._n = frame, len(frame)
        mutable = (name for name, kind in frame.schema.items() if kind.is_nested() or kind == pl.Object)
        self._mutable: dict[str, list[Any] | None] = dict.fromkeys(mutable)
        self._names = set(frame.columns)
        return self.fresh()

    def fresh(self) -> list["_LazyRow"]:
        """The same rows, as the table has them."""
        for row in self.touched:
            _held(row).clear()
        self.touched.clear()
        return self._rows[: self._n]

    def put(self, row: "_LazyRow", column: str) -> None:
        """Give a row its value of a column.

        Raises
        ------
        AttributeError
            There is no such column.
        """
        if column not in self._names:
            raise AttributeError(f"the row has no {column!r}; its columns are {', '.join(self._frame.columns)}")
        if column in self._mutable:  # a list could be changed in place, so each function gets its own
            self.touched.append(row)
            _held(row)[column] = self._copied(row._weaklabel_i, column)
            return
        _exhaust(map(dict.setdefault, self._held, repeat(column), self._frame[column].to_list()))

    def _copied(self, i: int, column: str) -> Any:
        values = self._mutable[column]
        if values is None:
            values = self._mutable[column] = self._frame[column].to_list()
        value = values[i]
        plain = isinstance(value, list) and (not value or isinstance(value[0], (str, int, float)))
        return value.copy() if plain else deepcopy(value)

    def fill(self, row: "_LazyRow") -> None:
        """Give a row all its values; those that a function set stay."""
        for column in self._frame.columns:
            if column not in _held(row):
                self.put(row, column)


class _LazyRow(Row):
    """A row that asks `Rows` for what it has not got yet."""

    __slots__ = ("_weaklabel_i",)  # named so that no column is called the same
    _weaklabel_rows: Rows
    _weaklabel_i: int

    def __getattr__(self, column: str) -> Any:
        self._weaklabel_rows.put(self, column)
        return _held(self)[column]

    def __setattr__(self, column: str, value: Any) -> None:
        self._weaklabel_rows.touched.append(self)
        super().__setattr__(column, value)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """All that the row holds; so `vars(x)` is complete, and Snorkel's cache can tell rows apart."""
        self._weaklabel_rows.fill(self)
        return _held(self)

    def __reduce__(self) -> tuple[Callable[..., Row], tuple[dict[str, Any]]]:
        return _detached, (self.__dict__,)


# What a row holds so far; `x.__dict__` of a lazy one would fill it first.
_held: Callable[[SimpleNamespace], dict[str, Any]] = SimpleNamespace.__dict__["__dict__"].__get__


_exhaust: Callable[[Iterable[Any]], object] = deque(maxlen=0).extend


def _detached(values: dict[str, Any]) -> Row:
    return Row(**values)
