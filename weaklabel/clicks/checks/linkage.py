"""How a log links its positions, and how much of it says anything on examination."""

from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, links, pooling
from weaklabel.errors import ConvergenceError
from weaklabel.numerics import Floats


@dataclass(frozen=True, eq=False)
class Linkage:
    """What links the positions of a log.

    Attributes
    ----------
    position
        Shape (p,).
    group
        Shape (p,): positions of one group can be compared.
    strength
        Shape (p, p): how strongly documents shown at both link each two, in clicks; 0 on the diagonal.
    informative_clicks
        Shape (p,): clicks at each position on documents that were shown at other positions, too.
    impressions, clicks
        Of the whole log.
    informative
        Impressions of documents that were shown at two positions or more, and clicked.
    moved
        The share of impressions whose document was shown at two positions or more.
    """

    position: Ints
    group: Ints
    strength: Floats
    informative_clicks: Ints
    impressions: int
    clicks: int
    informative: int
    moved: float


def linkage(counts: ClickCounts) -> Linkage:
    """What links the positions of the counts, whatever the context."""
    cells = pooling.one_curve(pooling.by_context(counts.cells))
    telling = fixed_effects.informative(cells)
    slots = np.bincount(cells.item, cells.N > 0, len(cells.query))
    moved = cells.N[slots[cells.item] >= 2].sum() / max(cells.N.sum(), 1.0)
    return Linkage(
        cells.position,
        links.groups(cells),
        links.strength(telling, _curve(telling)),
        telling.per_slot(telling.C).astype(np.int64),
        int(cells.N.sum()),
        int(cells.C.sum()),
        int(telling.N.sum()),
        float(moved),
    )


def _curve(cells: Cells) -> Floats:
    """Log examination, or none where it cannot be told: links are counted then as if all positions were alike."""
    group = links.groups(cells)
    try:
        return fixed_effects.fit(cells) if len(np.unique(group)) == 1 else np.zeros(len(group))
    except ConvergenceError:
        return np.zeros(len(group))
