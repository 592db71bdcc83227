"""What stays the same from round to round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weaklabel.errors import TableError
from weaklabel.review.audit.budget import Budget
from weaklabel.review.audit.measures import measure
from weaklabel.review.audit.permutation import SHARE
from weaklabel.review.learning import Learner
from weaklabel.review.picking.choosing import Strategy, resolved

REPAIR = 1 / 3  # of the audit's share, for labeling functions of which too little is known
SECOND = 1 / 3  # of a batch at most, for second opinions
FOLDS = 5  # more cost more and were hardly better, as the model learns from many weak labels besides
UNFED = {
    "committee": "several models, and a loop trains one",
    "relabel": "answers to doubt, and a loop asks for second opinions in any case",
}  # strategies that `pick` has and a loop cannot use, with what they need


@dataclass(frozen=True)
class Loop:
    """How a review is led.

    Parameters
    ----------
    learner
        Knows the pool, its votes and its features, and learns from answers.
    size
        Questions in a batch, 1 or more.
    target
        Stop where the score is surely there: a share, in (0, 1], or the log loss to get down to, above 0. None: no
        target.
    measure
        Of the score: accuracy, f1 or log_loss.
    budget
        Never overspent; None: no limit.
    worth
        What 0.01 of the score is worth, in the unit of the budget's price: stop where another answer surely brings less
        than it costs. None: that does not matter.
    share
        Of each batch that goes to the audit, in (0, 1]; with less the score is known later.
    strategy
        How the rest is chosen. By default `lf_aware` where there are votes, else `margin`. Not `committee` or
        `relabel`, which need what a loop lacks.
    second
        Share of a batch, in [0, 1], that may go to second opinions; they are asked for only where they are needed.
    folds
        In which the score is held out.
    seed
        Of the audit's order, the same in every round, and of ties.
    tasks
        What `make_tasks` takes besides the batch, such as `columns` and `blind`.

    Raises
    ------
    TableError
        A number is out of range, or the strategy needs what a loop lacks.
    UnknownNameError
        There is no such measure or strategy.
    """

    learner: Learner
    size: int = 20
    target: float | None = None
    measure: str = "accuracy"
    budget: Budget | None = None
    worth: float | None = None
    share: float = SHARE
    strategy: Strategy | None = None
    second: float = SECOND
    folds: int = FOLDS
    seed: int = 0
    tasks: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_target(self.target, self.measure)
        _check_strategy(self.acquisition, votes=self.learner.L is not None)
        if self.size < 1:
            raise TableError(f"batches of {self.size} items ask nothing: give 1 or more")
        if not 0 < self.share <= 1:
            raise TableError(f"a share of {self.share} goes to the audit: without one nothing is known; give 0.25")
        if not 0 <= self.second <= 1:
            raise TableError(f"a share of {self.second} goes to second opinions: give one from 0 to 1")
        if self.worth is not None and not self.worth > 0:
            raise TableError(f"0.01 of the score is worth {self.worth}: give a number above 0")

    @property
    def acquisition(self) -> Strategy:
        """The strategy, or what suits the pool."""
        return self.strategy or ("margin" if self.learner.L is None else "lf_aware")

    @property
    def strategy_name(self) -> str:
        """How the acquisition is called on the record."""
        return self.acquisition if isinstance(self.acquisition, str) else repr(self.acquisition)

    @property
    def price(self) -> float:
        """Of one answer."""
        return 1.0 if self.budget is None else self.budget.price


def _check_target(target: float | None, name: str) -> None:
    is_share = measure(name).is_share
    if target is None:
        return
    if is_share and not 0 < target <= 1:
        raise TableError(f"a target of {target:g} for {name}, which is a share: give one above 0 and up to 1, as 0.95")
    if not 0 < target < float("inf"):
        raise TableError(f"a target of {target:g} for {name}, which is a loss: give one above 0, as 0.3")


def _check_strategy(strategy: Strategy, *, votes: bool) -> None:
    resolved(strategy)
    if isinstance(strategy, str) and strategy in UNFED:
        raise TableError(f"strategy {strategy!r} needs {UNFED[strategy]}: choose another, or use `pick` by hand")
    if strategy == "lf_aware" and not votes:
        raise TableError("strategy 'lf_aware' needs votes, and there are none: give them, or choose margin")
