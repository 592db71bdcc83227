"""Artefacts on disk: one Parquet file each, with its own provenance, written whole or not at all.

The file's metadata holds a header: weaklabel's version, the kind, what the columns cannot say, and a digest of the
content, so that a file that was cut off or edited by hand is refused with a reason.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import polars as pl

from weaklabel._version import __version__
from weaklabel.errors import ArtefactError, first_line
from weaklabel.files import replacing

KEY = "weaklabel"
FORMAT = 1


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
        """Read from a Parquet file.

        Raises
        ------
        ArtefactError
            The file is missing, truncated, edited, of another kind, or from a newer weaklabel.
        """
        frame, meta = read(Path(path), cls.kind)
        return cls.from_frame(frame, meta)


def write(path: Path, kind: str, frame: pl.DataFrame, meta: Mapping[str, Any]) -> None:
    """Write under a temporary name, flush to the disk, then rename."""
    header = {"version": __version__, "format": FORMAT, "kind": kind, "digest": _seal(frame, meta), "meta": dict(meta)}
    try:
        with replacing(path) as file:
            frame.write_parquet(file, metadata={KEY: _json(header)})
    except (OSError, pl.exceptions.PolarsError) as error:  # polars wraps what its own writer meets
        raise ArtefactError(f"cannot write {path}: {getattr(error, 'strerror', None) or first_line(error)}") from error


def read(path: Path, kind: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The frame and the meta of an artefact file, checked against its header."""
    header = read_header(path)
    if header["format"] > FORMAT:
        raise ArtefactError(
            f"{path} was written by weaklabel {header['version']}, newer than this {__version__}: upgrade"
        )
    if header["kind"] != kind:
        raise ArtefactError(f"{path} holds a {header['kind']}; a {kind} is needed here")
    try:
        frame = pl.read_parquet(path)
    except (Exception, pl.exceptions.PanicException) as error:  # its Rust side may panic on a damaged page
        raise ArtefactError(f"{path} is damaged ({first_line(error)}): make it again") from error
    if _seal(frame, header["meta"]) != header["digest"]:
        raise ArtefactError(
            f"{path} was changed after weaklabel wrote it: make it again, or import it as a plain table"
        )
    return frame, header["meta"]


def read_header(path: Path) -> dict[str, Any]:
    """Version, kind, digest and meta of an artefact file, without its columns."""
    if not path.is_file():
        raise ArtefactError(f"no file at {path}")
    try:
        header = pl.read_parquet_metadata(path).get(KEY)
    except (Exception, pl.exceptions.PanicException) as error:
        raise ArtefactError(f"{path} is not a whole Parquet file ({first_line(error)}): make it again") from error
    if header is None:
        raise ArtefactError(f"{path} has no weaklabel header: another program wrote or rewrote it")
    try:
        parsed: dict[str, Any] = json.loads(header)
        if missing := {"version", "format", "kind", "digest", "meta"} - parsed.keys():
            raise ValueError(f"no {min(missing)}")
    except ValueError as error:
        raise ArtefactError(f"{path} has a damaged weaklabel header ({error}): make it again") from error
    return parsed


def _seal(frame: pl.DataFrame, meta: Mapping[str, Any]) -> str:
    """A digest of all that the file says: classes swapped in the header are as wrong as votes swapped in a column."""
    return hashlib.sha256(f"{digest(frame)}\0{_json(dict(meta))}".encode()).hexdigest()


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's column names, types and values, whatever the compression or the row groups."""
    total = hashlib.sha256()
    for column in frame:
        total.update(f"{column.name}\0{column.dtype}\0{len(column)}\0".encode())
        _update(total, column)
    return total.hexdigest()


def _update(total: "hashlib._Hash", column: pl.Series) -> None:
    total.update(f"{column.null_count()}\0".encode())  # says whether a mask follows, which could else pass for values
    if column.null_count():
        total.update(column.is_null().to_numpy().tobytes())
    if isinstance(column.dtype, pl.List):
        total.update(column.list.len().fill_null(0).to_numpy().tobytes())
        _update(total, column.explode())
    elif column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Decimal, pl.Int128):  # numpy has none of them
        text = column.cast(pl.String).fill_null("")
        total.update(text.str.len_bytes().to_numpy().tobytes())
        total.update("".join(text.to_list()).encode())
    elif column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object, pl.Null):
        total.update(json.dumps(column.to_list(), default=str).encode())
    else:
        physical = column.to_physical()
        total.update(physical.fill_null(strategy="zero").to_numpy().tobytes())


def _json(value: Any) -> str:
    """JSON; numbers and arrays of numpy become plain ones."""
    return json.dumps(value, default=lambda other: other.tolist())
