"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write under a temporary name; flushed to the disk and renamed only if the block ends well.

    A crash on the way, at any moment, leaves what stood at `path` before.

    Raises
    ------
    OSError
        It cannot be written.
    """
    part = path.with_name(f".{path.name}.{token_hex(8)}.part")  # processes of two machines may have the same number
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
