"""Scan: a log of any kind and size as checked rows that come batch by batch; it never lies in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel.clicks.reading import rows, sources
from weaklabel.clicks.reading.formats import Layout
from weaklabel.clicks.reading.origin import Origin
from weaklabel.clicks.reading.rows import KNOWN
from weaklabel.clicks.reading.sources import Part
from weaklabel.errors import ClickLogError

AT_ONCE = 200_000  # rows of a file


@dataclass(frozen=True)
class Batch:
    """Some checked rows of a log.

    Attributes
    ----------
    frame
        query_id, doc_id, position and click, or impressions and clicks where a row stands for many; then session_id,
        timestamp and propensity where the log has them; then its other columns.
    part
        The part of the log they come from.
    origin
        Where each stands there.
    numbered
        Whether the session_id was made here, from the number of a page.
    """

    frame: pl.DataFrame
    part: Part
    origin: Origin
    numbered: bool = False


@dataclass(frozen=True)
class LogScan:
    """A log to be read once through: iterate for its batches.

    Attributes
    ----------
    parts
        Files or frames, in the order they are read.
    """

    parts: tuple[Part, ...]
    layout: Layout
    columns: Mapping[str, str] = field(default_factory=dict)
    keep: Sequence[str] | None = None
    where: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int | None:
        """Rows of the files, where all of them know it beforehand."""
        known = [part.n for part in self.parts if part.n is not None]
        return sum(known) if len(known) == len(self.parts) else None

    def __iter__(self) -> Iterator[Batch]:
        found = 0
        for batch in self.batches(self.parts, self.layout):
            found += len(batch.frame)
            yield batch
        if not found:
            raise self.nothing()

    def batches(self, parts: Iterable[Part], layout: Layout) -> Iterator[Batch]:
        """The batches of some of the parts, where there are any."""
        for part in parts:
            for raw, origin in self._chosen(part):
                for frame, where, numbered in layout.impressions(raw, part.short, origin, part.clicks):
                    yield Batch(frame, part, where, numbered)

    def settled(self) -> Layout:
        """A layout that has read so much of the first part as decides what the clicks of pages are."""
        layout = replace(self.layout)
        for raw, origin in self._chosen(self.parts[0]):
            if layout.settled(raw, origin, self.parts[0].clicks):
                break
        return layout

    def _chosen(self, part: Part) -> Iterator[tuple[pl.DataFrame, Origin]]:
        """The rows asked for, with our names of columns, in frames of their file, with their numbers there."""
        first = part.first
        for raw in part.frames(self._picked, AT_ONCE):
            origin = Origin(part.name, first)
            first += len(raw)
            if self.where:
                raw, numbers = _filtered(raw, self.where, part.name)
                origin = Origin(part.name, rows=numbers + origin.first)
            yield rows.renamed(raw, self.columns, origin), origin

    def _picked(self, there: Sequence[str]) -> list[str]:
        """The columns to read of those there; all, where one that a log needs is not there, for a message to name."""
        theirs = {name: self.columns.get(name, name) for name in KNOWN}
        needed = [("query_id",), ("doc_id", "doc_ids"), ("position", "doc_ids"), ("click", "clicks")]
        lacking = any(all(theirs[name] not in there for name in names) for names in needed)
        if self.keep is None or lacking or any(name not in there for name in self.keep):
            return list(there)
        wanted = {*theirs.values(), *self.keep, *self.where}
        return [name for name in there if name in wanted]

    def nothing(self) -> ClickLogError:
        """What to say of a log that holds no rows."""
        named = ", ".join(part.name for part in self.parts[:3] if part.name)
        if self.where:
            sought = " and ".join(f"{name} is {value!r}" for name, value in self.where.items())
            return ClickLogError(f"{named or 'the log'} has no row where {sought}")
        empty = "the log has no rows: give it one row per document shown, clicked or not"
        return ClickLogError(f"{named}: {empty}" if named else empty)


def scan_log(
    source: Any,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002  the name that users write
    *,
    keep: Sequence[str] | None = None,
    where: Mapping[str, Any] | None = None,
    whole_ids: bool = False,
) -> LogScan:
    """A click log of any kind and size, to be read in batches of checked rows.

    Parameters
    ----------
    source
        - a file: Parquet, CSV, TSV, JSON, JSONL (CSV and TSV may be gzipped), or Yandex's text;
        - a folder of such files, a pattern ("days/2024-*.parquet"), or a list of them;
        - a polars or pandas frame, anything with an Arrow stream, or a list or an
          iterator of such frames.

        Parquet, and CSV and JSONL that are not packed, are read in batches; JSON and frames lie in memory.
    columns
        Our name of a column -> its name in the source, where they differ.
    format
        Told from the columns, unless said:

        - "long": a row per impression, with query_id, doc_id, position and click; or a row for many of them, with
          impressions and clicks in place of click.
        - "pages": a row per page of results, with query_id, doc_ids (list, or text: JSON, commas, spaces), clicks (a
          0 or 1 for each document, or the positions clicked, or the ids clicked, told from the values; to say which,
          "pages:flags", "pages:positions", "pages:ids") and optionally positions. Without a session_id, each page is
          a session.
        - "yandex": `query<TAB>url,url,... : clicked , clicked ;`, pages after one another.
    keep
        Names in the source of the other columns to keep; None keeps all.
    where
        Only rows in which a column of the source has this value, written as text.
    whole_ids
        Whether ids that are whole numbers may stay so, which is quicker; else they are text.

    Raises
    ------
    ClickLogError
        While it is read: what the source holds is no click log; names the file, the row (counted from 0) and the
        value.
    TableError
        A file is missing, empty, cut off, not in UTF-8, or of another kind.
    UnknownNameError
        There is no such format.
    """
    layout = Layout(format, whole_ids=whole_ids)
    return LogScan(sources.parts(source, format), layout, dict(columns or {}), keep, dict(where or {}))


def _filtered(raw: pl.DataFrame, where: Mapping[str, Any], file: str) -> tuple[pl.DataFrame, pl.Series]:
    """The rows with these values, and their numbers in the frame."""
    tables.require(raw, list(where), file or "the log")
    equal = [_equal(raw[name], value) for name, value in where.items()]
    chosen = raw.select(pl.arg_where(pl.all_horizontal(equal))).to_series()
    return raw[chosen], chosen.cast(pl.Int64)


def _equal(values: pl.Series, value: Any) -> pl.Series:
    """Where they are this value, as written; 1 is 1.0, and true is True."""
    texts, written = values.cast(pl.String), str(value)
    if values.dtype == pl.Boolean or isinstance(value, bool):
        return texts.str.to_lowercase() == written.lower()
    if values.dtype.is_float():
        return (texts == written) | (texts.str.strip_suffix(".0") == written)
    return texts == written
