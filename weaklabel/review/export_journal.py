"""Export a journal: everything that a journal holds, for any tool."""

from pathlib import Path

import polars as pl

from weaklabel.errors import JournalError
from weaklabel.files import replacing
from weaklabel.review.journal import Journal
from weaklabel.review.journal.schema import TABLES

FORMATS = ("parquet", "jsonl")


def export_journal(journal: Journal, folder: str | Path, format: str = "parquet") -> list[Path]:  # noqa: A002  the usual name
    """Write each of the journal's tables to a file of its own; annotations with all their versions.

    Parameters
    ----------
    folder
        Made where it is missing; files of the same names are replaced.
    format
        "parquet" or "jsonl".

    Returns
    -------
    list of Path
        `items`, `batches`, `tasks`, `annotations`, `annotators`, `models`, `events` and `rounds`.

    Raises
    ------
    JournalError
        There is no such format, or a file cannot be written.
    """
    if format not in FORMATS:
        raise JournalError(f"a journal is exported as {' or '.join(FORMATS)}, not as {format!r}")
    with journal.database.snapshot():  # an answer is not written without its task
        return [_write(journal.frame(table), Path(folder, f"{table}.{format}")) for table in TABLES]


def _write(frame: pl.DataFrame, path: Path) -> Path:
    try:
        with replacing(path) as file:
            if path.suffix == ".parquet":
                frame.write_parquet(file)
            else:
                frame.write_ndjson(file)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror or error}") from error
    return path
