"""Hashes of rows, made of those of their columns, each of which is hashed once."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.reading.rows import TEXTS

Hashes = NDArray[np.uint64]
BLOCK = 2**16  # rows at a time: they fit into the caches of a core
MIXES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd: no bits are lost


class RowHashes:
    """64-bit hashes of the rows of a frame, by any of its columns; the same for the same values, anywhere.

    Ids are hashed as text, also where they are whole numbers still.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._columns: dict[str, Hashes] = {}

    def column(self, name: str) -> Hashes:
        """Of one column, shape (n,)."""
        if name not in self._columns:
            self._columns[name] = hashes_of(self.frame[name], as_text=name in TEXTS)
        return self._columns[name]

    def of(self, *names: str, mix: int = 0) -> Hashes:
        """Of these columns together, shape (n,); their order matters, and which mix of their hashes, 0 or 1."""
        hashes = self.column(names[0])
        for name in names[1:]:
            hashes = mixed(hashes, self.column(name), mix)
        return hashes


def mixed(hashes: Hashes, more: Hashes, mix: int = 0) -> Hashes:
    """The hashes of rows with one more column, shape (n,); or with one more hash that is the same for all."""
    both, more = np.empty_like(hashes), np.broadcast_to(more, hashes.shape)
    for start in range(0, len(hashes), BLOCK):
        rows = slice(start, start + BLOCK)
        some = hashes[rows] * MIXES[mix]
        some ^= some >> np.uint64(32)
        np.bitwise_xor(some, more[rows], out=both[rows])
    return both


def hashes_of(values: pl.Series, as_text: bool = False) -> Hashes:
    """The hashes of values, shape (n,); of whole numbers as text, neighbours that are equal are written out once."""
    if not as_text or values.dtype == pl.String or not len(values):
        return values.hash(seed=0).to_numpy()
    numbers = values.to_numpy()
    first = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
    hashes = values.gather(first).cast(pl.String).hash(seed=0).to_numpy()
    return np.repeat(hashes, np.diff(first, append=len(numbers)))
