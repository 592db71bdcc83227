"""Tables: polars frames with a unique text column `id`, from files or from anything that speaks Arrow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import places
from weaklabel.artefacts import ABSTAIN, checks
from weaklabel.errors import TableError, first_line
from weaklabel.files import replacing

AT_A_TIME = 4_000_000  # hashes of ids in memory
STRETCH = 500_000  # rows that are read in one go: less memory would cost more time in files whose row groups are large
READERS: Mapping[str, Any] = {
    ".csv": partial(pl.read_csv, infer_schema_length=None),  # all rows: a late one may be the first to show its type
    ".tsv": partial(pl.read_csv, infer_schema_length=None, separator="\t"),
    ".jsonl": partial(pl.read_ndjson, infer_schema_length=None),
    ".ndjson": partial(pl.read_ndjson, infer_schema_length=None),
    ".json": partial(pl.read_json, infer_schema_length=None),
    ".parquet": partial(pl.read_parquet, glob=False),
}


def read_frame(path: str | Path, text: Sequence[str] = ()) -> pl.DataFrame:
    """Read a CSV, TSV, JSON, JSONL or Parquet file, told apart by its ending; or a folder of Parquet parts, in order.

    Parameters
    ----------
    path
        The file, or the folder.
    text
        Columns that a CSV or TSV keeps as they stand there, so that the id 007 does not become 7.

    Raises
    ------
    TableError
        The file is missing, of another kind, or cannot be parsed.
    """
    path = Path(path)
    if path.is_dir() and (names := places.parquet_in(path)):
        return pl.concat([read_frame(path / name) for name in names], how="diagonal_relaxed")
    if not path.is_file():
        raise TableError(f"no file at {path}")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise TableError(f"cannot tell the format of {path} by {path.suffix!r}: use {', '.join(READERS)}")
    if not path.stat().st_size:
        raise TableError(f"{path} is empty: it has not even a header")
    delimited = text and path.suffix.lower() in (".csv", ".tsv")
    keep = {"schema_overrides": dict.fromkeys(text, pl.String)} if delimited else {}
    try:
        frame: pl.DataFrame = reader(path, **keep)
    except Exception as error:  # each reader has its own errors
        raise TableError(f"cannot read {path}: {first_line(error)}") from error
    return frame


def read_table(path: str | Path, id_column: str = "id", text: Sequence[str] = ()) -> pl.DataFrame:
    """Read a table from a file; see `read_frame` for formats and columns kept as text, `as_table` for the id."""
    return as_table(read_frame(path, text=[id_column, *text]), id_column, source=str(path))


@dataclass(frozen=True)
class TableScan:
    """A table in a file, to be read in batches.

    Attributes
    ----------
    schema
        Its columns and their types; the first is the text column `id`.
    n
        Its rows.
    batches
        From a number of rows to the table in frames of so many, in order.
    """

    schema: Mapping[str, Any]
    n: int
    batches: Callable[[int], Iterator[pl.DataFrame]]


def scan_table(path: str | Path, id_column: str = "id") -> TableScan:
    """A table from a file, as `read_table` reads it, but a Parquet file batch by batch: it never lies in memory.

    Raises
    ------
    TableError
        As for `read_table`; ids are checked before the first batch.
    """
    path = Path(path)
    if path.suffix.lower() != ".parquet" or not path.is_file():
        table = read_table(path, id_column)
        return TableScan(table.schema, len(table), table.iter_slices)
    return scan_rows(pl.scan_parquet(path, glob=False), id_column, str(path))


def scan_rows(lazy: pl.LazyFrame, id_column: str = "id", source: str = "the table") -> TableScan:
    """A table from rows that polars reads lazily: it never lies in memory.

    Raises
    ------
    TableError
        As for `as_table`; ids are checked before the first batch.
    """
    try:
        empty = lazy.head(0).collect()
        schema = as_table(empty, id_column, source).schema
        ids = pl.col(id_column).fill_nan(None) if empty.schema[id_column].is_float() else pl.col(id_column)
        rows = lazy.select(ids.cast(pl.String).alias("id"), pl.exclude(id_column))
        n = _count_ids(rows.select("id"), source)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise TableError(f"cannot read {source}: {first_line(error)}") from error
    return TableScan(schema, n, partial(in_batches, rows, n))


def length(path: str | Path) -> int:
    """How many rows the footer of a Parquet file says there are."""
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def in_batches(rows: pl.LazyFrame, n: int, size: int) -> Iterator[pl.DataFrame]:
    """Rows of a Parquet file in their order, so many at a time, the last time fewer.

    They are read stretch by stretch: from a row group polars unpacks all rows that are asked for, before it gives the
    first, and there are files of millions of rows in a single group.

    Parameters
    ----------
    n
        How many rows there are.
    size
        Rows at a time.
    """
    stretch = size * max(1, STRETCH // size)
    for first in range(0, n, stretch):
        yield from rows.slice(first, stretch).collect_batches(chunk_size=size, maintain_order=True)


def _count_ids(column: pl.LazyFrame, source: str) -> int:
    """How many there are, if each is there and unique.

    Hashes tell, so many of them at a time that memory stays within bounds; in doubt, the ids themselves.
    """
    n, missing = column.select(pl.len(), missing=pl.first().is_null().sum()).collect(engine="streaming").row(0)
    hashes, parts = column.select(pl.first().hash()), 1 + n // AT_A_TIME
    for part in range(parts):
        some = hashes.filter(pl.first() % parts == part).collect(engine="streaming").to_series()
        if missing or some.n_unique() < len(some):
            _see_that_ids_differ(column.collect().to_series(), source)
    return int(n)


def _see_that_ids_differ(ids: pl.Series, source: str) -> None:
    try:
        checks.ids(ids)
    except TableError as error:
        raise TableError(f"{source}: {error}") from error


def as_table(data: Any, id_column: str = "id", source: str = "the table") -> pl.DataFrame:
    """A table from a polars or pandas frame, any object with an Arrow stream, or columns by name.

    Parameters
    ----------
    data
        The rows.
    id_column
        Its column of ids, one of a kind; it becomes the text column `id`, and the first one.
    source
        How messages call the data.

    Raises
    ------
    TableError
        There is no such column, an id is missing or occurs twice, or the data are no table.
    """
    try:
        frame = as_frame(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise TableError(f"cannot read {source} from the {type(data).__name__}: {first_line(error)}") from error
    require(frame, [id_column], source, hint="name the column of ids (--id)")
    if id_column != "id" and "id" in frame.columns:
        raise TableError(f"{source} has a column 'id' beside {id_column!r}: rename one")
    ids = checks.ids(frame[id_column])
    return frame.drop(id_column).insert_column(0, ids)


def as_frame(data: Any) -> pl.DataFrame:
    """A polars frame from a polars or pandas frame, any object with an Arrow stream, or columns by name."""
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if hasattr(data, "to_dict") and hasattr(data, "iloc"):  # pandas, which would need pyarrow for its Arrow stream
        data = data.astype(object).where(data.notna(), None).to_dict(orient="list")
    if isinstance(data, Mapping):
        return pl.DataFrame({name: _with_all_keys(name, values) for name, values in data.items()})
    return pl.DataFrame(data)


def _with_all_keys(name: Any, values: Any) -> Any:
    """A column of dictionaries with the keys of all of them: polars alone takes those of the first."""
    if not isinstance(values, list) or not any(isinstance(value, dict) for value in values):
        return values
    return pl.from_dicts([{name: value} for value in values], infer_schema_length=None)[name]


def require(frame: pl.DataFrame, columns: Sequence[str], source: str = "the table", hint: str = "") -> None:
    """Check that the columns are there.

    Raises
    ------
    TableError
        One is missing; names it and those there are.
    """
    if missing := [name for name in columns if name not in frame.columns]:
        there = ", ".join(frame.columns) or "none"
        raise TableError(f"{source} has no column {missing[0]!r}; there are: {there}" + (f"; {hint}" if hint else ""))


def align(table: pl.DataFrame, item_ids: pl.Series, source: str = "the table") -> pl.DataFrame:
    """The table's rows in the order of the ids.

    Raises
    ------
    TableError
        An id has no row.
    """
    places = rows_of(table["id"], item_ids)
    if lost := places.null_count():
        first = item_ids.filter(places.is_null())[0]
        raise TableError(f"{source} has no row for {lost} of the items, first {first!r}: give the table they came from")
    return table[places]


def rows_of(item_ids: pl.Series, wanted: Sequence[str] | pl.Series) -> pl.Series:
    """In which row each wanted id stands, in the order wanted; null where it is not there."""
    asked = pl.DataFrame({"id": pl.Series(wanted, dtype=pl.String)})
    numbered = pl.DataFrame({"id": item_ids}).with_row_index("row")
    return asked.join(numbered, on="id", how="left", maintain_order="left")["row"]


def gold_labels(
    table: pl.DataFrame, item_ids: pl.Series, classes: Sequence[str], column: str = "label"
) -> NDArray[np.int64]:
    """The known classes of the items, shape (n,): an index into `classes`, -1 where the table has none.

    Parameters
    ----------
    table
        Has `id` and `column`, which holds class names or class numbers; rows may be missing or empty.
    item_ids
        The items, in the order wanted.
    classes
        The class names.
    column
        Where the known class stands.

    Raises
    ------
    TableError
        A value is neither a class name nor a class number.
    """
    require(table, ["id", column])
    values = pl.DataFrame({"id": item_ids}).join(table.select("id", column), on="id", how="left", maintain_order="left")
    number = {str(y): y for y in range(len(classes))} | {name: y for y, name in enumerate(classes)}
    gold = _as_written(values[column]).replace_strict(number, default=None, return_dtype=pl.Int64)
    unknown = gold.is_null() & values[column].is_not_null()
    if unknown.any():
        row = int(unknown.arg_max() or 0)
        raise TableError(
            f"item {values['id'][row]!r} has {column} = {values[column][row]!r}, which is no class; "
            f"the classes are {', '.join(classes)}"
        )
    return gold.fill_null(ABSTAIN).to_numpy()


def _as_written(values: pl.Series) -> pl.Series:
    """Values as the names of classes are written: True, and 1 for the 1.0 that pandas makes of it beside gaps."""
    text = values.cast(pl.String)
    if values.dtype == pl.Boolean:
        return text.str.to_titlecase()
    return text.str.replace(r"^(-?\d+)\.0$", "${1}") if values.dtype.is_float() else text


def write_frame(frame: pl.DataFrame, path: str | Path) -> None:
    """Write a frame as CSV, JSONL or Parquet, by the ending of the path.

    Raises
    ------
    TableError
        The ending says none of these, the format cannot hold a column, or the disk cannot take it.
    """
    path = Path(path)
    writers: Mapping[str, Any] = {
        ".csv": pl.DataFrame.write_csv,
        ".jsonl": pl.DataFrame.write_ndjson,
        ".parquet": pl.DataFrame.write_parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise TableError(f"cannot write {path}: the ending {path.suffix!r} is none of {', '.join(writers)}")
    try:
        with replacing(path) as file:
            writer(frame, file)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise TableError(f"cannot write {path}: {getattr(error, 'strerror', None) or first_line(error)}") from error
