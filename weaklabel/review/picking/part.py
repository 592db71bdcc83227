"""Some rows of a pool: what strategies may look at, and what else is known of the items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.review.picking.pool import Pool, Rows

ROUNDING = 1e-4  # float32 probabilities of many classes sum to 1 only about so well
FIRST = 1 << 14  # rows of the first piece: its best tell what of the rest can be passed by
FEW = 1 << 22  # probabilities of a later one, where few of its rows are scored
ALL = 1 << 18  # probabilities, where all rows are: 2 MB


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a pool; one entry an item in each of the arrays that there are.

    Parameters
    ----------
    ids
        Text.
    pool
        What strategies may look at.
    covered, answered
        Shape (n,): something is known of the item; a person answered it.
    group, price
        Where they are asked for.
    rounding
        How far from 1 the probabilities of an item may sum to.
    """

    ids: pl.Series
    pool: Pool
    covered: NDArray[np.bool_]
    answered: NDArray[np.bool_]
    group: pl.Series | None = None
    price: pl.Series | None = None
    rounding: float = ROUNDING

    def __len__(self) -> int:
        return len(self.ids)

    def pieces(self, few: bool) -> Iterator[tuple[int, "Part"]]:
        """All rows, in pieces of which each is twice as long as the one before, up to what memory is to hold.

        Each comes with the number of its first row. `few`: only few rows of each are scored, so that they may be
        longer.
        """
        start, size = 0, FIRST
        most = max(1, (FEW if few else ALL) // self.pool.probs.shape[1])
        while start < len(self):
            yield start, self._piece(slice(start, start + size))
            start, size = start + size, min(2 * size, most)

    def _piece(self, rows: slice) -> "Part":
        group, price = (None if column is None else column[rows] for column in (self.group, self.price))
        covered, answered = self.covered[rows], self.answered[rows]
        return Part(self.ids[rows], self.pool.take(rows), covered, answered, group, price, self.rounding)

    def items(self, rows: Rows, classes: Sequence[str] | None) -> pl.DataFrame:
        """A row for each: id, covered and, where they are asked for, the most probable class, group and price."""
        columns = [self.ids[rows].alias("id"), pl.Series("covered", self.covered[rows])]
        if classes is not None:
            columns.append(pl.Series("class", classes, pl.String).gather(self.pool.probs[rows].argmax(axis=1)))
        if self.group is not None:
            columns.append(self.group[rows].cast(pl.String).alias("group"))
        if self.price is not None:
            columns.append(self.price[rows].cast(pl.Float64).alias("price"))
        return pl.DataFrame(columns)

    def check(self, left: NDArray[np.bool_] | None) -> None:
        """See that each item that is left (None: all are) has its group and its price.

        Raises
        ------
        TableError
            One has none, or a price that is not above 0.
        """
        for what, column in (("group", self.group), ("price", self.price)):
            if column is not None and column.null_count():
                missing = _first(column.is_null().to_numpy(), left)
                if missing is not None:
                    raise TableError(f"item {self.ids[missing]!r} has no {what}: give it one")
        if self.price is not None:
            price = self.price.cast(pl.Float64).fill_null(1).to_numpy()
            wrong = _first(~((price > 0) & np.isfinite(price)), left)
            if wrong is not None:
                raise TableError(f"an answer about item {self.ids[wrong]!r} costs {price[wrong]}: a price is above 0")


def _first(wrong: NDArray[np.bool_], left: NDArray[np.bool_] | None) -> int | None:
    """The first row that is wrong and left, if any."""
    rows = np.flatnonzero(wrong if left is None else wrong & left)
    return int(rows[0]) if len(rows) else None
