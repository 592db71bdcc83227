"""The columns of a cell as whole numbers: numbers stand for themselves, texts are numbered as they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.reading.cell_numbers import CellNumbers
from weaklabel.clicks.reading.hashing import Hashes, RowHashes, hashes_of
from weaklabel.clicks.reading.rows import TEXTS

Ints = NDArray[np.int64]
MOST = 2**40  # whole numbers below it stand for themselves: no more bits than that of one key


@dataclass(frozen=True)
class Column:
    """A column of rows: its values, or its different values and which of them each row has.

    Attributes
    ----------
    values
        In any order.
    index
        Which of the values each row has, shape (n,); None: the values are those of the rows.
    """

    values: pl.Series
    index: Ints | None = None

    def of_rows(self, of_values: Ints) -> Ints:
        """For each row what there is for each value."""
        return of_values if self.index is None else of_values[self.index]

    def written_out(self) -> pl.Series:
        """The value of each row."""
        return self.values if self.index is None else self.values.gather(self.index)


Columns = Mapping[str, Column]


class Coder(Protocol):
    """Codes of one column, or of several together.

    Attributes
    ----------
    names
        The columns.
    most
        No code of rows taken so far is larger.
    """

    names: tuple[str, ...]

    @property
    def most(self) -> int: ...

    def takes(self, columns: Columns) -> bool:
        """Whether it has codes for such rows; asked before any codes are."""
        ...

    def codes(self, columns: Columns) -> Ints:
        """The code of each row, shape (n,), from 0; equal rows have equal codes."""
        ...

    def values(self, codes: Ints) -> pl.DataFrame:
        """The columns of these codes."""
        ...


class Whole:
    """Whole numbers that are their own codes."""

    def __init__(self, name: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self.most = 0

    def takes(self, columns: Columns) -> bool:
        """Whether they are numbers, none of them negative or very large."""
        values = columns[self.names[0]].values
        if not values.dtype.is_integer():
            return False
        numbers = values.cast(pl.Int64, strict=False).fill_null(-1).to_numpy()  # null: beyond 63 bits
        most = int(numbers.view(np.uint64).max())  # negative ones are very large there
        self.most = max(self.most, min(most, MOST - 1))
        return most < MOST

    def codes(self, columns: Columns) -> Ints:
        """The numbers."""
        column = columns[self.names[0]]
        return column.of_rows(column.values.cast(pl.Int64).to_numpy())

    def values(self, codes: Ints) -> pl.DataFrame:
        """The numbers."""
        return pl.DataFrame({self.names[0]: codes})


class Together:
    """Several columns, too wide to stand side by side, each different row of which is numbered as it comes."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._numbers = CellNumbers()
        self._met: list[pl.DataFrame] = []

    @property
    def most(self) -> int:
        """No code is larger."""
        return max(self._numbers.n - 1, 0)

    def takes(self, columns: Columns) -> bool:
        """Whatever there is."""
        return True

    def codes(self, columns: Columns) -> Ints:
        """The number of each row."""
        texts = pl.DataFrame([columns[name].written_out().cast(pl.String) for name in self.names])
        codes, new = self._numbers.of(RowHashes(texts), self.names)
        self._met.append(texts[new])
        return codes

    def values(self, codes: Ints) -> pl.DataFrame:
        """The columns of the rows."""
        self._met = [pl.concat(self._met, rechunk=True)]
        return self._met[0][codes]


def hashes(coder: Coder, codes: Ints) -> list[Hashes]:
    """The hashes of each column of these codes, each of shape (n,), as `RowHashes` has them."""
    different, index = distinct(codes)
    columns = coder.values(different).get_columns()
    return [hashes_of(values, as_text=values.name in TEXTS)[index] for values in columns]


def distinct(codes: Ints) -> tuple[Ints, Ints]:
    """The different ones, sorted, and which of them each is, shape (n,); codes are few, or small, or both."""
    most = int(codes.max(initial=0))
    if most > 8 * len(codes) + 1_000:
        return np.unique(codes, return_inverse=True)
    there = np.zeros(most + 1, bool)
    there[codes] = True
    different = np.flatnonzero(there)
    number = np.zeros(most + 1, np.int64)
    number[different] = np.arange(len(different))
    return different, number[codes]
