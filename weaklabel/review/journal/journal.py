"""The journal itself: its parts, its settings, and who may write to it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import polars as pl

from weaklabel.artefacts import Annotation
from weaklabel.errors import JournalError
from weaklabel.review.journal.answers import Answers
from weaklabel.review.journal.database import Database, now, packed
from weaklabel.review.journal.events import Events
from weaklabel.review.journal.ledger import Ledger
from weaklabel.review.journal.schema import TABLES

FILE = "journal.sqlite"
WORK = {"journal": "push or pull", "loop": "review run"}
TYPES = {"TEXT": pl.String, "INTEGER": pl.Int64, "REAL": pl.Float64}


class Journal:
    """What was asked and what was answered in one review, kept in `journal.sqlite` in its folder.

    Answers are only ever added to: an edit is a new version, a deletion a version that says so. What was recorded
    survives a crash of the program and of the machine.

    Parameters
    ----------
    folder
        Made, with an empty journal, unless `create` is off.
    create
        Off: a folder without a journal is an error.

    Raises
    ------
    JournalError
        There is no journal; the file is damaged or another program's; or a newer weaklabel wrote it.
    """

    def __init__(self, folder: str | Path, *, create: bool = True) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        if not create and not self.path.is_file():
            raise JournalError(f"no journal in {self.folder}: push tasks from there first, or name another folder")
        self.database = Database(self.path)
        self.events = Events(self.database)
        self.ledger = Ledger(self.database, self.events)
        self.answers = Answers(self.database, self.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the journal cannot be used any more."""
        self.database.close()

    @contextmanager
    def exclusive(self, work: str = "journal") -> Iterator[None]:
        """Keep every other process from the same work on this journal while the block runs.

        Parameters
        ----------
        work
            "journal": to push or to pull. "loop": to lead the review, which pushes and pulls.

        Raises
        ------
        JournalError
            Another process is at it; the message says which. Or the folder cannot be written to.
        """
        from filelock import FileLock, Timeout

        lock, holder = FileLock(self.folder / f"{work}.lock", timeout=0), self.folder / f"{work}.pid"
        try:
            lock.acquire()
            holder.write_text(f"{os.getpid()}\n")
        except Timeout as error:
            pid = holder.read_text().strip() if holder.is_file() else "unknown"
            raise JournalError(
                f"another {WORK[work]} (process {pid}) is at work on {self.path}: wait until it is done"
            ) from error
        except OSError as error:
            lock.release()
            raise JournalError(f"cannot write to {self.folder}: {error.strerror or error}") from error
        try:
            yield
        finally:
            with suppress(OSError):
                holder.unlink()
            lock.release()

    def setting(self, name: str, default: Any = None) -> Any:
        """What was remembered under a name."""
        rows = self.database.rows("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(rows[0]["value"]) if rows else default

    def remember(self, name: str, value: Any) -> None:
        """Remember a value, as JSON, in the place of the one before."""
        with self.database.transaction():
            self.database.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, packed(value))

    def note_round(self, number: int, record: Mapping[str, Any]) -> None:
        """Record what a round found, in the place of what it found before."""
        with self.database.transaction():
            self.database.write("INSERT OR REPLACE INTO rounds VALUES (?, ?, ?)", number, now(), packed(record))

    def annotations(self) -> list[Annotation]:
        """The answers and skips that stand, each as it was last changed."""
        return self.answers.current()

    def skipped(self) -> list[str]:
        """Ids of the items that somebody skipped and nobody answered, in the order in which they were asked."""
        rows = self.database.rows(
            "SELECT item, min(tasks.rowid) AS first "
            "FROM current_annotations AS said JOIN tasks ON tasks.key = said.task "
            "GROUP BY item HAVING sum(said.kind = 'answer') = 0 ORDER BY first"
        )
        return [row["item"] for row in rows]

    def frame(self, table: str) -> pl.DataFrame:
        """One of the journal's tables as it stands; there are items, batches, tasks, annotations, annotators, models,
        events and rounds.
        """
        if table not in TABLES:
            raise JournalError(f"a journal has no table {table!r}; it has: {', '.join(TABLES)}")
        schema = {name: TYPES[type_] for name, type_ in self.database.columns(table).items()}
        rows = [tuple(row) for row in self.database.rows(f"SELECT * FROM {table} ORDER BY rowid")]
        return pl.DataFrame(rows, schema=schema, orient="row")
