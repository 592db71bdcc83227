"""From scored candidates to a batch: short lists, quotas, what the strategy makes of them, and the budget."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from weaklabel import plugins
from weaklabel.errors import ModelError, TableError
from weaklabel.numerics import Floats
from weaklabel.protocols import BatchStrategy, QueryStrategy
from weaklabel.review.picking.pool import Pool
from weaklabel.review.picking.quotas import Cell, Quotas
from weaklabel.review.picking.shortlist import Candidates, Shortlist, best, together

Strategy = str | QueryStrategy | Callable[[Floats], Floats]


@dataclass(frozen=True)
class OfProbabilities:
    """A strategy that is a plain function of the probabilities."""

    function: Callable[[Floats], Floats]

    def score(self, pool: Any) -> Floats:
        return self.function(pool.probs)


@dataclass(frozen=True)
class Terms:
    """What a batch is to be: how large, by which strategy, and within which limits.

    Raises
    ------
    TableError
        The size is below 1, or the quotas exceed it, or the budget is not positive or has no prices.
    """

    size: int
    strategy: QueryStrategy
    name: str
    seed: int = 0
    quotas: Quotas = field(default_factory=Quotas)
    priced: bool = False
    budget: float | None = None

    def __post_init__(self) -> None:
        if self.size < 1:
            raise TableError(f"a batch of {self.size} items asks nothing: pick at least 1")
        self.quotas.check(self.size)
        if self.budget is not None and not self.priced:
            raise TableError(f"a budget of {self.budget} says nothing without the price of an answer: give price, too")
        if self.budget is not None and not self.budget > 0:
            raise TableError(f"a budget of {self.budget} pays for no answer: it is above 0")

    @property
    def depth(self) -> int:
        """How many items a short list holds."""
        return self.size * (self.strategy.funnel if isinstance(self.strategy, BatchStrategy) else 1)


def resolved(strategy: Strategy) -> tuple[QueryStrategy, str]:
    """The strategy and what it is called.

    Raises
    ------
    UnknownNameError
        There is no such strategy.
    """
    name = strategy if isinstance(strategy, str) else getattr(strategy, "__name__", type(strategy).__name__)
    found: Any = plugins.get("strategy", strategy) if isinstance(strategy, str) else strategy
    if isinstance(found, type):
        found = found()
    return (found if hasattr(found, "score") else OfProbabilities(found)), name


def scored(items: pl.DataFrame, pool: Pool, terms: Terms) -> Candidates:
    """The items with their worth: the strategy's score; where items have prices of their own, the score for a unit.

    Raises
    ------
    ModelError
        The strategy gives NaN, not one score for each item, or one below 0 where there are prices.
    """
    scores = np.asarray(terms.strategy.score(pool), np.float64)
    if scores.shape != (len(items),):
        raise ModelError(
            f"strategy {terms.name!r} gave scores of shape {scores.shape}; {len(items)} items need one each"
        )
    _refuse(np.isnan(scores), scores, items, terms.name, "it must rank every item")
    if "price" in items.columns and len(items):
        _refuse(scores < 0, scores, items, terms.name, "only scores of 0 or more can be set against a price")
        scores = scores / items["price"].to_numpy()
    return Candidates(items, pool, scores)


def _refuse(wrong: Any, scores: Floats, items: pl.DataFrame, name: str, why: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        said = "NaN" if np.isnan(scores[row]) else f"{scores[row]:g}"
        raise ModelError(f"strategy {name!r} gave item {items['id'][row]!r} the score {said}: {why}")


def chosen(parts: Iterable[Candidates], terms: Terms) -> Candidates | None:
    """The batch, best first, of a pool that comes in parts; None where the pool is empty.

    Only the short lists are held: of each class and group that a quota names `terms.depth` items.
    """
    lists: dict[Cell, Shortlist] = {}
    for part in parts:
        for cell, some in terms.quotas.cells(part):
            lists.setdefault(cell, Shortlist(terms.depth, terms.seed, terms.quotas.most)).add(some)
    kept = {cell: each.kept for cell, each in sorted(lists.items(), key=_place) if each.kept is not None}
    if not kept:
        return None
    numbers = terms.quotas.numbers({cell: some.worth for cell, some in kept.items()}, terms.size)
    batch = together([_chosen_of(some, numbers[cell], terms) for cell, some in kept.items()])
    batch = batch.take(best(batch.worth, batch.items["id"], len(batch), terms.seed))
    return batch if terms.budget is None else batch.take(_affordable(batch, terms.budget))


def _place(entry: tuple[Cell, Any]) -> str:
    """By which cells are put in order, whatever order the rows came in."""
    return repr(entry[0])


def _chosen_of(some: Candidates, number: int, terms: Terms) -> Candidates:
    if not isinstance(terms.strategy, BatchStrategy) or number == 0:
        return some.take(np.arange(number))
    rows = np.asarray(terms.strategy.choose(some.pool, number, terms.seed))
    if len(rows) != number or len(np.unique(rows)) != number:
        raise ModelError(
            f"strategy {terms.name!r} chose {len(np.unique(rows))} different items where {number} were asked for"
        )
    return some.take(rows)


def _affordable(batch: Candidates, budget: float) -> Any:
    """The rows, best first, that the budget pays for; one that is too dear leaves room for cheaper ones.

    Prices are added as they are written: 0.1 and 0.2 are 0.3, and no rounded sum passes the budget.

    Raises
    ------
    TableError
        It pays for none.
    """
    from fractions import Fraction

    left, rows = Fraction(str(budget)), []
    prices = [Fraction(str(price)) for price in batch.items["price"].to_list()]
    for row, price in enumerate(prices):
        if price <= left:
            left -= price
            rows.append(row)
    if not rows:
        raise TableError(
            f"the budget of {budget} pays for none of the {len(batch)} items: the cheapest costs {float(min(prices))}"
        )
    return np.array(rows, np.intp)


def with_limits(terms: Terms, batch: Candidates, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance, the parameters of a strategy that has some, and how far quotas and budget were met."""
    said = dict(provenance)
    if not isinstance(terms.strategy, OfProbabilities):
        said["strategy"] = repr(terms.strategy)
    if quotas := terms.quotas.met(batch):
        said["quotas"] = quotas
    if terms.quotas.most is not None:
        said["most_of_a_group"] = terms.quotas.most
    if "price" in batch.items.columns:
        said["price"] = {"total": float(batch.items["price"].sum()), "budget": terms.budget}
    return said
