"""Corrections: relevance of each (query, document) from clicks, and what an impression weighs in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.relevance.slot_bias import SlotBias
from weaklabel.numerics import Floats

LEAST_SPREAD = 0.1  # a document that is clicked whenever it is seen is not known without error


@dataclass(frozen=True)
class Pairs:
    """The cells of each (query, document), with what position does to their clicks.

    Attributes
    ----------
    frame
        n rows: query_id and doc_id.
    pair, slot
        Shape (M,): of which pair and at which slot a cell is.
    query
        Shape (n,): the number of each pair's query.
    N, C, alpha, beta
        Shape (M,): impressions, clicks, and P(click) = alpha relevance + beta.
    floor
        The least alpha to divide by.
    """

    frame: pl.DataFrame
    pair: Ints
    slot: Ints
    query: Ints
    N: Floats
    C: Floats
    alpha: Floats
    beta: Floats
    floor: float = 0.0

    def per_pair(self, values: Floats) -> Floats:
        """Sums over the cells of each pair, shape (n,)."""
        return np.asarray(np.bincount(self.pair, values, len(self.frame)), dtype=np.float64)

    @property
    def excess(self) -> Floats:
        """Shape (M,): clicks beyond those that the position gets by itself."""
        return self.C - self.N * self.beta

    @property
    def exposure(self) -> Floats:
        """Shape (n,): impressions that count as examined at the top."""
        return self.per_pair(self.N * self.alpha)

    @property
    def false(self) -> Floats:
        """Shape (n,): clicks that the positions get by themselves."""
        return self.per_pair(self.N * self.beta)

    def spread(self, relevance: Floats) -> Floats:
        """Variance of the clicks relative to a Poisson count's, shape (n,): an impression has one click at most."""
        p = np.minimum(self.alpha * relevance[self.pair] + self.beta, 1.0)
        return np.asarray((1 - self.per_pair(self.N * p**2) / self.per_pair(self.N * p)).clip(LEAST_SPREAD))


def by_pair(counts: ClickCounts, bias: SlotBias, floor: float = 0.0) -> Pairs:
    """The counts by pair; `floor` is the least alpha to divide by."""
    cells, rows = counts.cells, counts.items.select("query_id", "doc_id")
    new = rows.select(pl.any_horizontal(pl.all() != pl.all().shift()).fill_null(True)).to_series().to_numpy()
    pair_of_item = np.cumsum(new, dtype=np.int64) - 1
    alpha, beta = bias.alpha[cells.slot], bias.beta[cells.slot]
    return Pairs(
        rows.filter(new), pair_of_item[cells.item], cells.slot, cells.query[new], cells.N, cells.C, alpha, beta, floor
    )


Corrected = tuple[Floats, Floats]  # relevance of each pair, (n,), and the weight of an impression in each cell, (M,)


def _naive(pairs: Pairs) -> Corrected:
    return pairs.per_pair(pairs.C) / pairs.per_pair(pairs.N), np.ones_like(pairs.N)


def _ips(pairs: Pairs) -> Corrected:
    alpha = np.maximum(pairs.alpha, pairs.floor)
    return pairs.per_pair(pairs.excess / alpha) / pairs.per_pair(pairs.N), 1 / alpha


def _snips(pairs: Pairs) -> Corrected:
    return pairs.per_pair(pairs.excess) / pairs.exposure, pairs.alpha


METHODS: dict[str, Callable[[Pairs], Corrected]] = {
    "shrunk": _snips,  # and then drawn to the prior
    "naive": _naive,
    "ips": _ips,
    "clipped": _ips,
    "snips": _snips,
}
