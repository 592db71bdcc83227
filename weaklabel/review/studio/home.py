"""The folder of an embedded Label Studio: its database, its secrets, and the note of the process that runs."""

import errno
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklabel.errors import ServerError
from weaklabel.files import replacing

HOME = ".weaklabel/studio"
USER = "weaklabel@localhost"
NEEDED = 200 * 2**20  # bytes; a database of 10,000 tasks with their answers takes 10 to 20 MB


@dataclass(frozen=True)
class Home:
    """Where everything of one embedded Label Studio lies; only its owner may look inside."""

    folder: Path

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    @property
    def token_file(self) -> Path:
        """The token of the first user."""
        return self.folder / "token"

    @property
    def password_file(self) -> Path:
        """The password of the first user, to log in with in a browser."""
        return self.folder / "password"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "label-studio.log"

    @property
    def note(self) -> Path:
        """Which process runs."""
        return self.folder / "run.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.folder / "lock"

    def make(self) -> None:
        """Make the folder, and the secrets that are not there yet.

        Raises
        ------
        ServerError
            It cannot be written, or the disk is nearly full.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            if (free := shutil.disk_usage(self.folder).free) < NEEDED:
                raise OSError(errno.ENOSPC, f"{free / 2**20:.0f} MB are free, {NEEDED / 2**20:.0f} MB are needed")
            self.data.mkdir(exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n")
            _keep_secret(self.token_file, secrets.token_hex(20))
            _keep_secret(self.password_file, secrets.token_urlsafe(15))

    def running(self) -> dict[str, Any]:
        """What the note says; empty if there is none, or none that can be read."""
        with suppress(OSError, ValueError):
            found = json.loads(self.note.read_text())
            if isinstance(found, dict) and {"pid", "born", "port", "version"} <= set(found):
                return found
        return {}

    def write(self, running: Mapping[str, Any]) -> None:
        """Note which process runs."""
        with replacing(self.note) as file:
            file.write(json.dumps(dict(running), indent=1).encode())

    def last_port(self) -> int | None:
        """Where the server listened before: a bookmark should find it again."""
        with suppress(OSError, ValueError):
            return int((self.folder / "port").read_text())
        return None

    def keep_port(self, port: int) -> None:
        """Remember the port for the next start."""
        (self.folder / "port").write_text(str(port))


def read_secret(path: Path) -> str:
    """The token in a file.

    Raises
    ------
    ServerError
        The file cannot be read, or is empty.
    """
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"cannot read the token in {path}: {error}") from error
    if not found:
        raise ServerError(f"{path} is empty: put the token in it that Label Studio shows under Account & Settings")
    return found


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Say of a failure to write what it means, and what to do.

    Raises
    ------
    ServerError
        Something cannot be written.
    """
    try:
        yield
    except ServerError:  # it is an OSError, too
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            said = f"the disk of {where} is full ({error.strerror}): free some, or choose another home"
            raise ServerError(said) from error
        at = error.filename or where
        raise ServerError(f"cannot write to {at} ({error.strerror or error}): choose another home") from error


def _keep_secret(path: Path, secret: str) -> None:
    """Write it if there is none: the server takes a token only once, for its first user."""
    if path.exists():
        return
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.chmod(0o600)
    part.write_text(secret)
    part.replace(path)
