"""Resamples of a log by groups: its buckets of sessions or, where it has no sessions, groups of queries."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.count_columns import BUCKETS, BY_BUCKET, COUNTS
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves.intervals import half_width, standard_error
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Groups:
    """What is drawn as a whole: B buckets of sessions, or B groups of queries.

    Attributes
    ----------
    cells
        M cells.
    number
        Shape (B,): numbers of the buckets or of the groups of queries that hold anything.
    of_cell
        Shape (M,): the group of queries of each cell; None where there are buckets.
    """

    cells: Cells
    number: Ints
    of_cell: Ints | None

    def __len__(self) -> int:
        return len(self.number)

    def counted(self, weights: Floats) -> tuple[Floats, Floats]:
        """Impressions and clicks, each shape (M,), where group b counts `weights[b]` times."""
        if self.of_cell is not None:
            times = weights[self.of_cell]
            return self.cells.N * times, self.cells.C * times
        N, C = self.cells.N.copy(), self.cells.C.copy()
        for b, weight in zip(self.number, weights, strict=True):
            if weight != 1:
                N += (weight - 1) * self.cells.N_by_bucket[:, b]  # type: ignore[index]
                C += (weight - 1) * self.cells.C_by_bucket[:, b]  # type: ignore[index]
        return N, C

    def without(self, counts: ClickCounts, b: int) -> ClickCounts:
        """The counts with the b-th group taken out."""
        if self.of_cell is not None:
            return ClickCounts(counts.frame.filter(pl.Series(self.of_cell != b)), counts.key, counts.context)
        less = [pl.col(n) - pl.col(s).arr.get(int(self.number[b])) for n, s in zip(COUNTS, BY_BUCKET, strict=True)]
        frame = counts.frame.with_columns(less).drop(BY_BUCKET).filter(pl.col("impressions") > 0)
        return ClickCounts(frame, counts.key, counts.context)


def groups(counts: ClickCounts) -> Groups:
    """The buckets of a log with sessions, else its queries in up to 20 groups."""
    cells = counts.cells
    if cells.N_by_bucket is not None:
        return Groups(cells, np.flatnonzero(cells.N_by_bucket.any(axis=0)), None)
    of_cell = cells.query[cells.item] % BUCKETS
    return Groups(cells, np.unique(of_cell), of_cell)


def jackknife_weights(B: int) -> Floats:
    """Each group left out once, shape (B, B)."""
    return np.asarray(1.0 - np.eye(B))


def bootstrap_weights(B: int, resamples: int, seed: int) -> Floats:
    """How often each group is drawn, shape (resamples, B)."""
    drawn = np.random.default_rng(seed).multinomial(B, np.full(B, 1 / B), size=resamples)
    return np.asarray(drawn, dtype=np.float64)


Interval = Callable[[Floats, Floats], tuple[Floats, Floats]]


def jackknife_interval(level: float) -> Interval:
    """From the estimate and its replicates, shape (B, ...), to lower and upper ends by Student's t."""

    def ends(value: Floats, replicates: Floats) -> tuple[Floats, Floats]:
        width = half_width(level, len(replicates)) * standard_error(replicates)
        return value - width, value + width

    return ends


def bootstrap_interval(level: float) -> Interval:
    """From the estimate and its resamples, shape (resamples, ...), to percentiles."""

    def ends(value: Floats, replicates: Floats) -> tuple[Floats, Floats]:
        lower, upper = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return np.asarray(lower), np.asarray(upper)

    return ends
