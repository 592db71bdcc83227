"""Apply labeling functions to a table."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import progress, tables
from weaklabel.artefacts import ABSTAIN, Fault, LabelMatrix, checks
from weaklabel.artefacts.label_matrix import vote_message
from weaklabel.artefacts.store import digest
from weaklabel.errors import LabelingFunctionError, VoteError
from weaklabel.labeling.fingerprint import fingerprint
from weaklabel.labeling.rows import Rows
from weaklabel.protocols import LabelingFunctionLike

BLOCK = 1000  # rows at a time: often enough for a progress bar, seldom enough to cost nothing

Block = tuple[NDArray[np.int8], list[Fault]]


def apply(lfs: Sequence[LabelingFunctionLike], table: Any, classes: Sequence[str], *, n_jobs: int = 1) -> LabelMatrix:
    """The votes of all labeling functions on all rows.

    A function that raises abstains on that row; its first exception, where, and how often, are in `faults`.

    Parameters
    ----------
    lfs
        Labeling functions, ours or Snorkel's, with different names.
    table
        n rows with a unique column `id`; rows reach the functions as `x.column` and `x["column"]`.
    classes
        The k class names; a vote is an index into them.
    n_jobs
        Processes; -1 uses every core. The result does not depend on it.

    Returns
    -------
    LabelMatrix
        Shape (n, m), in the order of the rows and of the functions.

    Raises
    ------
    VoteError
        A vote is neither -1 nor 0..k-1; names function, item and vote.
    TableError
        A function needs a column that is not there, or ids are missing or repeated.
    LabelingFunctionError
        There are no functions, something is not one, or two share a name.
    """
    lfs, table, classes = _check_functions(lfs), tables.as_table(table), checks.classes(classes)
    for lf in lfs:
        tables.require(table, getattr(lf, "columns", ()), hint=f"labeling function {lf.name!r} reads it")
    blocks = list(_run(lfs, table, classes, n_jobs))
    votes = np.concatenate([votes for votes, _ in blocks]) if blocks else np.empty((0, len(lfs)), np.int8)
    faults = _merge_faults(fault for _, found in blocks for fault in found)
    names = tuple(lf.name for lf in lfs)
    return LabelMatrix(votes, table["id"], names, classes, faults, _provenance(lfs, table))


def _check_functions(lfs: Sequence[LabelingFunctionLike]) -> Sequence[LabelingFunctionLike]:
    if not lfs:
        raise LabelingFunctionError("there are no labeling functions to apply")
    for lf in lfs:
        if not callable(lf) or not isinstance(getattr(lf, "name", None), str):
            raise LabelingFunctionError(f"{lf!r} is not a labeling function: decorate it with @labeling_function()")
    names = [lf.name for lf in lfs]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise LabelingFunctionError(
            f"{names.count(repeated[0])} labeling functions are called {repeated[0]!r}: rename one"
        )
    return lfs


def _run(
    lfs: Sequence[LabelingFunctionLike], table: pl.DataFrame, classes: tuple[str, ...], n_jobs: int
) -> Iterable[Block]:
    starts = range(0, len(table), BLOCK)
    label = f"{len(lfs)} labeling functions"
    if n_jobs == 1:
        blocks = (vote_block(lfs, table[start : start + BLOCK], classes, start) for start in starts)
        return progress.track(blocks, label, len(starts))
    from joblib import Parallel, delayed

    jobs = (delayed(vote_block)(lfs, table[start : start + BLOCK], classes, start) for start in starts)
    return progress.track(Parallel(n_jobs=n_jobs, return_as="generator")(jobs), label, len(starts))


def vote_block(lfs: Sequence[LabelingFunctionLike], rows: pl.DataFrame, classes: tuple[str, ...], start: int) -> Block:
    """Votes on some rows, shape (b, m), and the faults in them; `start` is the number of the first row."""
    views = Rows(rows).fresh()
    votes = np.full((len(views), len(lfs)), ABSTAIN, np.int8)
    faults = []
    for j, lf in enumerate(lfs):
        failed: list[tuple[int, Exception]] = []
        for i, x in enumerate(views):
            try:
                vote = lf(x)
            except Exception as error:  # a fault in one function never ends the run
                failed.append((i, error))
            else:
                votes[i, j] = _checked(vote, lf.name, x.id, classes)
        if failed:
            i, first = failed[0]
            faults.append(Fault(lf.name, f"{type(first).__name__}: {first}", views[i].id, start + i, len(failed)))
    return votes, faults


def _checked(vote: Any, lf: str, item_id: str, classes: tuple[str, ...]) -> int:
    try:
        number = operator.index(vote)
    except TypeError:
        raise VoteError(vote_message(lf, item_id, vote, classes)) from None
    if not ABSTAIN <= number < len(classes):
        raise VoteError(vote_message(lf, item_id, vote, classes))
    return number


def _merge_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    first: dict[str, Fault] = {}
    for fault in faults:
        known = first.get(fault.lf)
        first[fault.lf] = fault if known is None else Fault(**{**vars(known), "count": known.count + fault.count})
    return tuple(first.values())


def _provenance(lfs: Sequence[LabelingFunctionLike], table: pl.DataFrame) -> dict[str, Any]:
    return {"fingerprints": {lf.name: fingerprint(lf) for lf in lfs}, "input": digest(table)}
