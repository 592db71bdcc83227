"""Hashes of rows, made of those of their columns, each of which is hashed once."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
MIXES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd: no bits are lost


class RowHashes:
    """64-bit hashes of the rows of a frame, by any of its columns; the same for the same values, anywhere."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._columns: dict[str, Hashes] = {}

    def column(self, name: str) -> Hashes:
        """Of one column, shape (n,)."""
        if name not in self._columns:
            self._columns[name] = self.frame[name].hash(seed=0).to_numpy()
        return self._columns[name]

    def of(self, *names: str, mix: int = 0) -> Hashes:
        """Of these columns together, shape (n,); their order matters, and which mix of their hashes, 0 or 1."""
        hashes = self.column(names[0])
        for name in names[1:]:
            hashes = hashes * MIXES[mix]
            hashes ^= hashes >> np.uint64(32)
            hashes ^= self.column(name)
        return hashes
