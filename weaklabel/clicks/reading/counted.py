"""What a stretch of a log comes to: its counts, and the pages and parts that were seen; stretches add up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
import polars as pl

from weaklabel.clicks.count_columns import BUCKETS, COUNTS, check_names
from weaklabel.clicks.log import BEYOND
from weaklabel.clicks.reading.coding import Ints
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.clicks.reading.origin import Origin
from weaklabel.clicks.reading.periods import period_of
from weaklabel.clicks.reading.repeats import PartsSeen, PlacesSeen
from weaklabel.clicks.reading.scan import Batch
from weaklabel.clicks.reading.tally import Sums, Tally
from weaklabel.clicks.reading.values import text_of
from weaklabel.errors import ClickLogError

PERIOD = "period"


@dataclass(frozen=True)
class Wanted:
    """What is to be told apart, and up to which position.

    Parameters
    ----------
    key, context, upto, beyond, period
        As for `count`.

    Raises
    ------
    ClickLogError
        One of them is outside its range, or a column is named twice.
    """

    key: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    upto: int | None = None
    beyond: str = "drop"
    period: str | None = None

    def __post_init__(self) -> None:
        if self.beyond not in BEYOND:
            raise ClickLogError(f"beyond is {self.beyond!r}: it is one of {', '.join(BEYOND)}")
        if self.upto is not None and not (isinstance(self.upto, Integral) and self.upto >= 1):
            raise ClickLogError(f"upto is {self.upto!r}: positions are whole numbers that start at 1")
        check_names(self.all_keys, self.context)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the log that are wanted beside its own."""
        return (*self.key, *self.context)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """The columns of the key that counts will have."""
        return self.key if self.period is None else (*self.key, PERIOD)

    @property
    def by(self) -> tuple[str, ...]:
        """The columns of a cell."""
        return ("query_id", "doc_id", *self.all_keys, *self.context, "position")

    def told_apart(self, batch: Batch) -> pl.DataFrame:
        """The columns that are counted, with those of key and context as text."""
        frame, origin = batch.frame, batch.origin
        if missing := [name for name in self.columns if name not in frame.columns]:
            raise origin.error(
                f"the log has no column {missing[0]!r} to tell impressions apart; there are: {', '.join(frame.columns)}"
            )
        texts = [text_of(frame[name], origin) for name in self.columns]
        if self.period is not None:
            texts.append(period_of(frame, self.period, origin))
        numbers = [name for name in (*COUNTS, "click", "session_id") if name in frame.columns]
        columns = {column.name: column for column in texts}
        return pl.DataFrame([columns[name] if name in columns else frame[name] for name in (*self.by, *numbers)])

    def cut(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows up to the last position, of which there may be none."""
        if self.upto is None or self.beyond == "keep":
            return rows
        if self.beyond == "merge":
            return rows.with_columns(pl.col("position").clip(upper_bound=self.upto + 1))
        return rows.filter(pl.col("position") <= self.upto)


@dataclass(frozen=True)
class Stretch:
    """What some of a log came to, small enough to travel between processes.

    Attributes
    ----------
    rows
        How many there were.
    sessions
        Whether they had sessions; None: there were no rows to tell.
    origin
        Where they began.
    """

    rows: int
    sessions: bool | None
    origin: Origin
    sums: Sums
    places: PlacesSeen
    parts: PartsSeen


@dataclass
class Counted:
    """What the batches, and the stretches counted elsewhere, add up to."""

    wanted: Wanted
    rows: int = 0
    _sessions: bool | None = None
    _origin: Origin = field(default_factory=Origin)
    _tally: Tally = field(init=False)
    _part: str | None = None
    _places: PlacesSeen = field(default_factory=PlacesSeen)
    _parts: PartsSeen = field(default_factory=PartsSeen)

    def add(self, batch: Batch) -> None:
        """Take in the next rows.

        Raises
        ------
        ClickLogError
            A column is missing, a page came before, or only some parts of the log have sessions.
        """
        rows = self.wanted.told_apart(batch)
        self._alike("session_id" in rows.columns, batch.origin)
        self.rows += len(rows)
        self._seen(rows, batch)

    def _seen(self, rows: pl.DataFrame, batch: Batch) -> None:
        hashes = RowHashes(rows)
        if self._sessions and "click" in rows.columns:
            self._places.add(hashes, batch)
        within = self.wanted.cut(rows)
        if self._by_cell(rows):
            self._part_is(batch.part.name)
            self._parts.add_sum(batch.part.name, len(rows), 0, by_chance=True)
            self._tally.add(within)
            return
        self._parts.add(hashes, batch)
        buckets = _buckets(hashes if within is rows else RowHashes(within)) if self._sessions else None
        self._tally.add(within, buckets)

    def _by_cell(self, rows: pl.DataFrame) -> bool:
        """Whether equal rows are so many, and counted whole, that hashes of cells cost less than those of rows."""
        return self._tally.hashed and "click" in rows.columns

    def _part_is(self, part: str | None) -> None:
        """Rows of another part come now: those before it have their hash."""
        if self._part is not None and part != self._part:
            self._parts.add_sum(self._part, 0, self._tally.take_hash(), by_chance=True)
        self._part = part

    def _alike(self, sessions: bool, origin: Origin) -> None:
        """See that all parts have sessions, or none."""
        if self._sessions is None:
            self._sessions, self._origin = sessions, origin
            whole = self.wanted.upto is None or self.wanted.beyond == "keep"
            self._tally = Tally(self.wanted.by, sessions, hashed=whole and not sessions)
        if sessions != self._sessions:
            raise origin.error("only some parts of the log have a session_id: count all with, or all without it")

    def stretch(self) -> Stretch:
        """What there is, for another to take in; nothing is to be added here after it."""
        self._part_is(None)
        if self._sessions is None:
            self._tally = Tally(self.wanted.by, split=False)
        self._tally.trim()  # for what is to travel
        sums = self._tally.sums()
        return Stretch(self.rows, self._sessions, self._origin, sums, self._places, self._parts)

    def absorb(self, stretch: Stretch, again: Iterable[Batch]) -> None:
        """Take in what a later stretch of the log came to; `again` reads it once more, for an error to name its row.

        Raises
        ------
        ClickLogError
            A page of it came before, or only one of both has sessions.
        """
        if stretch.sessions is None:
            return
        self._alike(stretch.sessions, stretch.origin)
        self.rows += stretch.rows
        self._places.absorb(stretch.places, again)
        self._parts.absorb(stretch.parts)
        self._tally.absorb(stretch.sums)

    def totals(self) -> tuple[int, int]:
        """Impressions and clicks of all cells."""
        return self._tally.totals()

    def digests(self) -> list[dict[str, Any]]:
        """The parts, as `PartsSeen` has them."""
        self._part_is(None)
        return self._parts.digests()

    def to_frame(self) -> pl.DataFrame:
        """The cells, sorted, with their counts; they go out."""
        return self._tally.to_frame()


def _buckets(rows: RowHashes) -> Ints:
    """The bucket of each session, 0..19, by its hash."""
    buckets: Ints = (rows.column("session_id") % np.uint64(BUCKETS)).astype(np.int64)
    return buckets
