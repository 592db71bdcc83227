"""Which positions a log can compare: those linked by documents that were shown at both and clicked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.cells import Cells, Ints, Mask
from weaklabel.clicks.curves.fixed_effects import derivatives, together
from weaklabel.errors import NotIdentifiedError
from weaklabel.numerics import Floats

TARGET = 0.1  # standard error of log examination that advice aims at: intervals of about 20 % each way


@dataclass(frozen=True)
class Swap:
    """What would link two positions.

    Attributes
    ----------
    above, below
        The positions whose documents change places, on some of the pages.
    pages
        About how many, for a standard error of 0.1 of log examination.
    """

    above: int
    below: int
    pages: int

    def __str__(self) -> str:
        return f"swapping positions {self.above} and {self.below} on about {self.pages:,} pages"


def groups(cells: Cells) -> Ints:
    """The group of positions that each slot is in, shape (p,): only within one can examination be compared.

    Slot k can be told from slot j if clicks at k come from items that were shown at j, too. A finite estimate needs a
    path of such steps there and back, as in Bradley and Terry's model (Ford, American Mathematical Monthly 1957).
    """
    from scipy.sparse.csgraph import connected_components

    told = together(cells, (cells.N > 0).astype(float), cells.C) > 0
    return np.asarray(connected_components(told, directed=True, connection="strong")[1], dtype=np.int64)


def strength(cells: Cells, log_theta: Floats) -> Floats:
    """How strongly items link each two slots, shape (p, p): the information matrix's weights, 0 on the diagonal."""
    weights = -derivatives(cells, log_theta)[1]
    np.fill_diagonal(weights, 0.0)
    return np.maximum(weights, 0.0)


def main_group(cells: Cells, group: Ints) -> Mask:
    """The slots of the group that was clicked most, among those of two slots or more; shape (p,).

    Raises
    ------
    NotIdentifiedError
        No two positions are linked.
    """
    clicks = np.bincount(group, cells.per_slot(cells.C)) * (np.bincount(group) >= 2)
    if not clicks.any():
        raise NotIdentifiedError(_nothing(cells))
    return np.asarray(group == clicks.argmax())


def refuse_unlinked(cells: Cells, group: Ints, hint: str = "") -> None:
    """Raise unless all positions are one group.

    Raises
    ------
    NotIdentifiedError
        Names the positions that are not linked, and what would link them.
    """
    linked = main_group(cells, group)
    if linked.all():
        return
    others = [cells.position[group == other] for other in np.unique(group[~linked])]
    said = "; ".join(_apart(cells, positions) for positions in others[:3])
    advice = "; ".join(str(swap(cells, cells.position[linked], positions)) for positions in others[:3])
    raise NotIdentifiedError(
        f"the log cannot compare {named(cells.position[~linked])} with {named(cells.position[linked])}: {said}. "
        f"What would link them: {advice}{hint}"
    )


def refuse_thin(cells: Cells, error: Floats, most: float, hint: str = "") -> None:
    """Raise where a standard error of log examination, shape (p,), is above `most`.

    Raises
    ------
    NotIdentifiedError
        Names the positions, and how many swaps would do.
    """
    thin = ~(error <= most)
    if not thin.any():
        return
    advice = swap(cells, cells.position[~thin], cells.position[thin])
    raise NotIdentifiedError(
        f"too few clicks link {named(cells.position[thin])} to the others: the standard error of log examination is "
        f"{error[thin].max():.2g}, and more than {most:g} says nothing. What would help: {advice}{hint}"
    )


def swap(cells: Cells, linked: Ints, other: Ints) -> Swap:
    """The swap between two groups of positions that needs the fewest pages.

    With n swapped pages, var(log ratio) is about 1 / (n r_a) + 1 / (n r_b), with r the click rates of the positions.
    """
    rate = (cells.per_slot(cells.C) + 0.5) / (cells.per_slot(cells.N) + 1.0)
    of = dict(zip(cells.position.tolist(), rate.tolist(), strict=True))
    pages, a, b = min((1 / of[int(a)] + 1 / of[int(b)], int(a), int(b)) for a in linked for b in other)
    return Swap(min(a, b), max(a, b), _round_up(pages / TARGET**2))


def _round_up(pages: float) -> int:
    """To two digits: it is an estimate."""
    unit: int = 10 ** max(int(np.log10(max(pages, 1.0))) - 1, 0)
    return int(np.ceil(pages / unit)) * unit


def _apart(cells: Cells, positions: Ints) -> str:
    clicks = cells.per_slot(cells.C)[np.isin(cells.position, positions)].sum()
    if not clicks:
        shown = cells.per_slot(cells.N)[np.isin(cells.position, positions)].sum()
        return f"{named(positions)} had {int(shown):,} impressions and no click"
    return f"no clicked document was shown both at {named(positions)} and elsewhere, with clicks at both ends"


def _nothing(cells: Cells) -> str:
    clicks = cells.per_slot(cells.C)
    if not clicks.any():
        return f"none of the {int(cells.N.sum()):,} impressions was clicked: there is nothing to learn from"
    if len(cells.position) < 2:
        return f"the log has only position {cells.position[0]}, and examination is relative: it takes two or more"
    best = np.sort(np.argsort(-clicks, kind="stable")[:2])
    advice = swap(cells, cells.position[best[:1]], cells.position[best[1:]])
    return (
        "no document was clicked at one position and shown at another, with clicks at both: every document has its "
        f"place, so clicks cannot tell a good document from a good place. What would help: {advice}, and so on"
    )


def named(positions: Sequence[int] | Ints) -> str:
    """Positions as people say them: "positions 3-5 and 9"."""
    numbers = sorted(int(position) for position in positions)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    shown = [*parts[:8], "..."] if len(parts) > 8 else parts
    text = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"position {text}" if len(numbers) == 1 else f"positions {text}"
