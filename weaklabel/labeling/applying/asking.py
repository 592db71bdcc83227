"""Ask one labeling function about rows: its votes, and the rows on which it gave none, with why."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN

Votes = NDArray[np.int8]
Failures = list[tuple[int, Exception]]  # a row, and why it has no vote; in the order of the rows


class NoVoteError(Exception):
    """What a function returned is no vote.

    Attributes
    ----------
    vote
        What it returned.
    """

    def __init__(self, vote: Any) -> None:
        self.vote = vote.item() if isinstance(vote, np.generic) else vote
        super().__init__(repr(self.vote))


def ask_each(rule: Callable[[Any], Any], xs: Sequence[Any], k: int) -> tuple[Votes, Failures]:
    """The votes on some rows, shape (b,), asked one by one; an abstention where the rule fails."""
    answers: list[Any] = []
    failures, asked = Failures(), iter(xs)
    while len(answers) < len(xs):
        try:
            answers.extend(map(rule, asked))  # quicker than a loop; after a fault it goes on behind it
            if len(answers) < len(xs):
                raise StopIteration  # a rule's own, which ends `map` in silence
        except Exception as error:  # which never ends the run
            failures.append((len(answers), error if not failures else error.with_traceback(None)))  # it holds the row
            answers.append(ABSTAIN)
    votes, wrong = _as_votes(answers, k)
    return votes, sorted(failures + wrong, key=operator.itemgetter(0))


def ask_all(rule: Callable[[pl.DataFrame], Any], rows: pl.DataFrame, k: int) -> tuple[Votes, Failures]:
    """The votes on the rows of a frame, shape (b,), asked at once.

    Where the rule raises, the rows at fault are found by halving the frame, so that the others keep their votes, and
    the size of the frame makes no difference.
    """
    try:
        answers = rule(rows)
    except Exception as error:
        if len(rows) > 1 and not _fails_on_nothing(rule, rows, error):
            half = len(rows) // 2
            (first, failed), (second, too) = ask_all(rule, rows[:half], k), ask_all(rule, rows[half:], k)
            return np.concatenate([first, second]), failed + [(half + i, each) for i, each in too]
        return _all_failed(rows, error)
    if not hasattr(answers, "__len__") or len(answers) != len(rows):
        return _all_failed(rows, ValueError("the rule for batches did not give one vote for each row"))
    return _as_votes(answers, k)


def _fails_on_nothing(rule: Callable[[pl.DataFrame], Any], rows: pl.DataFrame, error: Exception) -> bool:
    """Whether the rows are not at fault: a column is missing or of the wrong type, and no rows fail as these do."""
    try:
        rule(rows.clear())
    except Exception as other:
        return (type(other), str(other)) == (type(error), str(error))
    return False


def _all_failed(rows: pl.DataFrame, error: Exception) -> tuple[Votes, Failures]:
    return np.full(len(rows), ABSTAIN, np.int8), [(i, error) for i in range(len(rows))]


def _as_votes(answers: Any, k: int) -> tuple[Votes, Failures]:
    numbers = _numbers(answers)
    if numbers is not None and numbers.min(initial=0) >= ABSTAIN and numbers.max(initial=0) < k:
        return numbers.astype(np.int8, copy=False), []
    votes, wrong = np.full(len(answers), ABSTAIN, np.int8), Failures()
    for i, answer in enumerate(answers):
        try:
            vote = operator.index(answer)
        except TypeError:
            wrong.append((i, NoVoteError(answer)))
        else:
            if ABSTAIN <= vote < k:
                votes[i] = vote
            else:
                wrong.append((i, NoVoteError(vote)))
    return votes, wrong


def _numbers(answers: Any) -> NDArray[Any] | None:
    """The answers as an array, if all are whole numbers or truth values."""
    if isinstance(answers, pl.Series) and answers.null_count():
        return None
    try:
        array = np.asarray(answers)
    except ValueError:  # lists of different lengths among them
        return None
    return array if array.ndim == 1 and array.dtype.kind in "iub" else None
