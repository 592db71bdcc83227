"""What a log saw of each item: clicks, exposure, and how often its query was asked."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.evaluating.curve import Curve
from weaklabel.clicks.evaluating.ranking import discount
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Layout:
    """What stays the same however the sessions of a log are resampled.

    A group is a query, within one value of each key column: what a ranking is for. Its pages are counted as the most
    impressions that any one position has, summed over contexts: a page shows one document at a position.

    Attributes
    ----------
    cells
        M cells, n items, p slots.
    groups
        G rows: query_id and the key columns.
    group
        Shape (n,): the group of each item.
    place
        Shape (M,): the (group, slot) of each cell.
    start, owner
        Where the places of each (group, context) start, and its group.
    discount
        Shape (p,): what each slot counts in DCG@k.
    """

    cells: Cells
    groups: pl.DataFrame
    group: Ints
    place: Ints
    start: Ints
    owner: Ints
    discount: Floats

    def pages(self, N: Floats) -> Floats:
        """Pages of each group, shape (G,), from impressions of shape (M,)."""
        shown = np.bincount(self.place, N)
        most = np.maximum.reduceat(shown, self.start)
        return np.asarray(np.bincount(self.owner, most, len(self.groups)))


def layout(counts: ClickCounts, k: int) -> Layout:
    """The layout of a log's counts at a cut-off k."""
    cells, by = counts.cells, ["query_id", *counts.key]
    groups = counts.items.select(by).unique().sort(by)
    coded = counts.items.select(by).join(groups.with_row_index("group"), on=by, how="left", maintain_order="left")
    group = coded["group"].cast(pl.Int64).to_numpy()
    p = len(cells.position)
    places, place = np.unique(group[cells.item] * p + cells.slot, return_inverse=True)
    owner, slot = places // p, places % p
    start = _starts(owner, cells.context[slot])
    return Layout(cells, groups, group, place, start, owner[start], discount(cells.position, k))


def _starts(*sorted_codes: Ints) -> Ints:
    changes = np.any([np.diff(codes, prepend=-1) != 0 for codes in sorted_codes], axis=0)
    return np.asarray(np.flatnonzero(changes))


@dataclass(frozen=True)
class Exposure:
    """What the log, or a resample of it, saw.

    Attributes
    ----------
    clicks
        Shape (n,): clicks of each item, less those that trust in its positions explains.
    exposure
        Shape (n,): impressions, each counted by the examination of its position.
    placed
        Shape (n,): impressions, each counted by the discount of its position.
    pages
        Shape (G,).
    explained, observed
        Shape (G,): discounts of what was shown at positions with a propensity, times its relevance, by the clicks on it
        anywhere; and the same by the clicks where they fell, over the examination there.
    """

    clicks: Floats
    exposure: Floats
    placed: Floats
    pages: Floats
    explained: Floats
    observed: Floats


def expose(layout: Layout, N: Floats, C: Floats, curve: Curve) -> Exposure:
    """Add up impressions and clicks of shape (M,) under a curve; cells at slots without a propensity do not count."""
    cells, known = layout.cells, curve.known[layout.cells.slot]
    alpha = np.where(known, curve.alpha[cells.slot], 1.0)
    clicks = np.where(known, C - N * curve.beta[cells.slot], 0.0)
    placed, at_known = N * layout.discount[cells.slot], np.where(known, layout.discount[cells.slot], 0.0)
    of_item, exposure = cells.per_item(clicks), cells.per_item(np.where(known, N * alpha, 0.0))
    relevance = np.divide(of_item, exposure, out=np.zeros_like(exposure), where=exposure > 0)
    return Exposure(
        clicks=of_item,
        exposure=exposure,
        placed=cells.per_item(placed),
        pages=layout.pages(N),
        explained=_per_group(layout, N * at_known * relevance[cells.item]),
        observed=_per_group(layout, clicks * at_known / alpha),
    )


def _per_group(layout: Layout, values: Floats) -> Floats:
    of_cell = layout.group[layout.cells.item]
    return np.asarray(np.bincount(of_cell, values, len(layout.groups)), dtype=np.float64)
