"""Texts as whole numbers: each is numbered as it first comes, and known by its hash when it comes again."""

import numpy as np
import polars as pl

from weaklabel.clicks.reading.coding import Columns, Ints
from weaklabel.clicks.reading.hash_numbers import HashNumbers
from weaklabel.clicks.reading.hashing import hashes_of
from weaklabel.clicks.reading.keys import starts


class Texts:
    """Texts, numbered as they come; numbers are texts, too.

    They are known by their 64-bit hashes, which are equal for one in 1e19 pairs of different texts.
    """

    def __init__(self, name: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._numbers = HashNumbers()
        self._met: list[pl.Series] = [pl.Series(name, [], pl.String)]

    @property
    def most(self) -> int:
        """No code is larger."""
        return max(len(self._numbers) - 1, 0)

    def takes(self, columns: Columns) -> bool:
        """Whatever there is."""
        return True

    def codes(self, columns: Columns) -> Ints:
        """The number of each text; of neighbours that are equal, as those of a page are, one is looked up."""
        column = columns[self.names[0]]
        texts = column.values.cast(pl.String)
        hashes = hashes_of(texts)
        if 2 * np.count_nonzero(hashes[1:] != hashes[:-1]) > len(hashes):
            codes, new = self._numbers.of(hashes)
        else:
            first = starts(hashes)
            codes, new = self._numbers.of(hashes[first])
            codes, new = np.repeat(codes, np.diff(first, append=len(hashes))), first[new]
        if len(new):
            self._met.append(texts.gather(new))
        return column.of_rows(codes)

    def values(self, codes: Ints) -> pl.DataFrame:
        """The texts."""
        self._met = [pl.concat(self._met, rechunk=True)]
        return self._met[0].gather(codes).to_frame()
