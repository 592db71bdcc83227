"""Cells in the order of their columns, by the ranks of their values, which are few."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from weaklabel.clicks.reading.coding import Column, Ints


def ranked(column: Column) -> tuple[pl.Series, Ints]:
    """The different values, sorted, ids as text; and the rank of each row among them, shape (n,)."""
    values = column.values if column.values.name == "position" else column.values.cast(pl.String)
    different = values.unique().sort()
    if values.dtype == pl.String:
        rank = values.cast(pl.Enum(different)).to_physical().cast(pl.Int64).to_numpy()
    else:
        rank = np.searchsorted(different.to_numpy(), values.to_numpy())
    return different, column.of_rows(rank)


def order_of(ranks: Sequence[tuple[Ints, int]]) -> Ints:
    """The rows in sorted order, by ranks packed into one number."""
    packed: Ints = np.zeros(len(ranks[0][0]), np.int64)
    size = 1
    for rank, n in ranks:
        if size * n >= 2**62:
            different, packed = np.unique(packed, return_inverse=True)
            size = len(different)
        packed, size = packed * n + rank, size * n
    return np.argsort(packed)
