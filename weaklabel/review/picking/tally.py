"""What a walk through a pool, or through a part of it, comes to: whole numbers, and short lists of the best."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.review.picking.choosing import Terms
from weaklabel.review.picking.part import Part
from weaklabel.review.picking.quotas import FREE, Cell
from weaklabel.review.picking.scoring import Front, scored
from weaklabel.review.picking.shortlist import Candidates, Shortlist

COUNTS = ("items", "answered", "excluded", "pool", "pool_uncovered")


@dataclass
class Tally:
    """The state of a pick. Those of several parts add up, in whatever order: the best are among the best of each.

    Attributes
    ----------
    items, answered, excluded
        How many items there were, how many of them answered, how many excluded.
    pool, pool_uncovered
        How many were left to choose from, and on how many of these no labeling function voted.
    lists
        The short list of each class and group that a quota names.
    """

    items: int = 0
    answered: int = 0
    excluded: int = 0
    pool: int = 0
    pool_uncovered: int = 0
    lists: dict[Cell, Shortlist] = field(default_factory=dict)

    def add(self, part: Part, terms: Terms) -> Self:
        """Take in some items.

        Raises
        ------
        TableError
            One that is left lacks its group or its price.
        ModelError
            The strategy does not score them.
        """
        front = Front(terms, self._floor(terms))
        for start, piece in _pieces(part, terms):
            left = self._left(piece, terms)
            rows, worth = scored(piece, left, terms, front.floor)
            front.add(rows + start, worth)
            if front.full:
                self._list(part, front)
                front = Front(terms, self._floor(terms))
        self._list(part, front)
        return self

    def merge(self, other: "Tally") -> Self:
        """Take in what another part of the pool came to."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for cell, theirs in other.lists.items():
            self.lists[cell] = self.lists[cell].merge(theirs) if cell in self.lists else theirs
        return self

    def settled(self) -> Self:
        """Without those that stand on a list and cannot be chosen any more: small, to be sent."""
        for each in self.lists.values():
            each.settle()
        return self

    def best(self) -> dict[Cell, Candidates]:
        """The short lists, best first.

        Raises
        ------
        TableError
            No item is left to choose from, or one of the best is there twice.
        """
        if not self.pool:
            raise TableError(
                f"none of the {self.items} items is left to ask about: {self.answered} are answered, "
                f"{self.excluded} excluded"
            )
        return {cell: each.ranked() for cell, each in self.lists.items()}

    def counts(self) -> dict[str, Any]:
        """For the provenance."""
        return {name: getattr(self, name) for name in COUNTS}

    def _left(self, part: Part, terms: Terms) -> NDArray[np.bool_] | None:
        """Who is neither answered nor excluded, all counted; None: everybody."""
        excluded = part.ids.is_in(terms.exclude.implode()).to_numpy() if len(terms.exclude) else None
        answered, asked = np.count_nonzero(part.answered), 0 if excluded is None else np.count_nonzero(excluded)
        left = None if not (answered or asked) else ~(part.answered if excluded is None else part.answered | excluded)
        part.check(left)
        pool = len(part) if left is None else np.count_nonzero(left)
        silent = pool - np.count_nonzero(part.covered if left is None else left & part.covered)
        for name, number in zip(COUNTS, (len(part), answered, asked, pool, silent), strict=True):
            setattr(self, name, getattr(self, name) + int(number))
        return left

    def _list(self, part: Part, front: Front) -> None:
        terms, rows = front.terms, front.rows
        if not len(rows):
            return
        some = Candidates(part.items(rows, terms.classes), part.pool.take(rows), front.worth)
        for cell, named in terms.quotas.cells(some):
            if cell not in self.lists:
                self.lists[cell] = terms.shortlist()
            self.lists[cell].add(named)

    def _floor(self, terms: Terms) -> float:
        """What an item is worth at least that may still be chosen; where quotas name some nobody can say."""
        return self.lists[FREE].floor if FREE in self.lists and not terms.quotas.named else -np.inf


def _pieces(part: Part, terms: Terms) -> Iterator[tuple[int, Part]]:
    return iter([(0, part)]) if terms.whole else part.pieces(terms.ceiling is not None)
