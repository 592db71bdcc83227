"""Quotas: how many items of a batch are to be of a class or a group."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.numerics import Floats
from weaklabel.review.picking.shortlist import Candidates

Cell = tuple[str | None, str | None]  # the class and the group, each None where no quota names it
FREE: Cell = (None, None)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quotas:
    """What the batch is to be made of.

    Parameters
    ----------
    classes
        Class name -> how many items of which it is the most probable class (the first of those that tie).
    groups
        Group -> how many of its items.
    most
        At most so many items of any one group; None: no matter.

    Raises
    ------
    TableError
        A number is negative or no whole number; or `most` stands beside quotas.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    most: int | None = None

    def __post_init__(self) -> None:
        for what, wanted in (("class", self.classes), ("group", self.groups)):
            for name, number in wanted.items():
                if not isinstance(number, int | np.integer) or number < 0:
                    raise TableError(f"the quota of {what} {name!r} is {number!r}: it is a number of items, 0 or more")
        if self.most is not None and (self.most < 1 or self.classes):
            raise TableError(
                f"per_group is {self.most}: at most so many of any group, 1 or more, and not beside per_class"
            )

    def check(self, size: int) -> None:
        """See that a batch of that size has room for them.

        Raises
        ------
        TableError
            It has not.
        """
        for what, wanted in (("class", self.classes), ("group", self.groups)):
            if sum(wanted.values()) > size:
                raise TableError(f"the quotas by {what} ask for {sum(wanted.values())} items, the batch has {size}")

    @property
    def named(self) -> bool:
        """Whether any class or group has a quota."""
        return bool(self.classes or self.groups)

    def cells(self, part: Candidates) -> Iterator[tuple[Cell, Candidates]]:
        """The items of each class and group that the quotas name, and those of none."""
        if not self.named:
            yield FREE, part
            return
        here = part.items.select(
            _named(part, "class", self.classes), _named(part, "group", self.groups)
        ).with_row_index("row")
        for cell, rows in here.group_by("class", "group", maintain_order=True):
            yield (cell[0], cell[1]), part.take(rows["row"].to_numpy().astype(np.intp))

    def numbers(self, worth: Mapping[Cell, Floats], size: int) -> dict[Cell, int]:
        """How many items to take from each cell, from the worth of its best items, which falls.

        As many places that a quota asks for as can be filled are filled, and none twice; then as many others, from
        items that no quota names; and with that as much worth as possible.
        """
        if not self.named:
            return {cell: min(size, len(values)) for cell, values in worth.items()}
        return _best_numbers(self, {cell: values[:size] for cell, values in worth.items()}, size)

    def met(self, batch: Candidates) -> dict[str, dict[str, dict[str, int]]]:
        """By class and by group how many were asked for and how many there are; warns of those that fall short."""
        found = {}
        for what, wanted in (("class", self.classes), ("group", self.groups)):
            there = dict(batch.items[what].value_counts().iter_rows()) if wanted else {}
            found[what] = {name: {"asked": n, "picked": there.get(name, 0)} for name, n in wanted.items()}
        short = [(what, name, n) for what in found for name, n in found[what].items() if n["picked"] < n["asked"]]
        for what, name, n in short:
            _log.warning("the quota of %s %r asks for %d items, but only %d are there", what, name, *n.values())
        return {what: numbers for what, numbers in found.items() if numbers}


def _named(part: Candidates, what: str, wanted: Mapping[str, int]) -> pl.Expr:
    if not wanted:
        return pl.lit(None, pl.String).alias(what)
    return pl.when(pl.col(what).is_in(list(wanted))).then(pl.col(what)).alias(what)


def _best_numbers(quotas: Quotas, worth: Mapping[Cell, Floats], size: int) -> dict[Cell, int]:
    """A transport problem: its matrix is that of a flow, so that the linear programme has whole numbers anyway."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    cells = list(worth)
    cell = np.repeat(np.arange(len(cells)), [len(worth[each]) for each in cells])
    asked = np.array([(c in quotas.classes) + (g in quotas.groups) for c, g in cells])
    # A place that a quota asks for outweighs any number of others, and a place any worth.
    value = (size + 1) * ((size + 1) * asked[cell] + 1) + _to_one(np.concatenate([worth[each] for each in cells]))
    rows: list[NDArray[Any]] = [np.ones(len(cell))]
    limits = [size]
    for at, wanted in enumerate((quotas.classes, quotas.groups)):
        for name, number in wanted.items():
            rows.append(np.array([each[at] == name for each in cells])[cell].astype(float))
            limits.append(number)
    found = milp(
        -value,
        integrality=np.ones(len(cell)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.stack(rows), ub=limits),
        options={"mip_rel_gap": 0.0},
    )
    numbers = np.bincount(cell, np.round(found.x), len(cells)).astype(int)
    return dict(zip(cells, numbers.tolist(), strict=True))


def _to_one(worth: Floats) -> Floats:
    """From 0 to 1, in the same proportions; what is infinite counts as the highest or lowest that is not."""
    finite = worth[np.isfinite(worth)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    return (np.clip(worth, low, high) - low) / (high - low) if high > low else np.zeros(len(worth))
