"""Apply labeling functions to a file, into a file: what is known stays, and memory does not grow with the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Fault, LabelMatrix, store
from weaklabel.artefacts.label_matrix import votes_frame
from weaklabel.errors import ArtefactError
from weaklabel.labeling.applying.known import Known, known_in_file
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.run import Part, Tally, parts, rows_at_a_time
from weaklabel.protocols import LabelingFunctionLike

NOBODY = pl.Series("id", [], pl.String)


@dataclass(frozen=True)
class Applied:
    """What `apply_file` did.

    Attributes
    ----------
    path
        Where the votes lie.
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

    path: Path
    n: int
    n_covered: int
    asked: dict[str, int]
    seconds: dict[str, float]
    faults: tuple[Fault, ...]


def apply_file(
    lfs: Sequence[LabelingFunctionLike],
    table: str | Path,
    out: str | Path,
    classes: Sequence[str],
    *,
    id_column: str = "id",
    n_jobs: int = 1,
    batch_size: int | None = None,
    strict: bool = False,
    fresh: bool = False,
) -> Applied:
    """The votes of all labeling functions on all rows of a file, as a file.

    As `apply`, and: where `out` holds votes already, functions that have not changed since are asked only about rows
    that are new or changed; a function may be renamed, moved or dropped, and rows may be in another order. A function
    that failed somewhere, or that holds what cannot be read (a lock, a connection), is asked about everything again.
    Parquet is read and written in batches, so that memory does not grow with the table; where votes are known, by 24
    bytes a row, and by more if the rows come in quite another order. A crash on the way leaves what lay at `out`.

    Parameters
    ----------
    lfs, classes, n_jobs, batch_size, strict
        As for `apply`.
    table
        CSV, TSV, JSON, JSONL or Parquet, with a column of unique ids.
    out
        The Parquet file of votes; `LabelMatrix.load` reads it.
    id_column
        The table's column of ids.
    fresh
        Ask every function about every row, whatever lies at `out`.

    Raises
    ------
    TableError, LabelingFunctionError, VoteError
        As for `apply`.
    ArtefactError
        What lies at `out` is no file of votes, or was truncated or edited.
    """
    table, out = Path(table), Path(out)
    if table.resolve() == out.resolve():
        raise ArtefactError(f"the votes would take the place of their own table, {table}: write them to another file")
    store.check_name(out, LabelMatrix.kind)
    if out.is_dir():
        raise ArtefactError(f"{out} is a folder: name a file in it for the votes, such as {out / 'votes.parquet'}")
    rows = tables.scan_table(table, id_column)
    plan = Plan(tuple(lfs), classes, rows.schema)  # type: ignore[arg-type]  # it makes a tuple of the classes
    known = _known(out, plan) if out.exists() and not fresh else None
    size = rows_at_a_time(rows.n, n_jobs, batch_size)
    tally = Tally(plan, known)
    L = _write(out, tally, parts(plan, rows.batches(size), -(-rows.n // size), known, n_jobs, strict))
    asked = dict(zip(plan.names, tally.asked.tolist(), strict=True))
    return Applied(out, tally.n, tally.n_covered, asked, dict(L.seconds), L.faults)


def _known(out: Path, plan: Plan) -> Known | None:
    try:
        return known_in_file(out, plan)
    except ArtefactError as error:
        raise ArtefactError(f"{error}; to write over it, ask all functions anew (--fresh, fresh=True)") from error


def _write(out: Path, tally: Tally, voted: Iterator[Part]) -> LabelMatrix:
    """Each part as it comes, beside the file; then all of them as one, with what they add up to in its header.

    Returns what they add up to: a matrix without rows.
    """
    with _folder_beside(out) as folder:
        content = store.Digest()
        for i, part in enumerate(voted):
            tally.add(part)
            frame = votes_frame(part.ids, part.block.votes, tally.plan.names, part.digests)
            content.add(frame)
            with store.told(out):
                frame.write_parquet(Path(folder, f"{i:09}.parquet"))
        total = tally.matrix(NOBODY)
        if not tally.n:
            total.save(out)
            return total
        with store.writing(out) as file:
            metadata = store.header(total.kind, content.hexdigest(), total.meta())
            pl.scan_parquet(folder).sink_parquet(file.name, metadata=metadata)
    return total


def _folder_beside(out: Path) -> "TemporaryDirectory[str]":
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent)
    except OSError as error:
        raise ArtefactError(f"cannot write {out}: {error.strerror}") from error
