"""Answers that were paid for, kept in one SQLite file.

SQLite and not a log of lines: several processes may read and write at once, an answer is there whole or not at all
after a crash, and looking one up does not read the others. A connection lives for one call only, so that the object
can travel to other processes and threads.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from weaklabel.errors import ArtefactError

PATIENCE = 60.0  # seconds to wait for another process that is writing
FIND = "SELECT answer FROM answers WHERE key = ?"
TABLES = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, version TEXT, prompt TEXT, answer TEXT);
    CREATE TABLE IF NOT EXISTS turns (version TEXT PRIMARY KEY, last REAL);
    COMMIT;
"""


@dataclass(frozen=True)
class Answers:
    """The answers in a file, each under its prompt and what gave it (`version`); the file is made when first needed."""

    path: Path

    def check(self) -> None:
        """See that the file, if it is there, can be used.

        Raises
        ------
        ArtefactError
            It is damaged, something else, or cannot be read; it is left as it is.
        """
        if self.path.exists():
            with self._opened() as database:
                (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
                if found != "ok":
                    raise sqlite3.DatabaseError(found)

    def find(self, version: str, prompts: Sequence[str]) -> dict[str, str]:
        """Prompt -> answer, of those that are there."""
        with self._opened() as database:
            rows = [(prompt, database.execute(FIND, (_key(version, prompt),)).fetchone()) for prompt in prompts]
        return {prompt: row[0] for prompt, row in rows if row}

    def keep(self, version: str, answers: Mapping[str, str]) -> None:
        """Write the answers, all or none; one that another process wrote in the meantime stays."""
        rows = [(_key(version, prompt), version, prompt, answer) for prompt, answer in answers.items()]
        with self._opened() as database, _transaction(database):
            database.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", rows)

    def turn(self, version: str, interval: float, now: float) -> float:
        """Take the next turn to ask if it has come, for all processes that use the file.

        Parameters
        ----------
        interval
            Seconds between two turns.
        now
            Seconds, of a clock that all processes share.

        Returns
        -------
        float
            0 if the turn is taken, else the seconds until it may come, at most `interval`.
        """
        with self._opened() as database:
            database.execute("PRAGMA synchronous = NORMAL")  # whose turn it was need not outlive a power cut
            return _turn(database, version, interval, now)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as database:
                _prepare(database)
                yield database
        except (OSError, sqlite3.Error) as error:
            raise ArtefactError(
                f"cannot use {self.path} as the cache of answers: {_reason(error)}. It is left as it is: "
                "move it away, or name another file with cache=..."
            ) from error


def _turn(database: sqlite3.Connection, version: str, interval: float, now: float) -> float:
    with _transaction(database):
        last = database.execute("SELECT last FROM turns WHERE version = ?", (version,)).fetchone()
        if last and last[0] <= now < last[0] + interval:  # one in the future says that the clock was set back
            return float(last[0] + interval - now)
        database.execute("INSERT OR REPLACE INTO turns VALUES (?, ?)", (version, now))
        return 0.0


def _key(version: str, prompt: str) -> str:
    return hashlib.sha256(f"{len(version)} {version}{prompt}".encode()).hexdigest()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def _prepare(database: sqlite3.Connection) -> None:
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(TABLES)
    elif not {"answers", "turns"} <= tables:
        raise sqlite3.DatabaseError(f"it holds something else (tables {', '.join(sorted(tables))})")


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
