"""What each labeling function does: coverage, overlap, conflict, polarity, accuracy."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, checks


def summary(L: LabelMatrix, gold: NDArray[np.integer] | None = None) -> pl.DataFrame:
    """One row per labeling function, as Snorkel's `LFAnalysis.lf_summary` counts it.

    Parameters
    ----------
    L
        n items, m functions.
    gold
        Shape (n,): the known class, -1 where unknown. `weaklabel.gold_labels` makes it from a table.

    Returns
    -------
    polars.DataFrame
        Columns lf; polarity (names of the classes it votes); coverage, overlaps, conflicts (shares of all items on
        which it votes; votes and another does; votes and another votes differently); correct, incorrect (votes on
        items of known class), accuracy (correct among those; null without any); faults (rows on which it raised).

    Source: Ratner et al., Snorkel, VLDB 2018.
    """
    votes = L.votes
    n = max(len(votes), 1)
    voted = votes != ABSTAIN
    correct, incorrect = _against(votes, None if gold is None else checks.gold(gold, len(votes), L.classes))
    known = correct + incorrect
    failed = {fault.lf: fault.count for fault in L.faults}
    return pl.DataFrame(
        {
            "lf": L.lf_names,
            "polarity": [", ".join(L.classes[y] for y in _polarity(votes[:, j])) for j in range(votes.shape[1])],
            "coverage": voted.sum(axis=0) / n,
            "overlaps": (voted & (voted.sum(axis=1, keepdims=True) > 1)).sum(axis=0) / n,
            "conflicts": _in_conflict(votes).sum(axis=0) / n,
            "correct": correct,
            "incorrect": incorrect,
            "accuracy": [c / t if t else None for c, t in zip(correct, known, strict=True)],
            "faults": [failed.get(name, 0) for name in L.lf_names],
        },
        schema_overrides={"accuracy": pl.Float64},
    )


def _polarity(votes: NDArray[np.int8]) -> list[int]:
    return [int(y) for y in np.unique(votes) if y != ABSTAIN]


def _in_conflict(votes: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Shape (n, m): the function votes, and not all votes on the item agree."""
    voted = votes != ABSTAIN
    highest = votes.max(axis=1, initial=ABSTAIN)
    lowest = np.where(voted, votes, np.int8(127)).min(axis=1, initial=127)
    return np.asarray(voted & (highest != lowest)[:, None])


def _against(votes: NDArray[np.int8], gold: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if gold is None:
        nothing = np.zeros(votes.shape[1], np.int64)
        return nothing, nothing
    counted = (votes != ABSTAIN) & (gold != ABSTAIN)[:, None]
    right = counted & (votes == gold[:, None])
    return right.sum(axis=0), (counted & ~right).sum(axis=0)
