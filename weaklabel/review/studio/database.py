"""Label Studio's SQLite file: prepared once per version, so that a first start need not run its 300 migrations."""

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from weaklabel import progress
from weaklabel.datasets._fetch import cache_folder
from weaklabel.errors import ServerError
from weaklabel.review.studio.environment import environment, keep_settings
from weaklabel.review.studio.install import locked, version_of

NAME = "label_studio.sqlite3"


def template(program: Path) -> Path:
    """An empty database with every migration of this Label Studio applied: no users, no projects, no secrets.

    Made on first use and kept in weaklabel's cache folder.

    Raises
    ------
    ServerError
        It cannot be made.
    """
    path = cache_folder() / f"label-studio-{version_of(program)}.sqlite3"
    if not path.exists():
        with locked(path.with_name(f"{path.name}.lock")):
            if not path.exists():
                _make(program, path)
    return path


def place(program: Path, target: Path) -> None:
    """Put an empty database at `target`, or make what lies there ready for this Label Studio.

    Ready means that people can answer while tasks are being imported: the write-ahead log is on. What an older Label
    Studio left is copied beside it before the new one changes it.

    Raises
    ------
    ServerError
        The database there is damaged, or was last used by a newer Label Studio.
    """
    ready = template(program)
    if not target.exists():
        _copy(ready, target)
        return
    version, done, known = version_of(program), _migrations(target), _migrations(ready)
    if done - known:
        raise ServerError(
            f"{target} was last used by a newer Label Studio than {version} (it knows no {min(done - known)}): "
            "start that one, or choose another home"
        )
    _turn_on_write_ahead_log(target)
    if known - done:
        _copy(target, target.with_name(f"{NAME}.before-{version}"))


def journal_mode(path: Path) -> str:
    """How SQLite writes to this file: "wal" lets people answer during an import, "delete" makes them wait.

    Raises
    ------
    ServerError
        It is no database.
    """
    return str(_ask(path, "PRAGMA journal_mode")[0][0])


def _make(program: Path, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="label-studio-") as folder:
        made = Path(folder) / NAME
        keep_settings(Path(folder))
        # Its command `version` runs the migrations too, and starts no server.
        done = _run([str(program), "version"], Path(folder))
        if done.returncode or not made.exists():
            said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise ServerError(f"{program} cannot prepare its database in {folder}: {said[0]}")
        _turn_on_write_ahead_log(made)
        made.replace(path)


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    (done,) = [
        subprocess.run(
            one,
            env=environment(folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for one in progress.track([command], "preparing its database", 1)
    ]
    return done


def _copy(path: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(path, part)  # the log was emptied into the file, so that it is all there is
    part.replace(target)


def _turn_on_write_ahead_log(path: Path) -> None:
    """The mode is kept in the file; the log is emptied into it, so that the file alone is whole."""
    _ask(path, "PRAGMA journal_mode=WAL")
    _ask(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    if (found := _ask(path, "PRAGMA quick_check(1)")[0][0]) != "ok":
        raise ServerError(f"{path} is damaged ({found}): put a copy from a backup in its place, or choose another home")


def _migrations(path: Path) -> set[str]:
    return {f"{app}.{name}" for app, name in _ask(path, "SELECT app, name FROM django_migrations")}


def _ask(path: Path, statement: str) -> list[tuple[str, ...]]:
    try:
        with closing(sqlite3.connect(path, timeout=30)) as database:
            return database.execute(statement).fetchall()
    except sqlite3.Error as error:
        raise ServerError(
            f"{path} cannot be used as Label Studio's database ({error}): "
            "put a copy from a backup in its place, or choose another home"
        ) from error
