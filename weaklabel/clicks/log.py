"""The click log in memory: one row for each time a document was shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import checks
from weaklabel.clicks.reading import places, rows
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.clicks.reading.rows import OPTIONAL, REQUIRED, TEXTS
from weaklabel.clicks.reading.scan import Batch, scan_log
from weaklabel.errors import ClickLogError

BEYOND = ("drop", "keep", "merge")
MOST = 100_000_000  # impressions that rows of many are written out to


@dataclass(frozen=True, eq=False)
class ClickLog:
    """What was shown, where, and whether it was clicked.

    Parameters
    ----------
    frame
        One row per impression, in any order, which is kept.

        - query_id, doc_id: stored as text.
        - position: whole number, 1 is the top.
        - click: 0 or 1, stored as Int8.
        - session_id (optional): stored as text. What a session shows for one query is a page, and has each position and
          document once; clicks of a session may depend on each other.
        - timestamp (optional): kept as it is.
        - propensity (optional): in (0, 1], logged by whoever chose what to show.
        - any other column: context, kept as it is.

    Raises
    ------
    ClickLogError
        A column is missing, there are no rows, or a value is outside its range; names the value, its row (counted
        from 0) and what to do.
    """

    frame: pl.DataFrame

    def __post_init__(self) -> None:
        frame = rows.checked(self.frame)
        if not len(frame):
            raise ClickLogError("the log has no rows: give it one row per document shown, clicked or not")
        if "session_id" in frame.columns:
            places.check(RowHashes(frame))
        checks.put(self, frame=frame)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def context(self) -> tuple[str, ...]:
        """Names of the columns that the log carries beyond its own."""
        return tuple(name for name in self.frame.columns if name not in REQUIRED + OPTIONAL)

    def upto(self, k: int, beyond: str = "drop") -> Self:
        """The impressions at positions 1..k, or with "keep" as beyond, all.

        Raises
        ------
        ClickLogError
            There are none; or they are to be merged, for which a page has no room: counts can be.
        """
        if beyond == "merge":
            raise ClickLogError(
                f"a page has one document at each position, so that those beyond {k} cannot share one in a log: "
                f'merge them in its counts, with count(log).upto({k}, "merge")'
            )
        return type(self)(upto(self.frame, k, beyond))

    @classmethod
    def from_frame(
        cls,
        data: Any,
        columns: Mapping[str, str] | None = None,
        format: str | None = None,  # noqa: A002  the name that users write
    ) -> Self:
        """A log from a polars or pandas frame, any object with an Arrow stream, or columns by name.

        Parameters
        ----------
        data
            One row per impression, per page of results, or for many impressions; as `scan_log` reads them.
        columns
            Our name of a column -> its name in the data, where they differ.
        format
            As for `scan_log`.

        Raises
        ------
        ClickLogError
            As the constructor, or `columns` names something that is not there.
        """
        return cls(_gathered(scan_log(data, columns, format)))


def read_log(
    path: str | Path | list[str | Path],
    columns: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002
) -> ClickLog:
    """Read a click log into memory; `count` takes the same files and streams them.

    Parameters
    ----------
    path
        Files, folders or patterns, in the formats of `scan_log`. Rows that stand for many impressions are written out.
    columns
        Our name of a column -> its name in the file, where they differ.
    format
        As for `scan_log`.

    Raises
    ------
    ClickLogError
        What the file holds is no click log; names the file, the row (counted from 0) and the value.
    TableError
        The file is missing, of another kind, or cannot be parsed.
    """
    if isinstance(path, str | Path) and Path(path).is_file() and Path(path).suffix.lower() in tables.READERS:
        return _read_one(Path(path), columns or {}, format)
    return ClickLog(_gathered(scan_log(path, columns, format)))


def _read_one(path: Path, columns: Mapping[str, str], format: str | None) -> ClickLog:  # noqa: A002
    """One file as a whole, whose context has types then, where a stream of CSV knows text alone."""
    frame = tables.read_frame(path, text=[columns.get(name, name) for name in TEXTS])
    try:
        return ClickLog.from_frame(frame, columns, format)
    except ClickLogError as error:
        raise ClickLogError(f"{path}: {error}") from error


def upto(frame: pl.DataFrame, k: int, beyond: str = "drop") -> pl.DataFrame:
    """The rows at positions 1..k; those beyond are dropped, kept, or put at k + 1 ("merge").

    Raises
    ------
    ClickLogError
        Nothing is left, or `beyond` is none of these.
    """
    if beyond not in BEYOND:
        raise ClickLogError(f"beyond is {beyond!r}: positions beyond the last are to be one of {', '.join(BEYOND)}")
    if beyond == "keep":
        return frame
    if beyond == "merge":
        return frame.with_columns(pl.col("position").clip(upper_bound=k + 1))
    kept = frame.filter(pl.col("position") <= k)
    if not len(kept):
        first = frame["position"].sort()[0]
        raise ClickLogError(f"nothing is left up to position {k}: the log starts at position {first}")
    return kept


def _gathered(batches: Iterable[Batch]) -> pl.DataFrame:
    return pl.concat([_written_out(batch) for batch in batches], how="diagonal_relaxed")


def _written_out(batch: Batch) -> pl.DataFrame:
    """Rows of one impression each, the clicked ones of a row first."""
    frame = batch.frame
    if "click" in frame.columns:
        return frame
    if frame["impressions"].sum() > MOST:
        raise batch.origin.error(f"over {MOST:,} impressions are too many to write out: count the log as it is")
    written = frame.with_row_index("row").select(pl.exclude("impressions").repeat_by("impressions").explode())
    clicked = pl.int_range(pl.len()).over("row") < pl.col("clicks")
    return written.with_columns(clicked.cast(pl.Int8).alias("click")).drop("row", "clicks")
