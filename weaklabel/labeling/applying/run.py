"""One application of labeling functions: batches of rows go through the kernel, in order, on whatever runs it."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pickle import PicklingError
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import engine
from weaklabel.artefacts import ABSTAIN, Fault, LabelMatrix
from weaklabel.errors import EngineError, LabelingFunctionError, first_line
from weaklabel.labeling.applying.asking import Votes
from weaklabel.labeling.applying.known import Digests, Known, row_digests
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.voting import Block, vote

log = logging.getLogger(__name__)

LEAST, MOST = 2_000, 100_000  # rows in a batch, unless the user says; each batch costs a few milliseconds by itself
PIECES = 10  # of a table, if they are not too small: a bar that moves, and work for several processes
TWICE = 10  # rows that are asked about twice: enough to see most functions that draw lots


@dataclass(frozen=True)
class Rows:
    """A batch of a table, and what is known of it; `start` is the number of its first row."""

    frame: pl.DataFrame
    digests: Digests
    start: int
    known: Votes | None

    def __str__(self) -> str:
        return f"voting on the rows {self.start} to {self.start + len(self.frame) - 1}"


@dataclass(frozen=True)
class Voted:
    """What was voted on a batch; by function, what is to be said of those that cannot be relied on."""

    ids: pl.Series
    digests: Digests
    block: Block
    fickle: Mapping[str, str]


@dataclass
class Tally:
    """What the batches of a run add up to.

    Attributes
    ----------
    n
        Rows.
    n_covered
        Rows with a vote.
    asked
        Shape (m,): about how many rows each function was asked.
    seconds
        Shape (m,): CPU seconds of each, those of votes kept from an earlier run included.
    faults
        By function.
    fickle
        By function: that it voted otherwise when it was asked again.
    """

    plan: Plan
    known: Known | None = None
    n: int = 0
    n_covered: int = 0
    asked: NDArray[np.int64] = field(init=False)
    seconds: NDArray[np.float64] = field(init=False)
    faults: dict[str, Fault] = field(default_factory=dict)
    fickle: dict[str, str] = field(default_factory=dict)
    _rows: Any = field(default_factory=hashlib.sha256, repr=False)

    def __post_init__(self) -> None:
        m = len(self.plan.lfs)
        self.asked = np.zeros(m, np.int64)
        self.seconds = np.zeros(m) if self.known is None else self.known.seconds.copy()

    def add(self, voted: Voted) -> None:
        """Take in the next batch."""
        self.n += len(voted.ids)
        self.n_covered += int((voted.block.votes.max(axis=1, initial=ABSTAIN) != ABSTAIN).sum())
        self.asked += voted.block.asked
        self.seconds += voted.block.seconds
        self._rows.update(voted.digests.tobytes())
        self.faults = added(self.faults, voted.block.faults)
        self.fickle = {**voted.fickle, **self.fickle}

    def warn(self) -> None:
        """Of functions that cannot be relied on."""
        for sentence in self.fickle.values():
            log.warning(sentence)

    def matrix(self, ids: pl.Series, votes: Sequence[Votes] = (), digests: Sequence[Digests] = ()) -> LabelMatrix:
        """The batches' votes as one matrix, with what they add up to; without votes, that alone."""
        return LabelMatrix(
            np.concatenate([np.empty((0, len(self.plan.lfs)), np.int8), *votes]),
            ids,
            self.plan.names,
            self.plan.classes,
            tuple(self.faults.values()),
            self.plan.provenance(self._rows.hexdigest()),
            dict(zip(self.plan.names, np.round(self.seconds, 6).tolist(), strict=True)),
            np.concatenate([np.empty(0, np.uint64), *digests]),
        )


def added(faults: Mapping[str, Fault], more: Iterable[Fault]) -> dict[str, Fault]:
    """By function: where it failed first, and on how many rows in all."""
    total = dict(faults)
    for fault in more:
        first = total.get(fault.lf)
        total[fault.lf] = fault if first is None else replace(first, count=first.count + fault.count)
    return total


def voted(
    plan: Plan, batches: Iterable[pl.DataFrame], n_batches: int, known: Known | None = None, strict: bool = False
) -> Iterator[Voted]:
    """The batches, voted on, in their order, on whatever backend is set.

    Raises
    ------
    LabelingFunctionError
        A function cannot be sent to another process; or, with `strict`, one failed.
    EngineError
        A process died again and again.
    """
    kernel = partial(_vote, plan.lfs, plan.classes, strict)
    with naming_who_stays(plan):
        yield from engine.mapped(kernel, _rows(batches, known), f"{len(plan.lfs)} labeling functions", n_batches)


def rows_at_a_time(n: int, wanted: int | None) -> int:
    """How many rows to take at a time: as many as wanted, else by the table's size.

    Raises
    ------
    LabelingFunctionError
        The number of rows is not positive.
    """
    if wanted is not None and wanted < 1:
        raise LabelingFunctionError(f"batch_size is {wanted}; it is a number of rows, at least 1")
    pieces = max(PIECES, 4 * engine.workers())
    return wanted or int(np.clip(-(-n // pieces), LEAST, MOST))


def _rows(batches: Iterable[pl.DataFrame], known: Known | None) -> Iterator[Rows]:
    start = 0
    for frame in batches:
        digests = row_digests(frame)
        yield Rows(frame, digests, start, None if known is None else known.votes(digests))
        start += len(frame)


def _vote(lfs: Sequence[Any], classes: tuple[str, ...], strict: bool, rows: Rows) -> Voted:
    block = vote(lfs, rows.frame, classes, rows.start, rows.known, strict)
    fickle = {} if rows.start else _fickle(lfs, rows.frame[:TWICE], classes, block, rows.known)
    return Voted(rows.frame["id"], rows.digests, block, fickle)


def _fickle(
    lfs: Sequence[Any], rows: pl.DataFrame, classes: tuple[str, ...], block: Block, known: Votes | None
) -> dict[str, str]:
    """A sentence about each function that votes otherwise on the first rows when asked again, about them alone."""
    again = vote(lfs, rows, classes, known=None if known is None else known[: len(rows)])
    differ = block.votes[: len(rows)] != again.votes
    said = {}
    for j in np.flatnonzero(differ.any(axis=0)):
        i = int(differ[:, j].argmax())
        said[lfs[j].name] = (
            f"labeling function {lfs[j].name!r} voted {block.votes[i, j]} on item {rows['id'][i]!r} and, asked again, "
            f"{again.votes[i, j]}: a vote must follow from its own row alone, without chance"
        )
    return said


@contextmanager
def naming_who_stays(plan: Plan) -> Iterator[None]:
    """Say which function could not be sent to another process, if one could not.

    Raises
    ------
    LabelingFunctionError
        One could not.
    """
    try:
        yield
    except EngineError as error:
        if isinstance(error.__cause__, PicklingError):
            raise LabelingFunctionError(who_stays(plan)) from error
        raise


def who_stays(plan: Plan) -> str:
    """Which function cannot be sent to another process, and why."""
    import cloudpickle

    for lf in plan.lfs:
        try:
            cloudpickle.dumps(lf)
        except Exception as error:
            return (
                f"labeling function {lf.name!r} cannot be sent to another process ({first_line(error)}): use one "
                "process, or let it make what it holds when it is first called"
            )
    return "the rows cannot be sent to another process: use one process"
