"""What each two positions say about each other: click rates at either of the documents that were shown at both."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from weaklabel.clicks.cells import Cells, Ints
from weaklabel.errors import UnknownNameError
from weaklabel.numerics import Floats

WEIGHTS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "harmonic": lambda here, there: here * there / (here + there),
    "uniform": lambda here, there: np.ones_like(here),
}


@dataclass(frozen=True)
class Pairs:
    """Sums over the items shown at both of two slots, each of shape (p, p).

    Attributes
    ----------
    weight
        Symmetric: the items' weights.
    clicked
        [k, j] is the weighted click rate at k of the items that were shown at j, too; at most the weight.
    noise
        Symmetric: weight times clicks over impressions of both, which the variance of the log ratio comes from.
    """

    weight: Floats
    clicked: Floats
    noise: Floats


def pairs(cells: Cells, weights: str) -> Pairs:
    """Compare each two slots; an item weighs N N' / (N + N') ("harmonic") or 1 ("uniform").

    Raises
    ------
    UnknownNameError
        There are no such weights.
    """
    if weights not in WEIGHTS:
        raise UnknownNameError(f"no weights are called {weights!r}; there are: {', '.join(WEIGHTS)}")
    p = len(cells.position)
    weight, clicked, noise = np.zeros((p, p)), np.zeros((p, p)), np.zeros((p, p))
    shown = replace(cells, N_by_bucket=None, C_by_bucket=None).where(cells.N > 0)
    rate = shown.C / shown.N
    for here, there in _neighbours(shown):
        w = WEIGHTS[weights](shown.N[here], shown.N[there])
        both = (shown.C[here] + shown.C[there]) / (shown.N[here] + shown.N[there])
        for a, b in ((here, there), (there, here)):
            code = shown.slot[a] * p + shown.slot[b]
            for total, values in ((weight, w), (clicked, w * rate[a]), (noise, w * both)):
                total += np.bincount(code, values, p * p).reshape(p, p)
    return Pairs(weight, clicked, noise)


def _neighbours(cells: Cells) -> Iterator[tuple[Ints, Ints]]:
    """The numbers of all pairs of cells of one item: those next to each other, then those two apart, and so on."""
    apart = 1
    while len(here := np.flatnonzero(cells.item[:-apart] == cells.item[apart:])):
        yield here, here + apart
        apart += 1
