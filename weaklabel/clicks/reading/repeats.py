"""Finds what was given twice: pages in two batches of a stream, and whole parts of a log."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from weaklabel.clicks.reading import places
from weaklabel.clicks.reading.hashing import Hashes, RowHashes
from weaklabel.clicks.reading.origin import short
from weaklabel.clicks.reading.scan import Batch
from weaklabel.errors import ClickLogError

HELD = 1_000_000  # hashes of places on pages in memory: of all, and of a share of them where there are more
LEAST = 1_000  # rows of a part without sessions that do not come out the same by chance
PARTS = 10_000  # that provenance lists


@dataclass
class PlacesSeen:
    """Places on pages met so far; of very many, those with the smallest hashes, so that memory stays within bounds."""

    held: int = HELD
    _hashes: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    _upto: int = 2**64 - 1

    def add(self, rows: RowHashes, batch: Batch) -> None:
        """Take in the rows of a batch.

        Raises
        ------
        ClickLogError
            A page has a place or, within this batch, a document twice; names the rows.
        """
        hashes = places.check(rows, batch.origin)
        if batch.numbered:
            return  # by its file and number, so that no page comes again in another batch
        twice = self._take_in(hashes)
        if twice is not None:
            _refuse(batch, int((rows.of(*places.PLACE) == twice).argmax()))

    def absorb(self, later: "PlacesSeen", batches: Iterable[Batch]) -> None:
        """Take in what was met in a later stretch of the log, which may be read again to name a row.

        Raises
        ------
        ClickLogError
            It has a place that was met before; names the row.
        """
        self._upto = min(self._upto, later._upto)
        self._hashes = _upto(self._hashes, self._upto)
        twice = self._take_in(later._hashes)
        for batch in batches if twice is not None else ():
            there = np.flatnonzero(RowHashes(batch.frame).of(*places.PLACE) == twice)
            if len(there) and not batch.numbered:
                _refuse(batch, int(there[0]))

    def _take_in(self, hashes: Hashes) -> np.uint64 | None:
        """Take in sorted hashes, and tell one that was there already."""
        both = np.sort(
            np.concatenate([self._hashes, _upto(hashes, self._upto)]), kind="stable"
        )  # merges what is sorted
        twice = both[1:][both[1:] == both[:-1]]
        if len(both) > self.held:
            both = both[: self.held // 2].copy()
            self._upto = int(both[-1])
        self._hashes = both
        return twice[0] if len(twice) else None


def _upto(hashes: Hashes, most: int) -> Hashes:
    return hashes[: np.searchsorted(hashes, np.uint64(most), "right")]


def _refuse(batch: Batch, row: int) -> None:
    session, query, position = batch.frame.select(places.PLACE).row(row)
    raise batch.origin.error(
        f"row {batch.origin.row(row)} stands at position {position} for query {short(str(query))} in session "
        f"{short(str(session))}, as an earlier row of the log does: a session shows a query one page, and each page is "
        "counted once; was a part of the log given twice?"
    )


@dataclass
class PartsSeen:
    """A digest of each part of a log that does not depend on the order of its rows."""

    _sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    _by_chance: bool = False

    def add(self, rows: RowHashes, batch: Batch) -> None:
        """Take in what is counted of a batch."""
        made = batch.numbered or "session_id" not in rows.frame.columns
        hashes = rows.of(*(name for name in rows.frame.columns if not made or name != "session_id"))
        self.add_sum(batch.part.name, len(hashes), int(hashes.sum(dtype=np.uint64)), made)

    def add_sum(self, part: str, n: int, total: int, by_chance: bool) -> None:
        """Take in so many rows of a part, by the sum of their hashes; and whether others may be like them by chance."""
        rows, before = self._sums.get(part, (0, 0))
        self._sums[part] = (rows + n, (before + total) % 2**64)
        self._by_chance = self._by_chance or by_chance

    def absorb(self, later: "PartsSeen") -> None:
        """Take in what was met in a later stretch of the log, which may go on with a part."""
        for part, (n, total) in later._sums.items():
            self.add_sum(part, n, total, later._by_chance)

    def digests(self) -> list[dict[str, Any]]:
        """Rows and digest of each part, the largest first; parts that may be alike by chance are left out.

        Raises
        ------
        ClickLogError
            Two parts have the same rows; names both.
        """
        names: dict[tuple[int, str], str] = {}
        for name, (n, total) in self._sums.items():
            part = (n, f"{total:016x}")
            if self._by_chance and n < LEAST:
                continue
            if part in names:
                raise ClickLogError(
                    f"{names[part]} and {name} hold the same {n:,} rows: each part of a log is counted once"
                )
            names[part] = name
        return [{"rows": n, "digest": digest} for n, digest in sorted(names, reverse=True)[:PARTS]]
