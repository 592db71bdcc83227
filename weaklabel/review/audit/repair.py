"""Labeling functions that people contradict: which, on what items, and what to do about each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix
from weaklabel.errors import TableError
from weaklabel.labeling.gold import as_gold
from weaklabel.numerics import Floats
from weaklabel.review.audit.permutation import among, permutation

BAR = 0.7  # precision below which a function is worth a look
SURE = 0.9  # P(precision < bar) that it takes to say so
PRIOR = (1.5, 0.5)  # right and wrong votes that a function is thought to have had: mean 0.75, and worth two answers
EVERYWHERE = 0.5  # share of the items on which a vote is no rule any more but a guess
ALONE = 0.1  # share of the covered items that would be lost with the function

Action = Literal["narrow", "drop"]


@dataclass(frozen=True)
class Contradiction:
    """An item on which a function voted otherwise than people answered."""

    item_id: str
    vote: str
    answer: str


@dataclass(frozen=True)
class Flag:
    """A labeling function that is very probably worse than it should be.

    Attributes
    ----------
    lf
        Its name.
    precision, lower, upper
        Share of its votes that are right, with its central 95 % interval, all after the answers.
    p_below
        Probability that the precision is below the bar.
    audited, wrong
        Votes that were drawn at random among the function's own and answered; and those of them that people contradict.
    votes
        Its votes on all items.
    alone
        Share of the covered items on which no other function votes.
    action
        "narrow": make it vote on fewer items, as it votes nearly everywhere, or many items have no other vote. "drop":
        leave it out.
    contradictions
        All items on which an answer contradicts it, chosen ones too, in the order of the label matrix.
    """

    lf: str
    precision: float
    lower: float
    upper: float
    p_below: float
    audited: int
    wrong: int
    votes: int
    alone: float
    action: Action
    contradictions: tuple[Contradiction, ...]


def repair(
    L: LabelMatrix,
    answers: Mapping[str, str],
    *,
    skipped: Iterable[str] = (),
    bar: float = BAR,
    sure: float = SURE,
    seed: int = 0,
) -> list[Flag]:
    """The functions that are below the bar with the probability `sure`, the surest first.

    A function is judged by a random sample of its own votes: of the items on which it votes, the longest beginning of
    the audit's random order in which none is open. So the audit slice counts for every function, `repair_next` adds to
    one where the slice says least, and what a strategy chose, which is where functions err, makes none look bad.

    Parameters
    ----------
    L
        n items, m functions.
    answers
        Item id -> class name, of all items that people answered.
    skipped
        Ids that people left without an answer: no part of the sample.
    bar
        Precision that a function should have, in (0, 1).
    sure
        Probability of being below the bar at which it is flagged, in (0, 1).
    seed
        Of the audit's order.

    Raises
    ------
    TableError
        An answer is about no item of the matrix or names no class; `bar` or `sure` is not in (0, 1).

    Source: the Beta posterior of a share; the prior is that of a function somebody thought worth writing.
    """
    for name, value in (("bar", bar), ("sure", sure)):
        if not 0 < value < 1:
            raise TableError(f"{name} is {value}; it lies between 0 and 1")
    gold = as_gold(answers, L)
    right, audited = sampled(L, gold, skipped, seed)
    below = p_below(right, audited, bar)
    flagged = np.flatnonzero(below > sure)
    flags = [_flag(L, gold, int(j), int(right[j]), int(audited[j]), float(below[j])) for j in flagged]
    return sorted(flags, key=lambda flag: (-flag.p_below, flag.lf))


def repair_next(
    L: LabelMatrix,
    size: int,
    answers: Mapping[str, str],
    *,
    asked: Iterable[str] = (),
    skipped: Iterable[str] = (),
    bar: float = BAR,
    sure: float = SURE,
    seed: int = 0,
) -> pl.Series:
    """Items to ask about next so that bad functions are found: one at a time, at random within the least-audited one.

    Functions of which it is known already whether they are below the bar are passed over. The items are the next ones
    of the audit's order among the function's own, so that they are a random sample of its votes; they are no part of
    the audit slice until that comes to them.

    Parameters
    ----------
    L
        n items, m functions.
    size
        How many, 0 or more; fewer come where the functions that are in doubt have no more items.
    answers
        Item id -> class name.
    asked
        Ids that wait for an answer, or are in the batch already.
    skipped, bar, sure, seed
        As in `repair`.

    Raises
    ------
    TableError
        `size` is negative, or an answer is about no item of the matrix or names no class.
    """
    if size < 0:
        raise TableError(f"{size} items cannot be asked: give 0 or more")
    skipped = list(skipped)
    gold = as_gold(answers, L)
    right, audited = sampled(L, gold, skipped, seed)
    below = p_below(right, audited, bar)
    doubted = np.flatnonzero((below <= sure) & (below >= 1 - sure))
    is_open = (gold == ABSTAIN) & ~among(L.item_ids, [*asked, *skipped])
    chosen = list(_draw(L.votes != ABSTAIN, doubted, audited, is_open, permutation(L.item_ids, seed), size))
    return L.item_ids.gather(np.array(chosen, np.int64))


def sampled(
    L: LabelMatrix, gold: NDArray[np.int64], skipped: Iterable[str], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Right votes and all votes in a random sample of each function's own votes, shape (m,) each."""
    numbers = permutation(L.item_ids, seed)
    known = gold != ABSTAIN
    is_open = ~(known | among(L.item_ids, skipped))
    right, audited = np.zeros((2, len(L.lf_names)), np.int64)
    for j, votes in enumerate(L.votes.T):
        fires = votes != ABSTAIN
        end = numbers[fires & is_open].min(initial=np.iinfo(np.uint64).max)
        sample = fires & known & (numbers < end)
        audited[j], right[j] = sample.sum(), (votes[sample] == gold[sample]).sum()
    return right, audited


def p_below(right: NDArray[np.int64], audited: NDArray[np.int64], bar: float) -> Floats:
    """P(precision < bar) after so many right of the audited votes."""
    from scipy.special import betainc

    return np.asarray(betainc(PRIOR[0] + right, PRIOR[1] + audited - right, bar), np.float64)


def _draw(
    fires: NDArray[np.bool_],
    doubted: NDArray[np.intp],
    audited: NDArray[np.int64],
    is_open: NDArray[np.bool_],
    numbers: NDArray[np.uint64],
    size: int,
) -> Iterator[int]:
    """Rows, one at a time; an item counts for every function that votes on it and whose next one it is."""
    count, votes = audited.astype(float), fires.sum(axis=0)
    queues = {int(j): _queue(fires[:, j] & is_open, numbers, size) for j in doubted}
    taken: set[int] = set()
    while len(taken) < size:
        queues = {j: left for j, queue in queues.items() if (left := [row for row in queue if row not in taken])}
        if not queues:
            return
        least = min(queues, key=lambda j: (count[j], -votes[j], j))
        row = queues[least][0]
        for j, queue in queues.items():
            count[j] += queue[0] == row
        taken.add(row)
        yield row


def _queue(which: NDArray[np.bool_], numbers: NDArray[np.uint64], size: int) -> list[int]:
    """The first rows of the random order; no function needs more than the batch has places."""
    rows = np.flatnonzero(which)
    return [int(row) for row in rows[np.argsort(numbers[rows], kind="stable")[:size]]]


def _flag(L: LabelMatrix, gold: NDArray[np.int64], j: int, right: int, audited: int, below: float) -> Flag:
    from scipy.special import betaincinv

    a, b = PRIOR[0] + right, PRIOR[1] + audited - right
    lower, upper = (float(edge) for edge in betaincinv(a, b, [0.025, 0.975]))
    fires = L.votes[:, j] != ABSTAIN
    alone = float((fires & ((L.votes != ABSTAIN).sum(axis=1) == 1)).sum() / max(int(L.covered.sum()), 1))
    action: Action = "narrow" if fires.mean() >= EVERYWHERE or alone >= ALONE else "drop"
    return Flag(
        L.lf_names[j], a / (a + b), lower, upper, below, audited, audited - right, int(fires.sum()), alone, action,
        tuple(_contradictions(L, gold, j)),
    )  # fmt: skip


def _contradictions(L: LabelMatrix, gold: NDArray[np.int64], j: int) -> Iterator[Contradiction]:
    votes = L.votes[:, j]
    for row in np.flatnonzero((votes != ABSTAIN) & (gold != ABSTAIN) & (votes != gold)):
        yield Contradiction(L.item_ids[int(row)], L.classes[votes[row]], L.classes[gold[row]])
