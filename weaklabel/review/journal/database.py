"""The SQLite file: opened, brought up to date, read and written in whole transactions."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weaklabel._version import __version__
from weaklabel.errors import JournalError
from weaklabel.review.journal.schema import MIGRATIONS

PATIENCE = 30.0  # seconds to wait while another process writes


class Database:
    """One connection; what is written in a `transaction` is on the disk when it ends, whole or not at all.

    Parameters
    ----------
    path
        Made where it is missing.
    migrations
        The steps that lead to the present tables.

    Raises
    ------
    JournalError
        The file is no journal, is damaged, or a newer weaklabel wrote it.
    """

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            # An answer that was recorded outlives a power cut: FULL waits for the disk at each commit.
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"cannot open the journal {path}: {error}") from error
        self._migrate(migrations)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block, or nothing; a block inside another belongs to it.

        Raises
        ------
        JournalError
            It cannot be written.
        """
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise JournalError(f"cannot write to the journal {self.path}: {error}; nothing was changed") from error
        finally:
            self._roll_back()  # what is still open did not end well

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read in the block is of one moment, whatever other processes write meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # on a full disk SQLite has done so itself
            self._connection.execute("ROLLBACK")

    def write(self, statement: str, *values: Any) -> int:
        """Run one statement; the id of the row that it added, if any."""
        return self._connection.execute(statement, values).lastrowid or 0

    def insert(self, table: str, row: Mapping[str, Any]) -> int:
        """Add a row, column -> value; its id."""
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        return self.write(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())

    def write_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        self._connection.executemany(statement, rows)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """What a query finds.

        Raises
        ------
        JournalError
            The file is damaged.
        """
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise JournalError(f"cannot read the journal {self.path}: {error}") from error

    def columns(self, table: str) -> dict[str, str]:
        """Name -> type of a table's columns: TEXT, INTEGER or REAL."""
        return {row["name"]: row["type"] for row in self.rows(f"PRAGMA table_info({table})")}

    def _migrate(self, migrations: Sequence[str]) -> None:
        if not self._behind(migrations):
            return
        with self.transaction():
            for number in range(self._version(), len(migrations)):  # read again: another process may have been faster
                for statement in _statements(migrations[number]):
                    self.write(statement)
                self.write("INSERT INTO migrations VALUES (?, ?, ?)", number + 1, __version__, now())

    def _behind(self, migrations: Sequence[str]) -> bool:
        try:
            version = self._version()
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{self.path} is no journal, or is damaged: {error}") from error
        if version > len(migrations):
            by = self.rows("SELECT weaklabel FROM migrations ORDER BY number DESC LIMIT 1")[0][0]
            raise JournalError(
                f"{self.path} was written by weaklabel {by}, newer than this {__version__}: upgrade (it is untouched)"
            )
        return version < len(migrations)

    def _version(self) -> int:
        names = {row[0] for row in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "migrations" in names:
            return int(self._connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])
        if names:
            raise JournalError(f"{self.path} is an SQLite file of another program (it has a table {min(names)!r})")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, weaklabel TEXT, at TEXT) STRICT"
        )
        return 0


def now() -> str:
    """The time, ISO 8601, in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def packed(value: Any) -> str:
    """A value as JSON, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _statements(script: str) -> Iterator[str]:
    """Each whole statement of a script; `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
