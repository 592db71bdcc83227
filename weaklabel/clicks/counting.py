"""Count: from a click log of any size to its counts, a batch at a time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import polars as pl

from weaklabel import progress
from weaklabel.clicks.count_columns import COUNTS, check_names, names
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.log import BEYOND, ClickLog
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.clicks.reading.origin import Origin
from weaklabel.clicks.reading.periods import period_of
from weaklabel.clicks.reading.repeats import PartsSeen, PlacesSeen
from weaklabel.clicks.reading.scan import AT_ONCE, Batch, scan_log
from weaklabel.clicks.reading.tally import Tally
from weaklabel.clicks.reading.values import text_of
from weaklabel.errors import ClickLogError

PERIOD = "period"
ENOUGH = 100  # impressions, each of them clicked, are no chance


def count(
    log: Any,
    *,
    key: Sequence[str] | str = (),
    context: Sequence[str] | str = (),
    columns: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002  the name that users write
    upto: int | None = None,
    beyond: str = "drop",
    period: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> ClickCounts:
    """Impressions and clicks of each document for each query at each position.

    The log is read in batches and never lies in memory as a whole: memory grows with the different (query, document,
    position), by about 250 bytes each where there are sessions and 100 where not. The order of rows and the way they
    are split into parts change nothing.

    Parameters
    ----------
    log
        A `ClickLog`, or files, folders, patterns and frames, as `scan_log` takes them.
    key
        Columns that, beside query and document, say what is shown, such as a segment of users.
    context
        Columns that examination may depend on, such as the device.
    columns, format, where
        As for `scan_log`.
    upto
        Positions from 1 to this; None: all.
    beyond
        What becomes of impressions beyond it: "drop", "keep", or "merge" (they count as one position, upto + 1).
    period
        A length of time, such as "1d" or "1w": documents are told apart by the period of their timestamp, which
        becomes the last column of the key. See `period_of`.

    Returns
    -------
    ClickCounts
        With counts by 20 buckets of sessions where the log has a session_id. Its provenance lists the parts counted,
        so that `merge` refuses to add one twice.

    Raises
    ------
    ClickLogError
        As for `scan_log`; or a column of key or context is missing, a part or a page is there twice, or every
        impression was clicked, so that those without a click were not logged.
    TableError
        A file cannot be read.
    """
    counting = _Counting(names(key), names(context), upto, beyond, period)
    scan = scan_log(log.frame if isinstance(log, ClickLog) else log, columns, format, keep=counting.wanted, where=where)
    total = None if scan.n is None else math.ceil(scan.n / AT_ONCE)
    for batch in progress.track(scan, "counting", total):
        counting.add(batch)
    return counting.counts()


@dataclass
class _Counting:
    """A count on its way: what the batches so far add up to."""

    key: tuple[str, ...]
    context: tuple[str, ...]
    upto: int | None
    beyond: str
    period: str | None
    _tally: Tally | None = None
    _columns: tuple[str, ...] = ()
    _places: PlacesSeen = field(default_factory=PlacesSeen)
    _parts: PartsSeen = field(default_factory=PartsSeen)

    def __post_init__(self) -> None:
        if self.beyond not in BEYOND:
            raise ClickLogError(f"beyond is {self.beyond!r}: it is one of {', '.join(BEYOND)}")
        if self.upto is not None and not (isinstance(self.upto, Integral) and self.upto >= 1):
            raise ClickLogError(f"upto is {self.upto!r}: positions are whole numbers that start at 1")
        self.wanted = (*self.key, *self.context)
        self.all_keys = self.key if self.period is None else (*self.key, PERIOD)
        check_names(self.all_keys, self.context)
        self.by = ("query_id", "doc_id", *self.all_keys, *self.context, "position")

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        rows = self._told_apart(batch)
        hashes = RowHashes(rows)
        if self._tally is None:
            self._tally, self._columns = Tally(self.by, "session_id" in rows.columns), tuple(rows.columns)
        self._alike(rows, batch.origin)
        if "session_id" in rows.columns and "click" in rows.columns:
            self._places.add(hashes, batch)
        self._parts.add(hashes, batch)
        within = _within(rows, self.upto, self.beyond)
        self._tally.add(hashes if within is rows else RowHashes(within))

    def _told_apart(self, batch: Batch) -> pl.DataFrame:
        """The columns that are counted, with those of key and context as text."""
        frame, origin = batch.frame, batch.origin
        if missing := [name for name in self.wanted if name not in frame.columns]:
            raise origin.error(
                f"the log has no column {missing[0]!r} to tell impressions apart; there are: {', '.join(frame.columns)}"
            )
        texts = [text_of(frame[name], origin) for name in self.wanted]
        if self.period is not None:
            texts.append(period_of(frame, self.period, origin))
        numbers = [name for name in (*COUNTS, "click", "session_id") if name in frame.columns]
        return frame.with_columns(texts).select(*self.by, *numbers)

    def _alike(self, rows: pl.DataFrame, origin: Origin) -> None:
        """See that all parts have sessions, or none."""
        if ("session_id" in rows.columns) != ("session_id" in self._columns):
            raise origin.error("only some parts of the log have a session_id: count all with, or all without it")

    def counts(self) -> ClickCounts:
        """What there is of all rows."""
        tally = self._tally
        if tally is None or not tally.impressions.total:
            raise ClickLogError(f"nothing is left up to position {self.upto}: all impressions are beyond it")
        n = tally.impressions.total
        if n == tally.clicks.total and n >= ENOUGH:
            raise ClickLogError(
                f"all {n:,} impressions were clicked: the log holds clicks without the impressions that had "
                "none; log every document that was shown, with its position and click 0 or 1"
            )
        parts = self._parts.digests()
        return ClickCounts(tally.to_frame(), self.all_keys, self.context, {"parts": parts} if parts else {})


def _within(rows: pl.DataFrame, k: int | None, beyond: str) -> pl.DataFrame:
    """The rows up to position k, as `upto` has them; here there may be none in a batch."""
    if k is None or beyond == "keep":
        return rows
    if beyond == "merge":
        return rows.with_columns(pl.col("position").clip(upper_bound=k + 1))
    return rows.filter(pl.col("position") <= k)
