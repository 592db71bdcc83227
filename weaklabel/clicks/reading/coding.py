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

FIRST_LOOKUP, LARGEST_LOOKUP = 2**12, 2**22  # places, powers of two: 64 MB at most


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


class Texts:
    """Texts, numbered as they come; numbers are texts, too.

    Those that come again are known by their 64-bit hashes, which are equal for one in 1e19 pairs of different texts.
    """

    def __init__(self, name: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._dtype = pl.Categorical(pl.Categories.random())
        self._held = pl.Series([""], dtype=self._dtype)  # polars forgets the numbers with the last text that has one
        self._met: list[pl.Series] = [pl.Series(name, [""])]
        self._n = 1
        self._lookup(FIRST_LOOKUP)

    @property
    def most(self) -> int:
        """No code is larger."""
        return self._n - 1

    def takes(self, columns: Columns) -> bool:
        """Whatever there is."""
        return True

    def codes(self, columns: Columns) -> Ints:
        """The number of each text."""
        column = columns[self.names[0]]
        texts = column.values.cast(pl.String)
        hashes = hashes_of(texts)
        place = (hashes & self._last).astype(np.int64)
        known = self._known.take(place, axis=0)
        codes: Ints = known[:, 1].astype(np.int64)
        others = np.flatnonzero(known[:, 0] != hashes)
        if len(others):
            codes[others] = numbers = self._numbers(texts.gather(others))
            self._known[place[others]] = np.stack([hashes[others], numbers.astype(np.uint64)], axis=1)
        if len(self._known) < min(4 * self._n, LARGEST_LOOKUP):
            self._lookup(4 * len(self._known))
        return column.of_rows(codes)

    def _lookup(self, size: int) -> None:
        """A table, empty yet, of the hash and the number of the last text that came to each place of it."""
        self._last = np.uint64(size - 1)
        self._known: Hashes = np.zeros((size, 2), np.uint64)
        self._known[0, 0] = 1  # no text that stands there has this one: what stands nowhere yet is found nowhere

    def _numbers(self, texts: pl.Series) -> Ints:
        codes = texts.cast(self._dtype).to_physical().to_numpy().astype(np.int64)
        new = np.flatnonzero(codes >= self._n)
        if len(new):
            numbers, first = np.unique(codes[new], return_index=True)
            self._met.append(texts.gather(new[first]))
            self._n = int(numbers[-1]) + 1
        return codes

    def values(self, codes: Ints) -> pl.DataFrame:
        """The texts."""
        self._met = [pl.concat(self._met, rechunk=True)]
        return self._met[0].gather(codes).to_frame()


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
