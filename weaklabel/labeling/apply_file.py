"""Apply labeling functions to a file, into a file: what is known stays, and memory does not grow with the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from weaklabel import engine, places, tables
from weaklabel.artefacts import Fault, LabelMatrix, folder, store
from weaklabel.engine.parts import Source
from weaklabel.errors import ArtefactError
from weaklabel.labeling.applying.file import NOBODY, Options, vote_file
from weaklabel.labeling.applying.part import PartSums, vote_part
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.run import naming_who_stays
from weaklabel.protocols import LabelingFunctionLike


@dataclass(frozen=True)
class Applied:
    """What `apply_file` did.

    Attributes
    ----------
    path
        Where the votes lie: a file, or a folder of parts.
    n
        Rows.
    n_covered
        Rows with a vote.
    asked
        By function: about how many rows it was asked; the other votes were known.
    seconds
        By function: the CPU seconds that its votes took, those known included.
    faults
        As in the label matrix.
    """

    path: str | Path
    n: int
    n_covered: int
    asked: dict[str, int]
    seconds: dict[str, float]
    faults: tuple[Fault, ...]


def apply_file(
    lfs: Sequence[LabelingFunctionLike],
    table: Source,
    out: str | Path,
    classes: Sequence[str],
    *,
    id_column: str = "id",
    n_jobs: int | None = None,
    batch_size: int | None = None,
    strict: bool = False,
    fresh: bool = False,
) -> Applied:
    """The votes of all labeling functions on all rows of a file, as a file; or of a folder of parts, as a folder.

    As `apply`, and: where `out` holds votes already, functions that have not changed since are asked only about rows
    that are new or changed; a function may be renamed, moved or dropped, and rows may be in another order. A function
    that failed somewhere, or that holds what cannot be read (a lock, a connection), is asked about everything again.
    Parquet is read and written in batches, so that memory does not grow with the table; where votes are known, by 24
    bytes a row, and by more if the rows come in quite another order. A crash on the way leaves what lay at `out`.

    A table in parts, or larger than one machine holds, becomes votes in parts: each part is one task, on whatever
    `run_on` says, and is written by who voted on it. A run that was cut off goes on with the parts that are missing, or
    that changed, or where a function failed. Ids must differ within a part; `LabelMatrix.load` sees whether they do in
    all.

    Parameters
    ----------
    lfs, classes, n_jobs, batch_size, strict
        As for `apply`.
    table
        CSV, TSV, JSON, JSONL or Parquet, with a column of unique ids; or Parquet parts: a folder, a pattern, a list, or
        the URL of a file or a folder ("s3://bucket/table/").
    out
        The Parquet file of votes, or the folder of their parts; `LabelMatrix.load` reads both. One large Parquet file
        is cut into parts where this is a folder: there is one, or it ends in "/".
    id_column
        The table's column of ids.
    fresh
        Ask every function about every row, whatever lies at `out`.

    Raises
    ------
    TableError, LabelingFunctionError, VoteError
        As for `apply`.
    ArtefactError
        What lies at `out` is no file of votes, or was truncated or edited, or is a folder of other files.
    EngineError
        A part failed again and again, or processes die; what the other parts came to stays.
    """
    options = Options(id_column, batch_size, strict, fresh)
    with engine.with_n_jobs(n_jobs):
        if engine.in_parts(table, out):
            return _apply_parts(tuple(lfs), table, out, classes, options)
        return _apply_one(tuple(lfs), Path(table), Path(out), classes, options)  # type: ignore[arg-type]  # it is one


def _apply_one(
    lfs: tuple[LabelingFunctionLike, ...], table: Path, out: Path, classes: Sequence[str], options: Options
) -> Applied:
    if table.resolve() == out.resolve():
        raise ArtefactError(f"the votes would take the place of their own table, {table}: write them to another file")
    store.check_name(out, LabelMatrix.kind)
    rows = tables.scan_table(table, options.id_column)
    plan = Plan(lfs, classes, rows.schema)  # type: ignore[arg-type]  # it makes a tuple of the classes
    tally, _ = vote_file(plan, rows, out, options)
    tally.warn()
    L = tally.matrix(NOBODY)
    asked = dict(zip(plan.names, tally.asked.tolist(), strict=True))
    return Applied(out, tally.n, tally.n_covered, asked, dict(L.seconds), L.faults)


def _apply_parts(
    lfs: tuple[LabelingFunctionLike, ...], table: Source, out: str | Path, classes: Sequence[str], options: Options
) -> Applied:
    pieces = engine.parts_into(table, out)
    with pieces[0].rows() as rows:
        schema = tables.scan_rows(rows.head(1), options.id_column, str(pieces[0])).schema
    plan = Plan(lfs, classes, schema)  # type: ignore[arg-type]
    sums = PartSums(plan)
    kernel = partial(vote_part, plan, places.absolute(out), options)
    with folder.alone_in(out), naming_who_stays(plan):
        folder.begin(out, LabelMatrix.kind)
        for done in engine.mapped(kernel, pieces, f"{len(lfs)} labeling functions", keep_going=not options.strict):
            sums.add(done)
        sums.warn()
        folder.finish(out, LabelMatrix.kind, sums.meta(), sums.parts)
    asked = dict(zip(plan.names, sums.asked.tolist(), strict=True))
    return Applied(out, sums.n, sums.n_covered, asked, sums.seconds_by_name(), tuple(sums.faults.values()))
