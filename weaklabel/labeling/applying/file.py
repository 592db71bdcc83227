"""One table's votes as one file: known votes kept, memory bounded by the batch."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from weaklabel.artefacts import LabelMatrix
from weaklabel.artefacts.batch_writer import BatchWriter
from weaklabel.artefacts.label_matrix import ROW_DIGEST, votes_frame
from weaklabel.errors import ArtefactError
from weaklabel.labeling.applying.known import Known, known_in_file
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.run import Tally, rows_at_a_time, voted
from weaklabel.tables import TableScan

NOBODY = pl.Series("id", [], pl.String)


@dataclass(frozen=True)
class Options:
    """How to vote; as for `apply_file`."""

    id_column: str = "id"
    batch_size: int | None = None
    strict: bool = False
    fresh: bool = False


def vote_file(
    plan: Plan, rows: TableScan, out: Path, options: Options, before: Path | None = None, key: str | None = None
) -> tuple[Tally, str]:
    """Vote on all rows, into a file.

    Parameters
    ----------
    before
        Where votes of an earlier run lie, if not at `out`.
    key
        Where this is a part of a table: by what it is known again.

    Returns
    -------
    tuple
        What the votes add up to, and the digest in the file's header.
    """
    known = None if options.fresh else _known(before or out, plan)
    size = rows_at_a_time(rows.n, options.batch_size)
    tally = Tally(plan, known)
    with BatchWriter(out) as writer:
        if not rows.n:
            writer.add(tally.matrix(NOBODY).to_frame().with_columns(pl.Series(ROW_DIGEST, [], pl.UInt64)))
        for batch in voted(plan, rows.batches(size), -(-rows.n // size), known, options.strict):
            tally.add(batch)
            writer.add(votes_frame(batch.ids, batch.block.votes, plan.names, batch.digests))
        meta = tally.matrix(NOBODY).meta()
        if key is not None:
            meta["provenance"]["part"] = {"key": key, "rows": tally.n, "covered": tally.n_covered}
        return tally, writer.finish(LabelMatrix.kind, meta)


def _known(path: Path, plan: Plan) -> Known | None:
    if not path.exists():
        return None
    try:
        return known_in_file(path, plan)
    except ArtefactError as error:
        raise ArtefactError(f"{error}; to write over it, ask all functions anew (--fresh, fresh=True)") from error
