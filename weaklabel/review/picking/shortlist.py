"""The best items seen so far, of a pool that may come in parts."""

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.numerics import Floats
from weaklabel.review.picking.pool import Pool, Rows, joined


@dataclass(frozen=True, eq=False)
class Candidates:
    """Items to choose from.

    Parameters
    ----------
    items
        One row each: id, covered, and where they are asked for, group, price, class.
    pool
        What strategies may look at.
    worth
        Shape (n,): the score, by its price where there is one.
    """

    items: pl.DataFrame
    pool: Pool
    worth: Floats

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: Rows) -> "Candidates":
        """Some of them, in the order of `rows`."""
        # Column by column: for few rows a frame takes longer to rouse polars' threads than to do the work.
        items = pl.DataFrame([column[rows] for column in self.items])
        return Candidates(items, self.pool.take(rows), self.worth[rows])


def together(several: Sequence[Candidates]) -> Candidates:
    """All of them as one."""
    items, worth = pl.concat([each.items for each in several]), np.concatenate([each.worth for each in several])
    return Candidates(items, joined([each.pool for each in several]), worth)


@dataclass
class Shortlist:
    """The `size` most worthwhile of all items that were added, however they were cut into parts.

    Items of equal worth stand in the order of a hash of the seed and their ids. Twice as many are held before the
    worse half goes: then few items need a hash, and each addition costs little.

    Parameters
    ----------
    size
        How many at most.
    seed
        Of the hash.
    most
        At most so many of each `group`, its best ones; None: no matter how many.

    Attributes
    ----------
    floor
        What an item is worth at least that is not passed by.
    """

    size: int
    seed: int
    most: int | None = None
    floor: float = field(default=-np.inf, init=False)
    _held: list[Candidates] = field(default_factory=list, init=False)

    def add(self, part: Candidates) -> None:
        """Take in some more."""
        if self.floor > -np.inf:
            part = part.take(np.flatnonzero(part.worth >= self.floor))
        if len(part):
            self._held.append(part)
        if sum(map(len, self._held)) >= 2 * self.size:
            self.settle()

    def merge(self, other: "Shortlist") -> "Shortlist":
        """Take in what another list holds of other items."""
        for part in other._held:
            self.add(part)
        return self

    def settle(self) -> None:
        """Let go of what is not among the best."""
        if not self._held:
            return
        known = together(self._held)
        groups = known.items["group"] if self.most is not None else None
        known = known.take(highest(known.worth, known.items["id"], self.size, self.seed, groups, self.most))
        self._held = [known]
        self.floor = float(known.worth.min()) if len(known) == self.size else -np.inf

    def ranked(self) -> Candidates:
        """Those that are left, best first.

        Raises
        ------
        TableError
            One of the best is there twice. (Whether all ids of a large pool differ is not looked at.)
        """
        self.settle()
        known = self._held[0]
        _see_that_none_is_twice(known.items["id"])
        return known.take(best(known.worth, known.items["id"], len(known), self.seed))


def _see_that_none_is_twice(ids: pl.Series) -> None:
    if ids.n_unique() < len(ids):
        raise TableError(f"item {ids.filter(ids.is_duplicated())[0]!r} is in the pool twice: it would be asked twice")


def highest(
    worth: Floats, ids: pl.Series, size: int, seed: int, groups: pl.Series | None = None, most: int | None = None
) -> Rows:
    """The rows of the `size` highest, at most so many of each group, in any order; equal ones by seeded hashes."""
    if groups is None or most is None:
        return _highest(worth, ids, size, seed)
    wide = size
    while True:  # the best without regard to groups, ever more of them until enough are left: few need a hash
        rows = best(worth, ids, wide, seed)
        left = rows[_first_of_each(groups.gather(rows), most)]
        if len(left) >= size or wide >= len(worth):
            return left[:size]
        wide *= 4


def _first_of_each(groups: pl.Series, most: int) -> NDArray[np.bool_]:
    place = pl.DataFrame({"group": groups}).select(pl.int_range(pl.len()).over("group"))
    return (place.to_series() < most).to_numpy()


def best(worth: Floats, ids: pl.Series, size: int, seed: int) -> Rows:
    """The rows of the `size` highest, best first; equal ones in the order of their seeded hashes."""
    rows = _highest(worth, ids, size, seed)
    draws = _draws(ids[rows].to_list(), seed)
    order = sorted(range(len(rows)), key=lambda i: (-worth[rows[i]], draws[i]))
    return rows[order]


def _highest(worth: Floats, ids: pl.Series, size: int, seed: int) -> Rows:
    if size >= len(worth):
        return np.arange(len(worth))
    cut = np.partition(worth, -size)[-size]
    above = np.flatnonzero(worth > cut)
    tied = np.flatnonzero(worth == cut)
    return np.concatenate([above, _draw(tied, ids, size - len(above), seed)])


def _draw(rows: Rows, ids: pl.Series, size: int, seed: int) -> Rows:
    """`size` of the rows: those with the smallest hashes. Only items tied at the cut come here, not the whole pool."""
    if size == len(rows):
        return rows
    draws = _draws(ids[rows].to_list(), seed)
    return rows[heapq.nsmallest(size, range(len(rows)), key=draws.__getitem__)]


def _draws(ids: Sequence[str], seed: int) -> list[bytes]:
    return [hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=16).digest() for item_id in ids]


def filled(values: Any, ids: pl.Series, what: str) -> pl.Series | None:
    """What is known of each item, such as its group: given by its id, or one for each in the order of the ids.

    None where nothing is given.

    Raises
    ------
    TableError
        One is missing.
    """
    if values is None:
        return None
    if hasattr(values, "keys"):
        found = ids.replace_strict(list(values), list(values.values()), default=None)
    else:
        found = pl.Series(what, values, strict=False)
        if len(found) != len(ids):
            raise TableError(f"{len(found)} values of {what} for {len(ids)} items: give one for each, or a dict by id")
    if found.null_count():
        raise TableError(f"item {ids[int(found.is_null().arg_max() or 0)]!r} has no {what}: give it one")
    return found.alias(what)
