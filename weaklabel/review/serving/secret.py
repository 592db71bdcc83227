"""The secret that an annotation server shows when it calls us."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from weaklabel.errors import ServerError

VARIABLE = "WEAKLABEL_SECRET"
SHORTEST = 16  # characters: guessing is hopeless from about here on
OTHERS = 0o077  # rights of anybody but the owner


def secret(path: str | Path, environment: Mapping[str, str] = os.environ) -> str:
    """The shared secret: from the environment variable WEAKLABEL_SECRET, else from a file that only its owner can read.

    Parameters
    ----------
    path
        The file; made on first use, with a new secret.
    environment
        The environment variables.

    Raises
    ------
    ServerError
        The file cannot be made or read, others can read it, or the secret is no secret (short, or not of letters,
        digits and signs).
    """
    if given := environment.get(VARIABLE, "").strip():
        return checked(given, VARIABLE)
    path = Path(path)
    try:
        if not path.exists():
            _make(path)
        others, said = path.stat().st_mode & OTHERS, path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise ServerError(f"the secret in {path} cannot be made or read: {error.strerror}") from error
    if os.name == "posix" and others:
        raise ServerError(f"others can read the secret in {path}: run chmod 600 {path}, or delete it for a new one")
    return checked(said, str(path))


def checked(said: str, source: str) -> str:
    """The secret, if it is hard to guess and fits into a header; the error never tells it.

    Raises
    ------
    ServerError
        It is short, or holds blanks or foreign letters.
    """
    if len(said) < SHORTEST:
        raise ServerError(f"the secret in {source} has {len(said)} characters; it needs at least {SHORTEST}")
    if not (said.isascii() and said.isprintable() and " " not in said):
        raise ServerError(f"the secret in {source} must consist of plain letters, digits and signs, without blanks")
    return said


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        # A link fails where the file exists: of two that start at once, both then read the secret of the first.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(part)
