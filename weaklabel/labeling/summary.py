"""What each labeling function does, and what is done for each class."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, checks

Votes = NDArray[np.int8]
Flags = NDArray[np.bool_]


def summary(L: LabelMatrix, gold: NDArray[np.integer] | None = None) -> pl.DataFrame:
    """One row per labeling function, as Snorkel's `LFAnalysis.lf_summary` counts it, and what that leaves out.

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
        which it votes; votes and another does; votes and another votes differently); against (share, of the items on
        which it and two others or more vote, on which none of them votes as it does; null without any); correct,
        incorrect (votes on items of known class), accuracy (correct among those; null without any); faults (rows on
        which it raised); seconds, us_per_row (its CPU time, in all and in microseconds an item; null where that was
        not measured).

    Source: Ratner et al., Snorkel, VLDB 2018.
    """
    votes = L.votes
    n, m = max(len(votes), 1), votes.shape[1]
    voted = votes != ABSTAIN
    voters = voted.sum(axis=1, keepdims=True)
    correct, incorrect = _judged(votes, None if gold is None else checks.gold(gold, len(votes), L.classes))
    failed = {fault.lf: fault.count for fault in L.faults}
    seconds = [L.seconds.get(name) for name in L.lf_names]
    return pl.DataFrame(
        {
            "lf": L.lf_names,
            "polarity": [", ".join(L.classes[y] for y in polarity(votes[:, j])) for j in range(m)],
            "coverage": voted.sum(axis=0) / n,
            "overlaps": (voted & (voters > 1)).sum(axis=0) / n,
            "conflicts": in_conflict(votes).sum(axis=0) / n,
            "against": _shares(against_all(L).sum(axis=0), in_company(votes).sum(axis=0)),
            "correct": correct,
            "incorrect": incorrect,
            "accuracy": _shares(correct, correct + incorrect),
            "faults": [failed.get(name, 0) for name in L.lf_names],
            "seconds": seconds,
            "us_per_row": [None if taken is None else 1e6 * taken / n for taken in seconds],
        },
        schema_overrides=dict.fromkeys(("against", "accuracy", "seconds", "us_per_row"), pl.Float64),
    )


def class_coverage(L: LabelMatrix, gold: NDArray[np.integer] | None = None) -> pl.DataFrame:
    """One row per class: how many functions vote for it, on how many items, and how many of its own they find.

    Parameters
    ----------
    L
        n items, m functions.
    gold
        Shape (n,): the known class, -1 where unknown.

    Returns
    -------
    polars.DataFrame
        Columns class; functions (that vote for it somewhere); coverage (share of all items with a vote for it);
        votes; share (of all votes; null without any); known (items known to be of it); found, missed (shares of those
        with a vote for it, and with no vote at all; null without any).

    Examples
    --------
    >>> L = LabelMatrix.from_array([[1, 1], [0, 1], [-1, -1]], classes=("ham", "spam"))
    >>> class_coverage(L, np.array([1, 0, 0])).select("class", "votes", "known", "found", "missed").rows()
    [('ham', 1, 2, 0.5, 0.5), ('spam', 3, 1, 1.0, 0.0)]
    """
    n, k = len(L.votes), L.cardinality
    known = np.full(n, ABSTAIN) if gold is None else checks.gold(gold, n, L.classes)
    rows = [_of_class(L.votes == y, known == y, L.covered) for y in range(k)]
    functions, items, votes, of_it, found, missed = np.array(rows, np.int64).T
    return pl.DataFrame(
        {
            "class": L.classes,
            "functions": functions,
            "coverage": items / max(n, 1),
            "votes": votes,
            "share": _shares(votes, np.full(k, votes.sum())),
            "known": of_it,
            "found": _shares(found, of_it),
            "missed": _shares(missed, of_it),
        },
        schema_overrides=dict.fromkeys(("share", "found", "missed"), pl.Float64),
    )


def polarity(votes: Votes) -> list[int]:
    """The classes that one function votes, in order."""
    return [int(y) for y in np.unique(votes) if y != ABSTAIN]


def in_conflict(votes: Votes) -> Flags:
    """Shape (n, m): the function votes, and not all votes on the item agree."""
    return np.asarray((votes != ABSTAIN) & _contested(votes)[:, None])


def in_company(votes: Votes) -> Flags:
    """Shape (n, m): the function votes, and at least two others do.

    Where there is but one other, a conflict cannot tell whose vote is the odd one.
    """
    voted = votes != ABSTAIN
    return np.asarray(voted & (voted.sum(axis=1, keepdims=True) > 2))


def against_all(L: LabelMatrix) -> Flags:
    """Shape (n, m): the function votes, at least two others do, and none of them votes as it does."""
    alone = np.zeros(L.votes.shape, bool)
    rows = np.flatnonzero(_contested(L.votes) & ((L.votes != ABSTAIN).sum(axis=1) > 2))
    votes = L.votes[rows]
    for y in range(L.cardinality):
        for_y = votes == y
        alone[rows] |= for_y & (for_y.sum(axis=1, keepdims=True) == 1)
    return alone


def _contested(votes: Votes) -> Flags:
    """Shape (n,): two functions vote differently."""
    highest = votes.max(axis=1, initial=ABSTAIN)
    lowest = np.where(votes != ABSTAIN, votes, np.int8(127)).min(axis=1, initial=127)
    return np.asarray((highest != lowest) & (highest != ABSTAIN))


def _judged(votes: Votes, gold: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if gold is None:
        nothing = np.zeros(votes.shape[1], np.int64)
        return nothing, nothing
    counted = (votes != ABSTAIN) & (gold != ABSTAIN)[:, None]
    right = counted & (votes == gold[:, None])
    return right.sum(axis=0), (counted & ~right).sum(axis=0)


def _of_class(for_it: Flags, of_it: Flags, covered: Flags) -> tuple[int, ...]:
    """Of one class: functions, items and votes for it; items known to be of it, with a vote for it, with none."""
    items = for_it.any(axis=1)
    counts = (for_it.any(axis=0), items, for_it, of_it, items & of_it, of_it & ~covered)
    return tuple(int(np.count_nonzero(flags)) for flags in counts)


def _shares(part: NDArray[np.int64], whole: NDArray[np.int64]) -> list[float | None]:
    return [p / w if w else None for p, w in zip(part.tolist(), whole.tolist(), strict=True)]
