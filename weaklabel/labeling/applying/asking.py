"""Ask one labeling function about rows: its votes, and the rows on which it gave none, with why."""

import operator
from collections.abc import Callable, Sequence
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.labeling.applying.rows import Rows

Votes = NDArray[np.int8]
Failures = list[tuple[int, BaseException]]  # a row, and why it has no vote; in the order of the rows
LONGEST = 100  # signs of what is no vote
# A function that calls exit(), or makes polars panic, is at fault, too; an interrupt is none.
FAULTS = (Exception, SystemExit, pl.exceptions.PanicException)


class NoVoteError(Exception):
    """What a function returned is no vote.

    Attributes
    ----------
    vote
        What it returned.
    """

    def __init__(self, vote: Any) -> None:
        self.vote = vote.item() if isinstance(vote, np.generic) else vote
        super().__init__(_shown(self.vote))


def said(error: BaseException) -> str:
    """`Type: message` of an exception, whatever its own message does."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as another:
        return f"{type(error).__name__}, whose message raises {type(another).__name__}"


def where(error: BaseException) -> str:
    """The file and line where an exception arose, as a clause; empty where that is not known."""
    frames = extract_tb(error.__traceback__)
    return f", at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _shown(vote: Any) -> str:
    try:
        shown = repr(vote)
    except Exception:
        return f"a {type(vote).__name__}"
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]} ..."


def ask_each(rule: Callable[[Any], Any], xs: Sequence[Any], k: int) -> tuple[Votes, Failures]:
    """The votes on some rows, shape (b,), asked one by one; an abstention where the rule fails."""
    answers: list[Any] = []
    failures, asked = Failures(), iter(xs)
    while len(answers) < len(xs):
        try:
            answers.extend(map(rule, asked))  # quicker than a loop; after a fault it goes on behind it
            if len(answers) < len(xs):
                raise StopIteration  # a rule's own, which ends `map` in silence
        except FAULTS as error:  # which never end the run
            failures.append((len(answers), error if not failures else error.with_traceback(None)))  # it holds the row
            answers.append(ABSTAIN)
    votes, wrong = _as_votes(answers, k)
    return votes, sorted(failures + wrong, key=operator.itemgetter(0))


def ask_all(
    rule: Callable[[pl.DataFrame], Any], rows: pl.DataFrame, k: int, each: Callable[[Any], Any] | None = None
) -> tuple[Votes, Failures]:
    """The votes on the rows of a frame, shape (b,), asked at once.

    Where the rule raises, the rows at fault are found, by the same rule for a single row (`each`) or by halving the
    frame, so that the others keep their votes, and the size of the frame makes no difference.
    """
    try:
        answers = rule(rows)
    except FAULTS as error:
        if each is not None:
            one_by_one = Rows(len(rows))
            return ask_each(each, one_by_one.of(rows), k)
        if len(rows) > 1 and not _fails_on_nothing(rule, rows, error):
            half = len(rows) // 2
            (first, failed), (second, too) = ask_all(rule, rows[:half], k), ask_all(rule, rows[half:], k)
            return np.concatenate([first, second]), failed + [(half + i, why) for i, why in too]
        return _all_failed(rows, error)
    if isinstance(answers, pl.Expr):
        return ask_all(lambda rows: rows.select(answers).to_series(), rows, k, each)
    if isinstance(answers, pl.DataFrame) and answers.width == 1:
        answers = answers.to_series()
    if isinstance(answers, pl.DataFrame) or not hasattr(answers, "__len__") or len(answers) != len(rows):
        return _all_failed(rows, ValueError("the rule for batches did not give one vote for each row"))
    return _as_votes(answers, k)


def _fails_on_nothing(rule: Callable[[pl.DataFrame], Any], rows: pl.DataFrame, error: BaseException) -> bool:
    """Whether the rows are not at fault: a column is missing or of the wrong type, and no rows fail as these do."""
    try:
        rule(rows.clear())
    except FAULTS as other:
        return (type(other), said(other)) == (type(error), said(error))
    return False


def _all_failed(rows: pl.DataFrame, error: BaseException) -> tuple[Votes, Failures]:
    return np.full(len(rows), ABSTAIN, np.int8), [(i, error) for i in range(len(rows))]


def _as_votes(answers: Any, k: int) -> tuple[Votes, Failures]:
    numbers = _numbers(answers)
    if numbers is not None and numbers.min(initial=0) >= ABSTAIN and numbers.max(initial=0) < k:
        return numbers.astype(np.int8, copy=False), []
    votes, wrong = np.full(len(answers), ABSTAIN, np.int8), Failures()
    for i, answer in enumerate(answers):
        try:
            vote = operator.index(answer)
        except Exception:  # not a TypeError alone: an object of the user's own may raise what it likes
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
