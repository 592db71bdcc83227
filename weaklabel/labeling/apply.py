"""Apply labeling functions to a table."""

from collections.abc import Sequence
from typing import Any

from weaklabel import engine, tables
from weaklabel.artefacts import LabelMatrix, checks
from weaklabel.labeling.applying.known import known_in_matrix
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.run import Tally, rows_at_a_time, voted
from weaklabel.protocols import LabelingFunctionLike


def apply(
    lfs: Sequence[LabelingFunctionLike],
    table: Any,
    classes: Sequence[str],
    *,
    n_jobs: int | None = None,
    batch_size: int | None = None,
    strict: bool = False,
    reuse: LabelMatrix | None = None,
) -> LabelMatrix:
    """The votes of all labeling functions on all rows.

    A function that raises, or returns what is no vote, abstains on that row; its first failure, where, and how often,
    are in `faults`. Functions with a rule for batches get many rows at once, the others one light row after another. A
    warning names a function that votes otherwise when it is asked about the first ten rows again.

    Parameters
    ----------
    lfs
        Labeling functions, ours or Snorkel's, with different names.
    table
        n rows with a unique column `id`; rows reach the functions as `x.column` and `x["column"]`.
    classes
        The k class names; a vote is an index into them.
    n_jobs
        Workers: processes, or whatever `run_on` says; -1: one on each core. By default as `run_on` says, else this
        process alone.
    batch_size
        Rows at a time; by default a tenth of the table, within 2,000 to 100,000. The votes depend neither on it nor
        on `n_jobs`.
    strict
        Raise at the first fault instead of noting it.
    reuse
        Votes of an earlier run: functions that have not changed since are asked only about rows that are new.

    Returns
    -------
    LabelMatrix
        Shape (n, m), in the order of the rows and of the functions.

    Raises
    ------
    TableError
        A function needs a column that is not there, or ids are missing or repeated.
    LabelingFunctionError
        There are no functions, something is not one, two share a name, or one cannot be sent to another process; with
        `strict`, one raised.
    EngineError
        `n_jobs` is 0, or processes die.
    VoteError
        With `strict`: a vote is neither -1 nor 0..k-1.
    """
    table = tables.as_table(table)
    ids = checks.trusted(table["id"])  # `as_table` has looked at them
    plan = Plan(tuple(lfs), classes, table.schema)  # type: ignore[arg-type]  # it makes a tuple of the classes
    known = None if reuse is None else known_in_matrix(reuse, plan)
    tally, votes, digests = Tally(plan, known), [], []
    with engine.with_n_jobs(n_jobs):
        size = rows_at_a_time(len(table), batch_size)
        for batch in voted(plan, table.iter_slices(size), -(-len(table) // size), known, strict):
            tally.add(batch)
            votes.append(batch.block.votes)
            digests.append(batch.digests)
    tally.warn()
    return tally.matrix(ids, votes, digests)
