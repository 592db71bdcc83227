"""Finds what was given twice: pages in two batches of a stream, and whole parts of a log."""

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
        both = np.sort(
            np.concatenate([self._hashes, hashes[: np.searchsorted(hashes, np.uint64(self._upto), "right")]])
        )
        twice = both[1:][both[1:] == both[:-1]]
        if len(twice):
            self._raise(batch, int((rows.of(*places.PLACE) == twice[0]).argmax()))
        if len(both) > self.held:
            both = both[: self.held // 2].copy()
            self._upto = int(both[-1])
        self._hashes = both

    def _raise(self, batch: Batch, row: int) -> None:
        session, query, position = batch.frame.select(places.PLACE).row(row)
        raise batch.origin.error(
            f"row {batch.origin.row(row)} stands at position {position} for query {short(query)} in session "
            f"{short(session)}, as an earlier row of the log does: a session shows a query one page, and each page is "
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
        self._by_chance = self._by_chance or made
        hashes = rows.of(*(name for name in rows.frame.columns if not made or name != "session_id"))
        n, total = self._sums.get(batch.part.name, (0, 0))
        self._sums[batch.part.name] = (n + len(hashes), (total + int(hashes.sum(dtype=np.uint64))) % 2**64)

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
