"""Where a log may come from: files, folders of parts, frames and streams, all as parts that come batch by batch."""

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import commonpath
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel import engine, places, tables
from weaklabel.clicks.reading import batches
from weaklabel.clicks.reading.batches import Frames, Pick
from weaklabel.clicks.reading.failures import PACKED, reading
from weaklabel.clicks.reading.formats import yandex
from weaklabel.errors import ClickLogError, TableError, first_line


def _json(path: Path) -> pl.LazyFrame:
    return pl.read_json(path, infer_schema_length=None).lazy()


SCANNERS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".parquet": pl.scan_parquet,
    # All as text: ids stay as they stand there, and a late row may be the first to show its type.
    ".csv": partial(pl.scan_csv, infer_schema=False),
    ".tsv": partial(pl.scan_csv, infer_schema=False, separator="\t"),
    ".jsonl": partial(pl.scan_ndjson, infer_schema_length=None),
    ".ndjson": partial(pl.scan_ndjson, infer_schema_length=None),
    ".json": _json,
}


@dataclass(frozen=True)
class Part:
    """Some of a log: a file, or a frame.

    Attributes
    ----------
    name
        How messages call it; nothing where it is a frame.
    short
        Its name without the folders that all parts share, so that the name moves with the log.
    n
        Its rows, where that is known beforehand.
    first
        The number of its first row in the file.
    frames
        From what picks the columns wanted among those there, and a number of rows, to the part in frames of about so
        many.
    clicks
        What the clicks of its pages are, where the format says so.
    piece
        From the number of a row, and of rows, to these alone, where that is quick.
    """

    name: str
    short: str
    n: int | None
    frames: Callable[[Pick, int], Frames]
    clicks: str | None = None
    first: int = 0
    piece: Callable[[int, int], "Part"] | None = None


def pieces(part: Part, rows: int) -> list[Part]:
    """The part in pieces of so many rows, the last of them shorter; in one where it cannot be cut, or is shorter."""
    if part.piece is None or part.n is None or part.n <= rows:
        return [part]
    return [part.piece(first, min(rows, part.n - first)) for first in range(0, part.n, rows)]


def parts(source: Any, format: str | None = None) -> tuple[Part, ...]:  # noqa: A002  the name that users write
    """The parts of a log, in order.

    Parameters
    ----------
    source
        A file (Parquet, CSV, TSV, JSON, JSONL, or Yandex's text; CSV and text may be gzipped), a folder of them, a
        pattern such as "day=*/*.parquet", several of these in a list; URLs of Parquet files, or of folders of them,
        that fsspec knows ("s3://bucket/log"); or a polars or pandas frame, anything with an Arrow stream, a list or an
        iterator of such frames.
    format
        "yandex" reads files of any ending as Yandex's text.

    Raises
    ------
    TableError
        A file is missing, empty, or of another kind.
    ClickLogError
        The source is none of these.
    """
    named = [source] if isinstance(source, str | Path) else source
    if isinstance(named, list | tuple) and named and all(isinstance(place, str | Path) for place in named):
        if any(places.is_url(place) for place in named):
            return tuple(_of_url(part) for part in engine.parts(named))
        return _of_files([path for place in named for path in _found(place)], format)
    frames = isinstance(source, list | tuple) and bool(source) and all(hasattr(each, "columns") for each in source)
    if frames or isinstance(source, Iterator) or hasattr(source, "read_next_batch"):
        return (Part("", "", None, partial(_streamed, source)),)
    return (_of_frame(source),)


def _found(named: str | Path) -> list[Path]:
    path = Path(named)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path)))
        if not found:
            raise TableError(f"the folder {path} holds no files: name a folder with the parts of a log")
        return found
    if path.exists() or not glob.has_magic(str(named)):
        return [path]
    matched = sorted(Path(match) for match in glob.glob(str(named), recursive=True))
    if not matched:
        raise TableError(f"no file matches {named}")
    return [file for match in matched for file in _found(match)]


def _hidden(path: Path) -> bool:
    """Whether it is what programs leave beside their parts, such as _SUCCESS or .part-0.parquet.crc."""
    return any(name.startswith((".", "_")) for name in path.parts)


def _of_files(paths: Sequence[Path], format: str | None) -> tuple[Part, ...]:  # noqa: A002
    if twice := [path for i, path in enumerate(paths) if path.resolve() in {other.resolve() for other in paths[:i]}]:
        raise ClickLogError(f"{twice[0]} is named twice: each part of a log is counted once")
    above = commonpath([path.resolve().parent for path in paths])
    return tuple(_of_file(path, path.resolve().relative_to(above).as_posix(), format) for path in paths)


def _of_file(path: Path, short: str, format: str | None) -> Part:  # noqa: A002
    if not path.is_file():
        raise TableError(f"no file at {path}")
    if not path.stat().st_size:
        raise TableError(f"{path} is empty: it has not even a header")
    scanner = SCANNERS.get(_ending(path))
    if format == "yandex" or (scanner is None and yandex.looks_like(path)):
        return Part(str(path), short, None, partial(_told, path, partial(yandex.pages, path.absolute())), clicks="ids")
    if scanner is None:
        raise TableError(f"cannot tell the format of {path} by {path.suffix!r}: use {', '.join(SCANNERS)}")
    if scanner is pl.scan_parquet:
        return _of_parquet(path, short, 0, _length(path))
    return Part(
        str(path), short, None, partial(_told, path, partial(batches.of_lazy, partial(scanner, path.absolute())))
    )


def _of_parquet(path: Path, short: str, first: int, n: int) -> Part:
    frames = partial(_told, path, partial(batches.of_parquet, path.absolute(), first, n))
    return Part(str(path), short, n, frames, first=first, piece=partial(_of_parquet, path, short))


def _ending(path: Path) -> str:
    packed = path.suffix.lower() in PACKED
    return Path(path.stem).suffix.lower() if packed else path.suffix.lower()


def _of_url(part: engine.Part) -> Part:
    return Part(part.path, part.name, None, partial(_fetched, part))


def _fetched(part: engine.Part, pick: Pick, size: int) -> Frames:
    with part.rows() as rows:
        try:
            yield from batches.of_lazy(lambda: rows, pick, size)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise TableError(f"cannot read {part}: {first_line(error)}") from error


def _length(path: Path) -> int:
    with reading(path):
        return tables.length(path)


def _told(path: Path, frames: Callable[[Pick, int], Frames], pick: Pick, size: int) -> Frames:
    """The frames of a file; what goes wrong names it."""
    with reading(path):
        yield from frames(pick, size)


def _of_frame(data: Any) -> Part:
    if isinstance(data, pl.LazyFrame):
        return Part("", "", None, partial(_collected, data))
    frame = as_frame(data)
    return Part("", "", len(frame), partial(_sliced, frame))


def _collected(rows: pl.LazyFrame, pick: Pick, size: int) -> Frames:
    try:
        yield from batches.of_lazy(lambda: rows, pick, size)
    except pl.exceptions.PolarsError as error:
        raise ClickLogError(f"cannot read the LazyFrame: {first_line(error)}") from error


def as_frame(data: Any) -> pl.DataFrame:
    """A polars frame from what can be one.

    Raises
    ------
    ClickLogError
        It cannot.
    """
    names = list(data.columns) if hasattr(data, "iloc") else []  # of pandas, whose columns may be anything
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ClickLogError(f"the {type(data).__name__} has two columns {twice[0]!r}: drop or rename one")
    try:
        return tables.as_frame(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        mixed = next((name for name in names if _is_mixed(data, name)), None)
        said = first_line(error) if mixed is None else f"column {mixed!r} mixes types: make it text"
        raise ClickLogError(f"cannot read the {type(data).__name__} as a table: {said}") from error


def _is_mixed(data: Any, name: str) -> bool:
    try:
        tables.as_frame(data[[name]])
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return True
    return False


def _sliced(frame: pl.DataFrame, pick: Pick, size: int) -> Frames:
    kept = frame.select(pick(frame.columns) or frame.columns)
    return iter([kept]) if not len(kept) or not kept.width else kept.iter_slices(size)


def _streamed(source: Iterable[Any], pick: Pick, size: int) -> Frames:
    for data in source:
        yield from _sliced(as_frame(data), pick, size)
