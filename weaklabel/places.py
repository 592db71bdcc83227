"""Where files lie: on this machine, or anywhere that fsspec reaches (s3://, gs://, hdfs://, ftp:// ...).

What lies elsewhere is copied here to be read, and written here before it is sent: everything else deals with files.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from weaklabel.errors import TableError, first_line
from weaklabel.files import replacing

ENDING = ".parquet"
MANIFEST = "_manifest.json"  # of an artefact in parts; programs that read folders of Parquet pass by what begins with _
CHANGES = ("mtime", "modify", "LastModified", "last_modified", "updated", "modificationTime", "ETag", "etag", "created")


def is_url(place: str | Path) -> bool:
    """Whether it lies elsewhere, as `scheme://...` says."""
    return isinstance(place, str) and "://" in place


def shown(place: str | Path) -> str:
    """The place as messages name it: without the user and the password that a URL may hold."""
    return re.sub(r"://[^/@]*@", "://", str(place))


def absolute(place: str | Path) -> str:
    """The place in words that mean the same to a worker whose working folder is another."""
    return str(place) if is_url(place) else os.path.abspath(place)


def is_folder(place: str | Path) -> bool:
    """Whether there is a folder at this place."""
    if not is_url(place):
        return Path(place).is_dir()
    files, path = _reached(place)
    return bool(files.isdir(path))


def exists(place: str | Path) -> bool:
    """Whether there is anything at this place."""
    if not is_url(place):
        return Path(place).exists()
    files, path = _reached(place)
    return bool(files.exists(path))


def join(folder: str | Path, name: str) -> str:
    """The place of that name in a folder."""
    return f"{str(folder).rstrip('/')}/{name}" if is_url(folder) else str(Path(folder, name))


def parquet_in(folder: str | Path) -> list[str]:
    """The names of the Parquet files in a folder and those below it, sorted.

    Hidden ones (._) are left out, and folders below that are an artefact of their own.
    """
    names = _files_in(folder)
    others = tuple(name.removesuffix(MANIFEST) for name in names if name.endswith(f"/{MANIFEST}"))
    hidden = re.compile(r"(^|/)[._]")
    return [name for name in names if name.endswith(ENDING) and not hidden.search(name) and not name.startswith(others)]


def half_made_in(folder: str | Path) -> list[str]:
    """The names of what writers that died left in a folder, under the names that files have while they are written."""
    if not is_url(folder):
        root = Path(folder)
        return sorted(file.relative_to(root).as_posix() for file in root.rglob(f".*{ENDING}.*"))
    return [name for name in _files_in(folder) if re.search(rf"(^|/)\.[^/]*{re.escape(ENDING)}\.", name)]


def _files_in(folder: str | Path) -> list[str]:
    """The names of all files in a folder and those below it, sorted; also of folders that it links to, once each."""
    if not is_url(folder):
        found, seen = [], set()
        for above, below, names in os.walk(folder, followlinks=True):
            if os.path.realpath(above) in seen:
                below.clear()
                continue
            seen.add(os.path.realpath(above))
            found += [Path(above, name).relative_to(folder).as_posix() for name in names]
        return sorted(found)
    files, path = _reached(folder)
    above = path.rstrip("/") + "/"
    return sorted(name[name.index(above) + len(above) :] for name in files.find(path))


def mark(place: str | Path) -> str:
    """What changes when the file does: its size and the time of its last change, or what the store says for it.

    Raises
    ------
    TableError
        There is no such file.
    """
    if not is_url(place):
        try:
            found = os.stat(place)
        except OSError as error:
            raise TableError(f"no file at {shown(place)}") from error
        return f"{found.st_size} {found.st_mtime_ns}"
    files, path = _reached(place)
    try:
        said = files.info(path)
    except FileNotFoundError as error:
        raise TableError(f"no file at {shown(place)}") from error
    return " ".join([str(said.get("size")), *(str(said[name]) for name in CHANGES if name in said)])


@contextmanager
def fetched(place: str | Path) -> Iterator[Path]:
    """The file as one on this machine: itself, or a copy that is gone after the block."""
    if not is_url(place):
        yield Path(place)
        return
    files, path = _reached(place)
    with TemporaryDirectory(prefix="weaklabel-") as folder:
        copy = Path(folder, path.rsplit("/", 1)[-1])
        try:
            files.get_file(path, os.fspath(copy))
        except FileNotFoundError as error:
            raise TableError(f"no file at {shown(place)}") from error
        yield copy


@contextmanager
def delivered(place: str | Path) -> Iterator[Path]:
    """A file on this machine to write, that stands at its place, whole, when the block has ended well.

    On the way there it has another name, so that nobody ever sees half of it.
    """
    if not is_url(place):
        yield Path(place)
        return
    files, path = _reached(place)
    above, _, name = path.rpartition("/")
    with TemporaryDirectory(prefix="weaklabel-") as folder:
        made = Path(folder, name)
        yield made
        part = f"{above}/.{name}.{token_hex(4)}.part"  # on two machines, processes may have the same number
        files.makedirs(above, exist_ok=True)
        files.put_file(os.fspath(made), part)
        if files.exists(path):
            files.rm_file(path)
        files.mv(part, path)


def write_text(place: str | Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    with delivered(place) as here, replacing(here) as file:
        file.write(text.encode())


def read_text(place: str | Path) -> str:
    """Read a small file."""
    with fetched(place) as here:
        return here.read_text(encoding="utf-8")


def remove(place: str | Path) -> None:
    """Remove a file, or a folder with all that is in it; it may be gone already."""
    if is_url(place):
        files, path = _reached(place)
        if files.exists(path):
            files.rm(path, recursive=True)
    elif Path(place).is_dir():
        shutil.rmtree(place)
    else:
        Path(place).unlink(missing_ok=True)


def _reached(place: str | Path) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises
    ------
    TableError
        There is no such kind of URL, a package for it is missing, or the store cannot be reached.
    """
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(str(place), use_listings_cache=False)  # others write there, too
    except (ImportError, ValueError, OSError) as error:
        raise TableError(f"cannot reach {shown(place)}: {shown(first_line(error))}") from error
    return files, path
