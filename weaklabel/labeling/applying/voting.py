"""Let labeling functions vote on a batch of rows: the one kernel, whatever runs it.

A frame goes in; votes come out, with what went wrong. A function that fails on some rows abstains there and only there.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Fault
from weaklabel.artefacts.label_matrix import possible_votes, vote_message
from weaklabel.errors import LabelingFunctionError, VoteError
from weaklabel.labeling.applying.asking import Failures, NoVoteError, Votes, ask_all, ask_each, said, where
from weaklabel.labeling.applying.rows import Rows
from weaklabel.labeling.functions import held, one_row
from weaklabel.protocols import LabelingFunctionLike

UNKNOWN = -2  # among known votes: ask the function
AT_A_TIME = 5_000  # rows that are Python objects


@dataclass(frozen=True)
class Block:
    """What m functions said of b rows.

    Attributes
    ----------
    votes
        Shape (b, m), int8.
    faults
        Of the functions that failed on some of the rows.
    asked
        Shape (m,): about how many of the rows each function was asked.
    seconds
        Shape (m,): CPU seconds of each function.
    """

    votes: Votes
    faults: tuple[Fault, ...]
    asked: NDArray[np.int64]
    seconds: NDArray[np.float64]


def vote(
    lfs: Sequence[LabelingFunctionLike],
    rows: pl.DataFrame,
    classes: tuple[str, ...],
    start: int = 0,
    known: Votes | None = None,
    strict: bool = False,
) -> Block:
    """The votes of all functions on the rows of a batch.

    Parameters
    ----------
    lfs
        m labeling functions; those with a rule for batches get all rows at once, the others row by row.
    rows
        b rows with a text column `id`.
    classes
        The k class names.
    start
        The number of the first row in the table.
    known
        Shape (b, m): votes that are known already, and -2 where the function is to be asked; all, by default.
    strict
        Raise at the first fault instead of noting it.

    Raises
    ------
    VoteError, LabelingFunctionError
        With `strict`: a vote that is none, or an exception in a function.
    """
    votes = np.full((len(rows), len(lfs)), UNKNOWN, np.int8, order="F") if known is None else known.copy(order="F")
    asked = (votes == UNKNOWN).sum(axis=0)
    ballots = [_Ballot(lf, votes[:, j], rows["id"], start, classes, strict) for j, lf in enumerate(lfs)]
    at_once = [ballot for ballot in ballots if getattr(ballot.lf, "batch", None) is not None]
    _work_together([ballot for ballot in at_once if (ballot.votes == UNKNOWN).all()], rows)
    for ballot in at_once:
        ballot.ask_all(rows)
    row_by_row = [ballot for ballot in ballots if ballot not in at_once]
    views = Rows(min(len(rows), AT_A_TIME) if row_by_row else 0)
    for begin in range(0, len(rows) if row_by_row else 0, AT_A_TIME):
        views.of(rows[begin : begin + AT_A_TIME])
        for ballot in row_by_row:
            ballot.ask_each(views, begin)
    faults = tuple(ballot.fault() for ballot in ballots if ballot.failures)
    return Block(votes, faults, asked, np.array([ballot.seconds for ballot in ballots]))


@dataclass(eq=False)
class _Ballot:
    """One function's votes on a batch: its column of the block, -2 where it is still to be asked."""

    lf: LabelingFunctionLike
    votes: Votes
    ids: pl.Series
    start: int
    classes: tuple[str, ...]
    strict: bool
    failures: Failures = field(default_factory=list)
    seconds: float = 0.0

    def ask_all(self, rows: pl.DataFrame) -> None:
        open_rows = np.flatnonzero(self.votes == UNKNOWN)
        if len(open_rows):
            some = rows if len(open_rows) == len(rows) else rows[open_rows]
            with self._timed():
                votes, failures = ask_all(self.lf.votes, some, len(self.classes), _single_rule(self.lf))  # type: ignore[attr-defined]
            self._note(open_rows, votes, failures)

    def ask_each(self, views: Rows, begin: int) -> None:
        open_rows = np.flatnonzero(self.votes[begin : begin + AT_A_TIME] == UNKNOWN)
        if len(open_rows):
            with self._timed():
                xs = views.fresh()
                some = xs if len(open_rows) == len(xs) else [xs[i] for i in open_rows]
                votes, failures = ask_each(_rule(self.lf), some, len(self.classes))
            self._note(open_rows + begin, votes, failures)

    def fault(self) -> Fault:
        i, error = self.failures[0]
        why = said(error)
        if isinstance(error, NoVoteError):
            why = f"VoteError: voted {error}; {possible_votes(self.classes)}"
        return Fault(self.lf.name, why, self.ids[i], self.start + i, len(self.failures))

    def _note(self, places: NDArray[np.intp], votes: Votes, failures: Failures) -> None:
        self.votes[slice(None) if len(votes) == len(self.votes) else places] = votes
        self.failures += [(int(places[i]), error) for i, error in failures]
        if self.failures and self.strict:
            self._raise(*self.failures[0])

    def _raise(self, i: int, error: BaseException) -> None:
        if isinstance(error, NoVoteError):
            raise VoteError(vote_message(self.lf.name, self.ids[i], error.vote, self.classes))
        raise LabelingFunctionError(
            f"labeling function {self.lf.name!r} raised on item {self.ids[i]!r} (row {self.start + i}): "
            f"{said(error)}{where(error)}"
        ) from error

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.process_time()
        yield
        self.seconds += time.process_time() - began


def _work_together(ballots: Sequence[_Ballot], rows: pl.DataFrame) -> None:
    """Let rules that can share their work on the rows do that once, before each is asked; each pays its share of it.

    Such a rule has `together`, which takes all rules that have the same, and the rows; it returns those that took part.
    """
    alike: dict[Any, dict[_Ballot, Any]] = defaultdict(dict)
    for ballot in ballots:
        rule = ballot.lf.batch  # type: ignore[attr-defined]
        together = getattr(type(rule), "together", None)
        if together is not None and not held(ballot.lf, "pre"):  # who sees other rows shares nothing
            alike[together][ballot] = rule
    for together, rules in alike.items():
        began = time.process_time()
        took_part = together(rules.values(), rows)
        sharing = [ballot for ballot, rule in rules.items() if rule in took_part]
        seconds = time.process_time() - began
        for ballot in sharing:
            ballot.seconds += seconds / len(sharing)


def _single_rule(lf: LabelingFunctionLike) -> Callable[[Any], Any] | None:
    """The rule of a declarative function for one row; None where that would only make a frame of the row."""
    f = held(lf, "f")
    return None if isinstance(f, partial) and f.func is one_row else lf


def _rule(lf: LabelingFunctionLike) -> Callable[[Any], Any]:
    """What to call with a row: a function that is nothing but its rule is called without a detour."""
    if type(lf).__name__ == "LabelingFunction" and not held(lf, "pre") and not held(lf, "resources"):
        return held(lf, "f")  # type: ignore[no-any-return]
    return lf
