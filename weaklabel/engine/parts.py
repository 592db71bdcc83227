"""Parts: what one task takes, a Parquet file or some of its rows, read batch by batch."""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from weaklabel import places, tables
from weaklabel.artefacts import folder
from weaklabel.errors import ArtefactError, TableError, first_line

Source = str | Path | Sequence[str | Path]

ROWS = 1_000_000  # of a file, for one task: some seconds of work
AT_ONCE = 100_000  # rows in memory


@dataclass(frozen=True)
class Part:
    """Some rows of a Parquet file: what one task takes.

    Attributes
    ----------
    path
        The file, or its URL.
    name
        What the output made of it is called: where the file lies in its folder.
    first
        The number of its first row in the file.
    n
        How many rows; None: all, where nobody has looked.
    """

    path: str
    name: str
    first: int = 0
    n: int | None = None

    def __str__(self) -> str:
        last = None if self.n is None else self.first + self.n - 1
        place = places.shown(self.path)
        return place if not self.first and self.n is None else f"{place} (rows {self.first} to {last})"

    @contextmanager
    def rows(self) -> Iterator[pl.LazyFrame]:
        """The rows, to be read inside the block."""
        with places.fetched(self.path) as file:
            rows = pl.scan_parquet(file, glob=False)
            yield rows if not self.first and self.n is None else rows.slice(self.first, self.n)

    def batches(self, columns: Sequence[str] | None = None, size: int = AT_ONCE) -> Iterator[pl.DataFrame]:
        """The rows in their order, so many at a time, the last time fewer; memory grows with `size`, not with the part.

        What stays is as packed as in the file: that of the row group it reads from.

        Parameters
        ----------
        columns
            Which; None: all.
        size
            Rows.

        Raises
        ------
        TableError
            The file is missing, no Parquet, damaged, or lacks a column.
        """
        with self.rows() as rows:
            try:
                n = int(rows.select(pl.len()).collect().item())
                yield from tables.in_batches(rows if columns is None else rows.select(columns), n, size)
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
                raise TableError(f"cannot read {self}: {first_line(error)}") from error


def parts(source: Source, rows: int | None = None) -> list[Part]:
    """The parts of Parquet files, in order.

    Parameters
    ----------
    source
        A file, a folder (with those below it), a pattern such as "day=*/*.parquet", several of these in a list; on this
        machine, or URLs that fsspec knows ("s3://bucket/votes").
    rows
        Cut files of this machine that have more rows into parts of so many.

    Raises
    ------
    TableError
        There is no such file, a folder holds none, one is no Parquet file, or one is named twice.
    ArtefactError
        The run that writes a folder has not ended.
    """
    named = [source] if isinstance(source, str | Path) else list(source)
    found = [part for place in named for part in _of(place)]
    for attribute in ("path", "name"):
        seen = [getattr(part, attribute) for part in found]
        if twice := [each for each in seen if seen.count(each) > 1] if len(set(seen)) < len(seen) else []:
            raise TableError(f"two parts are called {twice[0]}: give each file once, and files of one folder")
    return found if rows is None else [piece for part in found for piece in _cut(part, rows)]


def _of(place: str | Path) -> list[Part]:
    if places.is_folder(place):
        names = folder.parts_in(place)
        if not names:
            raise TableError(
                f"the folder {places.shown(place)} holds no Parquet files: name one with parts that end in .parquet"
            )
        return [Part(places.join(places.absolute(place), name), name) for name in names]
    if not places.is_url(place) and glob.has_magic(str(place)) and not Path(place).exists():
        return _matched(str(place))
    if not places.exists(place):
        raise TableError(f"no file at {places.shown(place)}")
    return [Part(places.absolute(place), str(place).rsplit("/", 1)[-1])]


def _matched(pattern: str) -> list[Part]:
    found = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]
    files = [path for path in found if path.is_file()]
    if not files:
        folders = f", only folders such as {found[0]}: end it in /*{places.ENDING}" if found else ""
        raise TableError(f"no file matches {pattern}{folders}")
    above = Path(pattern[: min(pattern.index(sign) for sign in "*?[" if sign in pattern)] + "_").parent
    return [Part(places.absolute(path), path.relative_to(above).as_posix()) for path in files]


def _cut(part: Part, rows: int) -> list[Part]:
    if places.is_url(part.path):
        return [part]
    n = _length(part.path)
    if n <= rows:
        return [part]
    stem = part.name.removesuffix(places.ENDING)
    starts = range(0, n, rows)
    return [Part(part.path, f"{stem}-{i:05}.parquet", at, min(rows, n - at)) for i, at in enumerate(starts)]


def _length(path: str) -> int:
    if not places.exists(path):
        raise TableError(f"no file at {path}")
    try:
        return tables.length(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise TableError(f"{path} is no whole Parquet file ({first_line(error)})") from error


def several(source: Source) -> bool:
    """Whether it names parts, or files elsewhere, rather than one file on this machine."""
    if not isinstance(source, str | Path):
        return True
    pattern = glob.has_magic(str(source)) and not Path(source).exists()
    return pattern or places.is_url(source) or places.is_folder(source)


def in_parts(source: Source, out: str | Path) -> bool:
    """Whether the source is in parts, or the output is to be: elsewhere, in a folder, or named with a / at the end."""
    return several(source) or str(out).endswith("/") or places.is_url(out) or places.is_folder(out)


def parts_into(source: Source, out: str | Path) -> list[Part]:
    """The parts of a source whose output goes into a folder: a folder's as they are, a single large file in pieces.

    Raises
    ------
    TableError
        As for `parts`.
    ArtefactError
        `out` is the name of a file, or the place of the source.
    """
    if str(out).endswith(places.ENDING):
        raise ArtefactError(f"what comes in parts goes into a folder, and {out} is the name of a file: drop its ending")
    if isinstance(source, str | Path) and str(source).rstrip("/") == str(out).rstrip("/"):
        raise ArtefactError(f"the output would take the place of its own input, {source}: name another folder")
    found = parts(source)
    return _cut(found[0], ROWS) if len(found) == 1 else found
