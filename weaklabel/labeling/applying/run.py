"""One application of labeling functions: batches of rows go through the kernel, in order, on whatever runs it."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pickle import PicklingError
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import progress
from weaklabel.artefacts import ABSTAIN, Fault, LabelMatrix
from weaklabel.errors import LabelingFunctionError, first_line
from weaklabel.labeling.applying.asking import Votes
from weaklabel.labeling.applying.known import Digests, Known, row_digests
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.voting import Block, vote

log = logging.getLogger(__name__)

LEAST, MOST = 1_000, 50_000  # rows in a batch, unless the user says; each batch costs a few milliseconds by itself
PIECES = 20  # of a table, if they are not too small: a bar that moves, and work for several processes
TWICE = 10  # rows that are asked about twice: enough to see most functions that draw lots


@dataclass(frozen=True)
class Part:
    """What was voted on a batch of rows."""

    ids: pl.Series
    digests: Digests
    block: Block
    fickle: tuple[str, ...] = ()


@dataclass
class Tally:
    """What the parts of a run add up to.

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
    """

    plan: Plan
    known: Known | None = None
    n: int = 0
    n_covered: int = 0
    asked: NDArray[np.int64] = field(init=False)
    seconds: NDArray[np.float64] = field(init=False)
    faults: dict[str, Fault] = field(default_factory=dict)
    _rows: Any = field(default_factory=hashlib.sha256, repr=False)

    def __post_init__(self) -> None:
        m = len(self.plan.lfs)
        self.asked = np.zeros(m, np.int64)
        self.seconds = np.zeros(m) if self.known is None else self.known.seconds.copy()

    def add(self, part: Part) -> None:
        """Take in the next part; warns of functions that cannot be relied on."""
        self.n += len(part.ids)
        self.n_covered += int((part.block.votes.max(axis=1, initial=ABSTAIN) != ABSTAIN).sum())
        self.asked += part.block.asked
        self.seconds += part.block.seconds
        self._rows.update(part.digests.tobytes())
        for fault in part.block.faults:
            first = self.faults.get(fault.lf)
            self.faults[fault.lf] = fault if first is None else replace(first, count=first.count + fault.count)
        for sentence in part.fickle:
            log.warning(sentence)

    def matrix(self, ids: pl.Series, votes: Sequence[Votes] = (), digests: Sequence[Digests] = ()) -> LabelMatrix:
        """The parts' votes as one matrix, with what they add up to; without votes, that alone."""
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


def parts(
    plan: Plan,
    batches: Iterable[pl.DataFrame],
    n_batches: int,
    known: Known | None = None,
    n_jobs: int = 1,
    strict: bool = False,
) -> Iterator[Part]:
    """The batches, voted on, in their order.

    Raises
    ------
    LabelingFunctionError
        A function cannot be sent to another process; or, with `strict`, one failed.
    """
    label = f"{len(plan.lfs)} labeling functions"
    if n_jobs == 1:
        yield from progress.track((_part(*job) for job in _jobs(plan, batches, known, strict)), label, n_batches)
        return
    from joblib import Parallel, delayed

    jobs = (delayed(_part)(*job) for job in _jobs(plan, batches, known, strict))
    try:
        yield from progress.track(Parallel(n_jobs=n_jobs, return_as="generator")(jobs), label, n_batches)
    except PicklingError as error:
        raise LabelingFunctionError(_who_stays(plan)) from error
    except RuntimeError as error:
        if type(error).__name__ != "TerminatedWorkerError":  # joblib's, under several addresses
            raise
        raise LabelingFunctionError(
            "a process died while labeling functions ran, for want of memory or because one of them ended it: use one "
            "process to see which"
        ) from error


def rows_at_a_time(n: int, n_jobs: int, wanted: int | None) -> int:
    """How many rows to take at a time: as many as wanted, else by the table's size.

    Raises
    ------
    LabelingFunctionError
        The number of processes is 0, or that of rows not positive.
    """
    if n_jobs == 0:
        raise LabelingFunctionError("n_jobs is 0; it is a number of processes, or -1 for one on each core")
    if wanted is not None and wanted < 1:
        raise LabelingFunctionError(f"batch_size is {wanted}; it is a number of rows, at least 1")
    pieces = max(PIECES, 4 * abs(n_jobs))
    return wanted or int(np.clip(-(-n // pieces), LEAST, MOST))


def _jobs(plan: Plan, batches: Iterable[pl.DataFrame], known: Known | None, strict: bool) -> Iterator[tuple[Any, ...]]:
    start = 0
    for rows in batches:
        digests = row_digests(rows)
        votes = None if known is None else known.votes(digests)
        yield plan.lfs, rows, digests, plan.classes, start, votes, strict
        start += len(rows)


def _part(
    lfs: Sequence[Any], rows: pl.DataFrame, digests: Digests, classes: tuple[str, ...], start: int,
    known: Votes | None, strict: bool,
) -> Part:  # fmt: skip
    block = vote(lfs, rows, classes, start, known, strict)
    return Part(rows["id"], digests, block, () if start else _fickle(lfs, rows[:TWICE], classes, block, known))


def _fickle(
    lfs: Sequence[Any], rows: pl.DataFrame, classes: tuple[str, ...], block: Block, known: Votes | None
) -> tuple[str, ...]:
    """A sentence about each function that votes otherwise on the first rows when asked again, about them alone."""
    again = vote(lfs, rows, classes, known=None if known is None else known[: len(rows)])
    differ = block.votes[: len(rows)] != again.votes
    said = []
    for j in np.flatnonzero(differ.any(axis=0)):
        i = int(differ[:, j].argmax())
        said.append(
            f"labeling function {lfs[j].name!r} voted {block.votes[i, j]} on item {rows['id'][i]!r} and, asked again, "
            f"{again.votes[i, j]}: a vote must follow from its own row alone, without chance"
        )
    return tuple(said)


def _who_stays(plan: Plan) -> str:
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
