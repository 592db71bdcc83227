"""How the embedded Label Studio stands: its process, its database, its disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from weaklabel.errors import ServerError
from weaklabel.review.studio import database
from weaklabel.review.studio.checks.finding import Finding
from weaklabel.review.studio.home import NEEDED, Home
from weaklabel.review.studio.server import status


def embedded(folder: Path, needed: int = NEEDED) -> Iterator[Finding]:
    """Whether the embedded Label Studio in this folder can work; nothing if there never was one.

    Parameters
    ----------
    folder
        Its home.
    needed
        Bytes that should be free.
    """
    home = Home(folder)
    if not home.data.is_dir():
        return
    yield _process(home)
    yield _disk(home, needed)
    if (path := home.data / database.NAME).exists():
        yield _database(path)
    if os.name == "posix":
        yield from _secrets(home)


def _process(home: Home) -> Finding:
    running = status(home.folder)
    if running is not None:
        return Finding("embedded server", True, f"process {running.pid} runs at {running.url}")
    if home.note.exists():
        said = f"{home.note} speaks of a process that is gone: the server was killed, or the machine restarted"
        return Finding("embedded server", False, said, "run `weaklabel studio up`: what people answered is kept")
    return Finding("embedded server", True, "the embedded Label Studio does not run", "run `weaklabel studio up`")


def _disk(home: Home, needed: int) -> Finding:
    free = shutil.disk_usage(home.folder).free
    said = f"{free / 2**20:,.0f} MB are free for {home.folder}"
    if free < needed:
        return Finding("disk", False, said, f"free some: with less than {needed / 2**20:,.0f} MB answers may be lost")
    return Finding("disk", True, said)


def _database(path: Path) -> Finding:
    try:
        mode = database.journal_mode(path)
    except ServerError as error:
        return Finding("database", False, str(error), "put a copy from a backup in its place")
    if mode == "wal":
        return Finding("database", True, "people can answer while tasks are added (write-ahead log)")
    said = f"the database is in {mode!r} mode, in which people wait while tasks are added"
    return Finding(
        "database", False, said, "run `weaklabel studio down` and `weaklabel studio up`, which sets it right"
    )


def _secrets(home: Home) -> Iterator[Finding]:
    for path in (home.token_file, home.password_file):
        if not path.exists():
            fix = f"put the token of Account & Settings into it: echo ... > {path}"
            yield Finding("secrets", False, f"{path} is gone", fix)
        elif path.stat().st_mode & 0o077:
            yield Finding("secrets", False, f"others may read {path}", f"chmod 600 {path}")
