"""Hashes of rows from those of their cells: the columns of equal rows are hashed once."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from weaklabel.clicks.reading import coding
from weaklabel.clicks.reading.coding import Coder
from weaklabel.clicks.reading.hashing import Hashes, hashes_of, mixed
from weaklabel.clicks.reading.keys import Counts, Ints, starts
from weaklabel.clicks.reading.packing import Packing

CLICKS = hashes_of(pl.Series([0, 1], dtype=pl.Int8))


def of_rows(
    coders: Sequence[Coder],
    packing: Packing | None,
    cells: Ints,
    impressions: Ints | Counts,
    clicks: Ints | Counts,
) -> int:
    """The sum of the hashes of so many rows of each cell, and so many of them clicked, as `RowHashes` has them.

    Parameters
    ----------
    coders, packing
        What the keys of cells were made by; no packing where there are none.
    cells
        Keys, sorted, shape (cells,).
    impressions, clicks
        Of each cell, shape (cells,).
    """
    if packing is None or not len(cells):
        return 0
    hashes = _of_cells(coders, packing, cells)
    clicked, passed = clicks.astype(np.uint64), (impressions - clicks).astype(np.uint64)
    sums = mixed(hashes, CLICKS[1]) * clicked + mixed(hashes, CLICKS[0]) * passed
    return int(sums.sum(dtype=np.uint64))


def _of_cells(coders: Sequence[Coder], packing: Packing, cells: Ints) -> Hashes:
    """The hash of each cell, shape (cells,); cells that begin alike are neighbours."""
    known: Hashes = np.zeros(0, np.uint64)
    before: Ints = np.zeros(0, np.int64)
    shift = sum(packing.bits)
    for coder, bits in zip(coders, packing.bits, strict=True):
        shift -= bits
        begun = cells >> shift
        first = starts(begun)
        of_column = coding.hashes(coder, begun[first] & ((1 << bits) - 1))
        known = np.repeat(known, np.diff(np.searchsorted(first, before), append=len(first)))
        for hashes in of_column:
            known = mixed(known, hashes) if len(known) else hashes
        before = first
    return known
