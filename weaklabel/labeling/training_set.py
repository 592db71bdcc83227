"""Turn beliefs into a training set."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, TrainingSet
from weaklabel.artefacts.training_set import PATTERN, VOTERS
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.items import written
from weaklabel.labeling.patterns import distinct
from weaklabel.numerics import Floats, entropy, normalise_log

Strategy = Literal["soft", "hard", "confident"]
Prior = Literal["uniform", "balance"]

log = logging.getLogger(__name__)


def training_set(
    posterior: Posterior,
    table: Any,
    strategy: Strategy = "soft",
    *,
    prior: Prior = "uniform",
    weight: str | ArrayLike | None = None,
    votes: LabelMatrix | None = None,
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
    prior
        "uniform": a class balance that the label model was told is divided out, so that the labels say what the votes
        say; with a lopsided one an end model hardly learns the rare class. Shares that the model learned itself are
        what the votes say, and stay. "balance": the probabilities as the label model has them. What people answered
        stays either way. Where the prior is not known (`posterior.prior` is empty), the probabilities stay as they are,
        with a warning, and the provenance says "unknown".
    weight
        What each item counts, times `answer_weight`. None: 1. "confidence": 1 - entropy / log k of its probabilities,
        in [0, 1]. "balanced": n / (k times what its class has), the mean over its probabilities; with hard labels all
        classes then weigh the same, as with scikit-learn's class_weight. Any other text: the column of the table that
        holds the weights, which is then no feature. Or an array of shape (n,).
    votes
        The votes that the beliefs came from: each item then keeps which row of votes it has, and who voted what.
    threshold
        Smallest probability for "confident", in [0, 1].
    answer_weight
        How much an item that a person answered counts, against 1 for another, at least 0. Ten is what worked when
        answers are few (under about 50) among thousands of weak labels.

    Returns
    -------
    TrainingSet
        With `left_out`: reason -> number of items.

    Raises
    ------
    TableError
        The table or the votes lack an item, a weight is missing, negative or not finite, or nothing is left.
    UnknownNameError
        No such strategy or prior.
    """
    _check_names(strategy, prior)
    if not 0 <= threshold <= 1:
        raise TableError(f"threshold is {threshold}; it is a probability, in [0, 1]")
    beliefs, used = _under(prior, posterior)
    reasons = _reasons_to_leave_out(beliefs, strategy, threshold)
    keep = ~np.logical_or.reduce(list(reasons.values()))
    if not keep.any():
        raise TableError(f"none of the {len(keep)} items is left: {_counted(reasons)}")
    rows = tables.align(tables.as_table(table), posterior.item_ids)
    targets = _targets(beliefs, strategy)[keep]
    worth = _weights(weight, rows, beliefs.probs, targets, keep)
    return TrainingSet(
        rows.filter(pl.Series(keep)).drop([str(weight)] if _is_column(weight) else []),
        targets,
        worth * np.where(posterior.answered[keep], answer_weight, 1.0),
        posterior.classes,
        _counted(reasons),
        {
            "strategy": strategy,
            "threshold": threshold,
            "prior": used,
            "weight": weight if weight is None or isinstance(weight, str) else "an array",
            "labels": dict(posterior.provenance),
        },
        None if votes is None else _origin(votes, posterior, keep),
    )


def without_prior(probs: Floats, prior: Floats) -> Floats:
    """Probabilities, shape (n, k), as they would be had the prior, shape (k,), been uniform.

    Examples
    --------
    >>> without_prior(np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([0.75, 0.25])).round(6).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    logs = np.log(probs, out=np.full(probs.shape, -np.inf), where=probs > 0)  # what is impossible stays so
    return normalise_log(logs - np.log(prior))


def _check_names(strategy: str, prior: str) -> None:
    for kind, given, there in (("strategy", strategy, get_args(Strategy)), ("prior", prior, get_args(Prior))):
        if given not in there:
            raise UnknownNameError(f"no {kind} {given!r}; there are: {', '.join(there)}")


def _under(prior: str, posterior: Posterior) -> tuple[Posterior, str]:
    """The beliefs under that prior, and what to say about it."""
    if prior == "balance":
        return posterior, prior
    if not posterior.prior.size:
        if ((posterior.probs > 0) & (posterior.probs < 1)).any():  # 0 and 1 stay 0 and 1 under any prior
            log.warning("the class prior in these probabilities is not known, so it cannot be divided out: they stay")
        return posterior, "unknown"
    k = len(posterior.classes)
    even = without_prior(posterior.probs, posterior.prior)
    probs = np.where(posterior.answered[:, None], posterior.probs, even)
    return replace(posterior, probs=probs, prior=np.full(k, 1 / k)), prior


def _reasons_to_leave_out(posterior: Posterior, strategy: str, threshold: float) -> dict[str, NDArray[np.bool_]]:
    reasons = {"uncovered": ~posterior.covered}
    if strategy == "soft":
        return reasons
    reasons["tied"] = posterior.covered & (posterior.labels() == ABSTAIN)
    if strategy == "confident":
        sure = posterior.probs.max(axis=1, initial=0) >= threshold
        reasons["below threshold"] = ~(reasons["uncovered"] | reasons["tied"]) & ~sure
    return reasons


def _counted(reasons: Mapping[str, NDArray[np.bool_]]) -> dict[str, int]:
    return {reason: int(which.sum()) for reason, which in reasons.items()}


def _targets(posterior: Posterior, strategy: str) -> Floats:
    if strategy == "soft":
        return posterior.probs
    return np.asarray(np.eye(len(posterior.classes))[posterior.probs.argmax(axis=1)])


def _is_column(weight: Any) -> bool:
    return isinstance(weight, str) and weight not in ("confidence", "balanced")


def _weights(
    weight: str | ArrayLike | None, rows: pl.DataFrame, probs: Floats, targets: Floats, keep: NDArray[np.bool_]
) -> Floats:
    """Of the kept items, from the rows and probabilities of all and the targets of the kept ones."""
    if weight is None:
        return np.ones(len(targets))
    if isinstance(weight, str) and weight == "confidence":
        return np.asarray(np.clip(1 - entropy(probs[keep]) / np.log(probs.shape[1]), 0, 1))
    if isinstance(weight, str) and weight == "balanced":
        mass = targets.sum(axis=0)
        each = np.divide(len(targets), len(mass) * mass, out=np.zeros_like(mass), where=mass > 0)
        return np.asarray(targets @ each)
    if isinstance(weight, str):
        return _column_of_weights(rows, weight)[keep]
    array = np.asarray(weight)
    if array.shape != keep.shape or array.dtype.kind not in "biuf":
        raise TableError(f"weight has shape {array.shape} and type {array.dtype}; {len(keep)} items need a number each")
    return array[keep].astype(np.float64)


def _column_of_weights(rows: pl.DataFrame, name: str) -> Floats:
    tables.require(rows, [name], hint="a weight is the name of a column, 'confidence' or 'balanced'")
    if not rows.schema[name].is_numeric():
        raise TableError(f"the column {name!r} of weights holds {rows.schema[name]}: it needs numbers")
    return np.asarray(rows[name].cast(pl.Float64).to_numpy())


def _origin(L: LabelMatrix, posterior: Posterior, keep: NDArray[np.bool_]) -> pl.DataFrame:
    """Which row of votes each kept item has, numbered as in the matrix's vote patterns, and who voted what."""
    if L.classes != posterior.classes:
        raise TableError(f"the votes are for {', '.join(L.classes)}, the beliefs about {', '.join(posterior.classes)}")
    wanted = posterior.item_ids.filter(pl.Series(keep))
    at = tables.rows_of(L.item_ids, wanted.to_list())
    if lost := at.null_count():
        raise TableError(f"the votes lack {lost} of the items, first {wanted.filter(at.is_null())[0]!r}")
    first, which = distinct(L.votes, L.cardinality)
    said = pl.Series(VOTERS, written(L, first), dtype=pl.String)
    pattern = which[at.to_numpy()]
    return pl.DataFrame([pl.Series(PATTERN, pattern), said.gather(pattern)])
