"""Artefacts on disk: one Parquet file each, with its own provenance, written whole or not at all.

The file's metadata holds a header: weaklabel's version, the kind, what the columns cannot say, and a digest of the
content, so that a file that was cut off or edited by hand is refused with a reason.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import polars as pl

from weaklabel import places
from weaklabel._version import __version__
from weaklabel.errors import ArtefactError, first_line
from weaklabel.files import replacing

KEY = "weaklabel"
FORMAT = 2
OTHERS = (".csv", ".tsv", ".json", ".jsonl", ".html")  # endings that would say what the file is not


class Artefact:
    """What can be saved to one Parquet file and loaded back unchanged."""

    kind: ClassVar[str]

    def to_frame(self) -> pl.DataFrame:
        """The columns that any tool may read."""
        raise NotImplementedError

    def meta(self) -> dict[str, Any]:
        """What the columns do not say, as JSON."""
        raise NotImplementedError

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        """The artefact back from what `to_frame` and `meta` gave."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write to a Parquet file; a crash on the way leaves the file that was there."""
        write(Path(path), self.kind, self.to_frame(), self.meta())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read from a Parquet file, or from a folder of parts with its manifest; either may be a URL.

        Raises
        ------
        ArtefactError
            The file is missing, truncated, edited, of another kind, or from a newer weaklabel; or not all parts are
            there.
        """
        from weaklabel.artefacts import folder

        if places.is_folder(path):
            return cls.from_frame(*folder.read(path, cls.kind))
        with places.fetched(path) as file:
            return cls.from_frame(*read(file, cls.kind))


def write(path: Path, kind: str, frame: pl.DataFrame, meta: Mapping[str, Any]) -> None:
    """Write under a temporary name, flush to the disk, then rename."""
    check_name(path, kind)
    with writing(path) as file:
        frame.write_parquet(file, metadata=header(kind, digest(frame), meta))


def check_name(path: Path, kind: str) -> None:
    """See that the name does not say that the file is another one.

    Raises
    ------
    ArtefactError
        It ends as a CSV file does, say.
    """
    if path.suffix.lower() in OTHERS:
        raise ArtefactError(f"{path}: a {kind} is a Parquet file; name it {path.with_suffix('.parquet').name}")


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write an artefact to; it stands at `path` when the block has ended well.

    Raises
    ------
    ArtefactError
        It cannot be written.
    """
    with told(path), replacing(path) as file:
        yield file


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say which artefact could not be written, if it could not.

    Raises
    ------
    ArtefactError
        It cannot be written.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:  # polars wraps what its own writer meets
        raise ArtefactError(f"cannot write {path}: {getattr(error, 'strerror', None) or first_line(error)}") from error


def header(kind: str, content: str, meta: Mapping[str, Any]) -> dict[str, str]:
    """The metadata of an artefact's file, from the digest of its columns and what they do not say."""
    seal = _seal(content, meta)
    return {KEY: as_json({"version": __version__, "format": FORMAT, "kind": kind, "digest": seal, "meta": dict(meta)})}


def seal_of(header: Mapping[str, str]) -> str:
    """The digest that such metadata hold."""
    return str(json.loads(header[KEY])["digest"])


def read(path: Path, kind: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The frame and the meta of an artefact file, checked against its header."""
    said = read_header(path, kind)
    try:
        frame = pl.read_parquet(path, glob=False)
    except (Exception, pl.exceptions.PanicException) as error:  # its Rust side may panic on a damaged page
        raise ArtefactError(f"{path} is damaged ({first_line(error)}): make it again") from error
    _check_seal(path, digest(frame), said)
    return frame, said["meta"]


def check(path: Path, kind: str) -> dict[str, Any]:
    """The meta of an artefact file whose columns are what they were when it was written; they are not kept.

    Raises
    ------
    ArtefactError
        As for `read`.
    """
    said, content = read_header(path, kind), Digest()
    try:
        rows = pl.scan_parquet(path, glob=False)
        for part in chain([rows.head(0).collect()], rows.collect_batches(maintain_order=True)):
            content.add(part)
    except (Exception, pl.exceptions.PanicException) as error:
        raise ArtefactError(f"{path} is damaged ({first_line(error)}): make it again") from error
    _check_seal(path, content.hexdigest(), said)
    meta: dict[str, Any] = said["meta"]
    return meta


def _check_seal(path: Path, content: str, said: Mapping[str, Any]) -> None:
    if _seal(content, said["meta"]) != said["digest"]:
        raise ArtefactError(
            f"{path} was changed after weaklabel wrote it: make it again, or import it as a plain table"
        )


def kind_of(path: Path) -> str | None:
    """Which artefact a file holds, if any; whether it is whole is for `read` to say."""
    try:
        found = pl.read_parquet_metadata(path).get(KEY)
        return None if found is None else str(json.loads(found).get("kind"))
    except (Exception, pl.exceptions.PanicException):  # no Parquet file at all
        return None


def read_header(path: Path, kind: str) -> dict[str, Any]:
    """Version, kind, digest and meta of an artefact file, without its columns.

    Raises
    ------
    ArtefactError
        The file is missing, truncated, of another kind, or from another version that wrote other files.
    """
    if not path.is_file():
        raise ArtefactError(f"no file at {path}")
    try:
        found = pl.read_parquet_metadata(path).get(KEY)
    except (Exception, pl.exceptions.PanicException) as error:
        raise ArtefactError(f"{path} is not a whole Parquet file ({first_line(error)}): make it again") from error
    if found is None:
        raise ArtefactError(f"{path} has no weaklabel header: another program wrote or rewrote it")
    try:
        parsed: dict[str, Any] = json.loads(found)
        if missing := {"version", "format", "kind", "digest", "meta"} - parsed.keys():
            raise ValueError(f"no {min(missing)}")
    except ValueError as error:
        raise ArtefactError(f"{path} has a damaged weaklabel header ({error}): make it again") from error
    if parsed["format"] > FORMAT:
        raise ArtefactError(
            f"{path} was written by weaklabel {parsed['version']}, newer than this {__version__}: upgrade"
        )
    if parsed["format"] < FORMAT:
        raise ArtefactError(f"{path} was written by an older weaklabel, {parsed['version']}: make it again")
    if parsed["kind"] != kind:
        raise ArtefactError(f"{path} holds a {parsed['kind']}; a {kind} is needed here")
    return parsed


def _seal(content: str, meta: Mapping[str, Any]) -> str:
    """A digest of all that the file says: classes swapped in the header are as wrong as votes swapped in a column."""
    return hashlib.sha256(f"{content}\0{as_json(dict(meta))}".encode()).hexdigest()


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's column names, types and values, whatever the compression or the row groups."""
    return Digest().add(frame).hexdigest()


class Digest:
    """The same for a frame that comes in parts: however it is cut, its digest is that of the whole."""

    def __init__(self) -> None:
        self._columns: dict[str, _ColumnDigest] = {}

    def add(self, part: pl.DataFrame) -> Self:
        """Take in the next rows."""
        for column in part:
            self._columns.setdefault(column.name, _ColumnDigest(column.dtype)).add(column)
        return self

    def hexdigest(self) -> str:
        """Of all rows so far."""
        said = [f"{name}\0{column.hexdigest()}\0" for name, column in self._columns.items()]
        return hashlib.sha256("".join(said).encode()).hexdigest()


class _ColumnDigest:
    """Of a column: where it has nulls, how long its texts and lists are, and its values, each by itself."""

    def __init__(self, dtype: pl.DataType) -> None:
        self._dtype, self._rows = dtype, 0
        self._nulls, self._lengths, self._values = (hashlib.sha256() for _ in range(3))
        self._inner = _ColumnDigest(dtype.inner) if isinstance(dtype, pl.List) else None  # type: ignore[arg-type]

    def add(self, column: pl.Series) -> None:
        if column.null_count():
            self._nulls.update((column.is_null().arg_true().to_numpy().astype("<u8") + self._rows).tobytes())
        self._rows += len(column)
        if self._inner is not None:
            self._lengths.update(column.list.len().fill_null(0).to_numpy().astype("<u4").tobytes())
            self._inner.add(column.drop_nulls().explode(empty_as_null=False))
        elif column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Decimal, pl.Int128):  # numpy has none of them
            text = column.cast(pl.String).fill_null("")
            self._lengths.update(text.str.len_bytes().to_numpy().astype("<u4").tobytes())
            self._values.update((text.str.join("")[0] or "").encode())
        elif column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object, pl.Null):
            self._values.update("".join(f"{json.dumps(value, default=str)}\n" for value in column.to_list()).encode())
        else:
            self._values.update(column.to_physical().fill_null(strategy="zero").to_numpy().tobytes())

    def hexdigest(self) -> str:
        inner = self._inner.hexdigest() if self._inner is not None else ""
        parts = (part.hexdigest() for part in (self._nulls, self._lengths, self._values))
        return hashlib.sha256("\0".join([str(self._dtype), str(self._rows), *parts, inner]).encode()).hexdigest()


def as_json(value: Any) -> str:
    """JSON; numbers and arrays of numpy become plain ones."""
    return json.dumps(value, default=lambda other: other.tolist())
