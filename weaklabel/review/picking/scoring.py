"""What items are worth: the strategy's score, by its price where there is one."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import ModelError
from weaklabel.numerics import Floats
from weaklabel.review.picking.ceiling import reachable
from weaklabel.review.picking.choosing import Terms
from weaklabel.review.picking.part import Part
from weaklabel.review.picking.pool import Pool, Rows


@dataclass
class Front:
    """Rows of a part that may be among the best, and what they are worth: most are outdone before anybody is named.

    Parameters
    ----------
    terms
        What the batch is to be.
    floor
        What a row is worth at least that is not passed by.
    """

    terms: Terms
    floor: float
    rows: Rows = field(default_factory=lambda: np.empty(0, np.intp))
    worth: Floats = field(default_factory=lambda: np.empty(0))

    def add(self, rows: Rows, worth: Floats) -> None:
        """Take in some more; where all are for one list, those go that are outdone by as many as it holds."""
        good = np.flatnonzero(worth >= self.floor)
        self.rows, self.worth = np.concatenate([self.rows, rows[good]]), np.concatenate([self.worth, worth[good]])
        if self.terms.one_list and len(self.rows) >= 2 * self.terms.depth:
            self.floor = float(np.partition(self.worth, -self.terms.depth)[-self.terms.depth])
            good = np.flatnonzero(self.worth >= self.floor)
            self.rows, self.worth = self.rows[good], self.worth[good]

    @property
    def full(self) -> bool:
        """Whether they have to be listed: there are several lists, or so many tie that a draw has to decide."""
        return len(self.rows) >= 2 * self.terms.depth


def scored(part: Part, left: NDArray[np.bool_] | None, terms: Terms, floor: float) -> tuple[Rows, Floats]:
    """Rows that may be worth `floor` or more, of the items that are left, and what they are worth.

    `left` has shape (n,); None: all are.

    Raises
    ------
    ModelError
        The strategy gives NaN, not one score for each item, or one below 0 where there are prices.
    """
    rows = _looked_at(part, left, terms, floor)
    if not len(rows):
        return rows, np.empty(0)
    pool = part.pool if len(rows) == len(part) else part.pool.take(rows)
    return rows, _worth(pool, part, rows, terms)


def _looked_at(part: Part, left: NDArray[np.bool_] | None, terms: Terms, floor: float) -> Rows:
    rows = None if terms.ceiling is None else reachable(part.pool.probs, terms.ceiling, floor, part.rounding)
    if rows is None:
        return np.arange(len(part)) if left is None else np.flatnonzero(left)
    return rows if left is None else rows[left[rows]]


def _worth(pool: Pool, part: Part, rows: Rows, terms: Terms) -> Floats:
    scores = np.asarray(terms.strategy.score(pool), np.float64)
    if scores.shape != (len(rows),):
        raise ModelError(
            f"strategy {terms.name!r} gave scores of shape {scores.shape}; {len(rows)} items need one each"
        )
    _refuse(np.isnan(scores), scores, part.ids, rows, terms.name, "it must rank every item")
    if part.price is None:
        return scores
    why = "only scores of 0 or more can be set against a price"
    _refuse(scores < 0, scores, part.ids, rows, terms.name, why)
    return np.asarray(scores / part.price[rows].cast(pl.Float64).to_numpy())


def _refuse(wrong: NDArray[np.bool_], scores: Floats, ids: pl.Series, rows: Rows, name: str, why: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        said = "NaN" if np.isnan(scores[row]) else f"{scores[row]:g}"
        raise ModelError(f"strategy {name!r} gave item {ids[int(rows[row])]!r} the score {said}: {why}")
