"""The counts of a stream of impressions: each becomes a key, and millions of keys are sorted and counted at once.

A key holds the codes of the columns of a cell, then the bucket of the session, if there is one, then the click.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.count_columns import BUCKETS, BY_BUCKET, COUNTS
from weaklabel.clicks.reading import cell_hashes, coding
from weaklabel.clicks.reading.coding import Coder, Column, Columns, Together, Whole
from weaklabel.clicks.reading.keys import BLOCK, Counts, reduced, starts
from weaklabel.clicks.reading.numbers import Numbers
from weaklabel.clicks.reading.packing import Ints, Packing
from weaklabel.clicks.reading.ranks import order_of, ranked
from weaklabel.clicks.reading.sorted_numbers import SortedNumbers
from weaklabel.clicks.reading.texts import Texts

WAITING, WAITING_SPLIT = 20_000_000, 4_000_000  # impressions sorted at once: 160 MB, or with sessions 32 MB
KEY = 63  # bits, without the sign
BUCKET = 5  # bits of it


@dataclass(frozen=True)
class Sums:
    """What a tally came to, for another to take in.

    Attributes
    ----------
    columns
        Of the cells.
    number
        Of each cell: where it stands in impressions and clicks, shape (cells,).
    """

    columns: Columns
    number: Ints
    impressions: Numbers
    clicks: Numbers


class Tally:
    """What the batches of a log add up to.

    Parameters
    ----------
    by
        The columns of a cell, position last.
    split
        Whether there are sessions, to count by bucket.
    hashed
        Whether to add up hashes of the rows, too: those of rows that are equal are worked out once.
    """

    def __init__(self, by: Sequence[str], split: bool, hashed: bool = False) -> None:
        self.by, self._split, self.hashed = tuple(by), split, hashed
        self._low = 1 + (BUCKET if split else 0)
        self._buffer: Ints = np.empty(WAITING_SPLIT if split else WAITING, np.int64)
        self._waiting, self._hashed_upto = 0, 0
        self._taken: int | None = None
        self._forget([])

    def _forget(self, coders: list[Coder]) -> None:
        self._coders = coders
        self._packing: Packing | None = None
        self._cells = SortedNumbers()
        self.impressions, self.clicks = Numbers(self._split), Numbers(self._split)

    def add(self, rows: pl.DataFrame, bucket: Ints | None = None) -> None:
        """Take in checked rows that have the columns of a cell; and the bucket of each, 0..19, where there are any."""
        if not len(rows):
            return
        codes = self._codes({name: Column(rows[name]) for name in self.by})
        if "click" in rows.columns:
            lower = [(bucket, BUCKET)] if bucket is not None else []
            self._wait(codes, [*lower, (rows["click"].to_numpy(), 1)])
            return
        if self.hashed and self._taken is None:
            self._taken = self.take_hash()  # of what is there: hashes of these rows are no sums of those of cells
        keys = self._pack(codes)
        if bucket is not None:
            keys = keys << BUCKET | bucket
        keys, place = np.unique(keys, return_inverse=True)
        sums = [np.zeros(len(keys), np.int64) for _ in COUNTS]
        for name, numbers in zip(COUNTS, sums, strict=True):
            np.add.at(numbers, place, rows[name].to_numpy())
        self._take_in(keys, *sums)

    def totals(self) -> tuple[int, int]:
        """Impressions and clicks of all cells."""
        self._count()
        return self.impressions.total, self.clicks.total

    def take_hash(self) -> int:
        """The sum of the hashes of all rows since it was last asked for, modulo 2^64."""
        if self._taken is None:
            self._count()
            number = self._cells.numbers
            counts = self.impressions.whole[number], self.clicks.whole[number]
            taken = cell_hashes.of_rows(self._coders, self._packing, self._cells.keys, *counts)
        else:
            taken = self._taken + self._hash_waiting()
        self._taken, self._hashed_upto = 0, self._waiting
        return taken % 2**64

    def _hash_waiting(self) -> int:
        """The sum of the hashes of the rows that wait, without those of which it was asked for."""
        keys = self._buffer[self._hashed_upto : self._waiting]
        return cell_hashes.of_rows(self._coders, self._packing, *reduced(keys))

    def _codes(self, columns: Columns) -> list[Ints]:
        """The codes of each row, by coder, each of shape (n,); there is a packing for them then."""
        if not self._coders:
            self._forget([Whole(name) for name in self.by])
        if not all(coder.takes(columns) for coder in self._coders):
            self._recode([_taking(coder, columns) for coder in self._coders])
        codes = [coder.codes(columns) for coder in self._coders]
        most = [coder.most for coder in self._coders]
        if self._packing is None or not self._packing.holds(most):
            packing = Packing.of(most, KEY - self._low)
            if packing is None:
                self._recode([Together(self.by[:-1]), self._coders[-1]])
                return self._codes(columns)
            self._repack(packing)
        return codes

    def _repack(self, packing: Packing) -> None:
        """Go on with other keys, which sort as those so far do."""
        self._count()
        if self._packing is not None:
            self._cells.keys = packing.pack(self._packing.unpack(self._cells.keys))
        self._packing = packing

    def _recode(self, coders: list[Coder]) -> None:
        """Go on with other coders."""
        sums = self.sums()
        self._forget(coders)
        if len(sums.number):
            self.absorb(sums)

    def _wait(self, codes: Sequence[Ints], lower: Sequence[tuple[Ints, int]]) -> None:
        """Let the keys of rows wait to be counted, made of codes and of what stands below them, in so many bits."""
        for start in range(0, len(codes[0]), BLOCK):
            rows = slice(start, start + BLOCK)
            n = len(codes[0][rows])
            if self._waiting + n > len(self._buffer):
                self._count()
            keys = self._buffer[self._waiting : self._waiting + n]
            keys[:] = self._pack([code[rows] for code in codes])
            for column, bits in lower:
                keys <<= bits
                keys |= column[rows]
            self._waiting += n

    def _pack(self, codes: Sequence[Ints]) -> Ints:
        assert self._packing is not None
        return self._packing.pack(codes)

    def _count(self) -> None:
        """Count the keys that wait."""
        if not self._waiting:
            return
        if self._taken is not None:  # else all there is will be asked for at once, and cells are fewer then
            self._taken += self._hash_waiting()
        counts = reduced(self._buffer[: self._waiting])
        self._waiting, self._hashed_upto = 0, 0
        self._take_in(*counts)

    def _take_in(self, keys: Ints, impressions: Ints | Counts, clicks: Ints | Counts) -> None:
        """Add counts for keys that are sorted and all different, of cells or of cells and their buckets."""
        cells = keys >> BUCKET if self._split else keys
        first = starts(cells) if self._split else None
        number = self._cells.of(cells if first is None else cells[first])
        place = None
        if first is not None:
            place = np.repeat(number, np.diff(first, append=len(keys)))
            place *= BUCKETS
            place += keys & ((1 << BUCKET) - 1)
        for numbers, more in ((self.impressions, impressions), (self.clicks, clicks)):
            numbers.make_room(len(self._cells))
            numbers.add(number, more if first is None else np.add.reduceat(more, first))
            if place is not None:
                numbers.add_split(place, more)

    def sums(self) -> Sums:
        """What there is so far."""
        self._count()
        columns: dict[str, Column] = {}
        codes = self._packing.unpack(self._cells.keys) if self._packing else ()
        for coder, code in zip(self._coders, codes, strict=False):  # without rows there are no codes
            different, index = coding.distinct(code)
            index = index.astype(np.int32)
            columns |= {values.name: Column(values, index) for values in coder.values(different)}
        return Sums(columns, self._cells.numbers, self.impressions, self.clicks)

    def trim(self) -> None:
        """Let go of memory that is there for more."""
        self._count()
        self._buffer = self._buffer[:0].copy()
        for numbers in (self.impressions, self.clicks):
            numbers.cut(len(self._cells))

    def absorb(self, sums: Sums) -> None:
        """Take in what a tally of the same columns came to."""
        if not len(sums.number):
            return
        keys = self._pack(self._codes(sums.columns))
        order = np.argsort(keys)
        mine = self._cells.of(keys[order])
        for numbers, more in ((self.impressions, sums.impressions), (self.clicks, sums.clicks)):
            numbers.make_room(len(self._cells))
            numbers.add_all(mine, more, sums.number[order])

    def to_frame(self) -> pl.DataFrame:
        """The cells, sorted, with their counts. The tally is empty then, as memory might not hold both.

        Raises
        ------
        ClickLogError
            A number grew beyond 32 bits.
        """
        sums = self.sums()
        self._forget([])
        self._buffer = self._buffer[:0].copy()
        ranks = [ranked(column) for column in sums.columns.values()]
        order = order_of([(rank, len(different)) for different, rank in ranks])
        keys = [different.gather(rank[order]) for different, rank in ranks]
        number, counted = sums.number[order], {"impressions": sums.impressions, "clicks": sums.clicks}
        del sums, ranks, order
        whole, split = [], []
        for name, by_bucket in zip(COUNTS, BY_BUCKET, strict=True):
            total, *by = counted.pop(name).columns(number, name, by_bucket)
            whole.append(total)
            split += by
        return pl.DataFrame([*keys, *whole, *split])


def _taking(coder: Coder, columns: Columns) -> Coder:
    """The coder, or one of texts where it does not take the rows."""
    return coder if coder.takes(columns) else Texts(coder.names[0])
