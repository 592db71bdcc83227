"""From short lists to a batch: quotas, what the strategy makes of them, and the budget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from weaklabel import plugins
from weaklabel.errors import ModelError, TableError
from weaklabel.numerics import Floats
from weaklabel.protocols import BatchStrategy, QueryStrategy
from weaklabel.review.picking.ceiling import Ceiling
from weaklabel.review.picking.quotas import Cell, Quotas
from weaklabel.review.picking.shortlist import Candidates, Shortlist, best, together

Strategy = str | QueryStrategy | Callable[[Floats], Floats]


@dataclass(frozen=True)
class OfProbabilities:
    """A strategy that is a plain function of the probabilities.

    Parameters
    ----------
    function
        Probabilities (n, k) -> scores (n,).
    whole
        It may look at all items together, as somebody's own function may: it is shown as many as there are in memory.
    """

    function: Callable[[Floats], Floats]
    whole: bool = False

    def score(self, pool: Any) -> Floats:
        return self.function(pool.probs)

    @property
    def ceiling(self) -> Ceiling | None:
        """That of the function, where it has one."""
        return getattr(self.function, "ceiling", None)


@dataclass(frozen=True)
class Terms:
    """What a batch is to be: how large, by which strategy, and within which limits.

    Parameters
    ----------
    size, strategy, name, seed, quotas, budget
        As `pick` takes them; the strategy's name for messages.
    priced
        Answers have prices.
    exclude
        Ids that are not to be picked.
    classes
        The names of the classes, where quotas ask for them.

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
    exclude: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    classes: tuple[str, ...] | None = None

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
        return self.size * (1 if self.chooser is None else self.chooser.funnel)

    @cached_property  # whether it keeps to the protocol takes long to find out
    def chooser(self) -> BatchStrategy | None:
        """The strategy, if it looks at what it chooses together."""
        return self.strategy if isinstance(self.strategy, BatchStrategy) else None

    @property
    def ceiling(self) -> Ceiling | None:
        """What an item is worth at most by its most probable class; None where that says nothing, as with prices."""
        return None if self.priced else getattr(self.strategy, "ceiling", None)

    @property
    def whole(self) -> bool:
        """Whether the strategy sees all items at once that are in memory."""
        return isinstance(self.strategy, OfProbabilities) and self.strategy.whole

    @property
    def one_list(self) -> bool:
        """Whether all items compete with each other, and nothing else counts."""
        return not self.quotas.named and self.quotas.most is None

    def shortlist(self) -> Shortlist:
        """An empty one."""
        return Shortlist(self.depth, self.seed, self.quotas.most)


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
    if hasattr(found, "score"):
        return found, name
    return OfProbabilities(found, whole=not isinstance(strategy, str) and not hasattr(found, "ceiling")), name


def chosen(lists: Mapping[Cell, Candidates], terms: Terms) -> Candidates:
    """The batch, best first, from the short lists, of which there is one at least."""
    kept = {cell: lists[cell] for cell in sorted(lists, key=repr)}  # in whatever order the rows came in
    numbers = terms.quotas.numbers({cell: some.worth for cell, some in kept.items()}, terms.size)
    batch = together([_chosen_of(some, numbers[cell], terms) for cell, some in kept.items()])
    if len(kept) > 1 or terms.chooser is not None:
        batch = batch.take(best(batch.worth, batch.items["id"], len(batch), terms.seed))
    return batch if terms.budget is None else batch.take(_affordable(batch, terms.budget))


def _chosen_of(some: Candidates, number: int, terms: Terms) -> Candidates:
    if terms.chooser is None or number == 0:
        return some.take(np.arange(number))
    rows = np.asarray(terms.chooser.choose(some.pool, number, terms.seed))
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
