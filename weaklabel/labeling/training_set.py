"""Turn beliefs into a training set."""

from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, Posterior, TrainingSet
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.numerics import Floats

Strategy = Literal["soft", "hard", "confident"]


def training_set(
    posterior: Posterior,
    table: Any,
    strategy: Strategy = "soft",
    *,
    threshold: float = 0.9,
    answer_weight: float = 10.0,
) -> TrainingSet:
    """The items to train on, with their class probabilities. Items about which nothing is known are left out.

    Parameters
    ----------
    posterior
        n items, k classes.
    table
        Has a row for every item; its columns come along.
    strategy
        "soft": every covered item with its probabilities. "hard": every covered item with its most probable class;
        ties are left out. "confident": as hard, only where that class has at least `threshold`.
    threshold
        Smallest probability for "confident", in [0, 1].
    answer_weight
        How much an item that a person answered counts, against 1 for another. Ten is what worked when answers are
        few (under about 50) among thousands of weak labels.

    Returns
    -------
    TrainingSet
        With `left_out`: reason -> number of items.

    Raises
    ------
    TableError
        The table lacks an item, or nothing is left.
    UnknownNameError
        No such strategy.
    """
    if strategy not in get_args(Strategy):
        raise UnknownNameError(f"no strategy {strategy!r}; there are: {', '.join(get_args(Strategy))}")
    reasons = _reasons_to_leave_out(posterior, strategy, threshold)
    keep = ~np.logical_or.reduce(list(reasons.values()))
    if not keep.any():
        raise TableError(f"none of the {len(keep)} items is left: {_counted(reasons)}")
    rows = tables.align(tables.as_table(table), posterior.item_ids).filter(pl.Series(keep))
    return TrainingSet(
        rows,
        _targets(posterior, strategy)[keep],
        np.where(posterior.answered[keep], answer_weight, 1.0),
        posterior.classes,
        _counted(reasons),
        {"strategy": strategy, "threshold": threshold, "labels": dict(posterior.provenance)},
    )


def _reasons_to_leave_out(posterior: Posterior, strategy: str, threshold: float) -> dict[str, NDArray[np.bool_]]:
    reasons = {"uncovered": ~posterior.covered}
    if strategy == "soft":
        return reasons
    reasons["tied"] = posterior.covered & (posterior.labels() == ABSTAIN)
    if strategy == "confident":
        sure = posterior.probs.max(axis=1, initial=0) >= threshold
        reasons["below threshold"] = ~(reasons["uncovered"] | reasons["tied"]) & ~sure
    return reasons


def _counted(reasons: dict[str, NDArray[np.bool_]]) -> dict[str, int]:
    return {reason: int(which.sum()) for reason, which in reasons.items()}


def _targets(posterior: Posterior, strategy: str) -> Floats:
    if strategy == "soft":
        return posterior.probs
    return np.asarray(np.eye(len(posterior.classes))[posterior.probs.argmax(axis=1)])
