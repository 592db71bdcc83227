"""Rows of votes as a few whole numbers each, by which equal rows are found, counted and drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

EXACT = 53  # bits of a key: whatever knows whole numbers as float64 alone has it exactly
BLOCK = 2**14  # rows at a time: their columns stay in the processor's cache
SIZES = ((8, np.uint8), (16, np.uint16), (32, np.uint32))  # bits; what needs more is an int64
FEWEST = 2**19  # keys that wait to be counted, at least
COUNT = "count"

Votes = NDArray[np.int8]
Counts = NDArray[np.int64]
Keys = NDArray[np.int64]
Small = NDArray[Any]  # whole numbers of any size


def keys(votes: Votes, cardinality: int) -> Keys:
    """Each row as a few whole numbers, shape (n, c): equal rows, and only those, have equal numbers.

    Their digits are the votes, an abstention is 0, and a number has as many as fit: 33 votes on two classes. A row
    without votes is all 0.

    Examples
    --------
    >>> keys(np.array([[0, -1, 1], [-1, -1, -1]], np.int8), 2).tolist()
    [[19], [0]]
    """
    n, m = votes.shape
    digits = _digits(cardinality)
    out = np.zeros((n, width(m, cardinality)), np.int64)
    for start in range(0, n, BLOCK):
        block = (np.ascontiguousarray(votes[start : start + BLOCK].T) + np.int8(1)).view(np.uint8)
        for first in range(0, m, digits):
            number = _number(list(block[first : first + digits]), cardinality + 1)
            out[start : start + BLOCK, first // digits] = number
    return out


def width(m: int, cardinality: int) -> int:
    """c, how many numbers say a row of m votes; at least 1."""
    return max(1, -(-m // _digits(cardinality)))


def votes_of(numbers: Keys, m: int, cardinality: int) -> Votes:
    """The rows of votes that have these keys, shape (n, m)."""
    digits = _digits(cardinality)
    votes = np.empty((len(numbers), m), np.int8)
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        for first in range(0, m, digits):
            here = min(digits, m - first)
            said = np.stack(_digits_of(block[:, first // digits], here, cardinality + 1)).astype(np.int8)
            votes[start : start + BLOCK, first : first + here] = (said - np.int8(1)).T
    return votes


def hashes(numbers: Keys) -> NDArray[np.uint64]:
    """64 bits for each row of keys, shape (n,): a polynomial, then the finaliser of MurmurHash3."""
    state: NDArray[np.uint64] = np.full(len(numbers), 0x9E3779B97F4A7C15, np.uint64)
    for i in range(numbers.shape[1]):
        state *= np.uint64(0xD6E8FEB86659FD93)
        state += numbers[:, i].astype(np.uint64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        state ^= state >> np.uint64(33)
        state *= np.uint64(factor)
    state ^= state >> np.uint64(33)
    return state


@dataclass
class KeyTally:
    """How often each key occurs, where keys come bit by bit.

    What comes waits until it is as much as what is known already: all the adding up costs a few times what it would
    cost at once, however many bits there are, and the memory is a few times what the distinct keys need.

    Parameters
    ----------
    width
        c, how many numbers a key has.

    Attributes
    ----------
    known
        Distinct keys, shape (u, c), and how often each came, shape (u,), in any order; of what does not wait any more.
    """

    width: int
    known: tuple[Keys, Counts] = field(init=False)
    _waiting: list[tuple[Keys, Counts]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.known = np.empty((0, self.width), np.int64), np.empty(0, np.int64)

    def add(self, numbers: Keys, counts: Counts | None = None) -> None:
        """Take in keys, shape (n, c), each so many times, shape (n,); once by default."""
        self._waiting.append(counted(numbers, counts))
        if sum(len(found) for found, _ in self._waiting) >= max(FEWEST, len(self.known[0])):
            self.add_up()

    def add_up(self) -> tuple[Keys, Counts]:
        """Let nothing wait, and give all that is known."""
        tables = [table for table in (self.known, *self._waiting) if len(table[1])]
        if self._waiting and tables:
            self.known = tables[0] if len(tables) == 1 else counted(*map(np.concatenate, zip(*tables, strict=True)))
        self._waiting = []
        return self.known

    def table(self) -> tuple[Keys, Counts]:
        """The distinct keys, sorted by their first number, then by the next, and how often each came; (u, c), (u,)."""
        frame, names = _framed(*self.add_up())
        frame = frame.sort(names)
        return frame.select(names).to_numpy(order="c"), frame[COUNT].to_numpy()


def counted(numbers: Keys, counts: Counts | None = None) -> tuple[Keys, Counts]:
    """The distinct keys, in any order, and how often each occurs, or what its counts sum to; shapes (u, c), (u,)."""
    if numbers.shape[1] == 1:
        return _counted_by_sorting(numbers, counts)
    frame, names = _framed(numbers, counts)
    sums = pl.len().cast(pl.Int64).alias(COUNT) if counts is None else pl.col(COUNT).sum()
    groups = frame.group_by(names).agg(sums)
    return groups.select(names).to_numpy(order="c"), groups[COUNT].to_numpy()


def rows_by_hash(numbers: Keys) -> tuple[NDArray[np.uint32], Counts]:
    """Where each distinct row of keys stands first, shape (u,), and how often it occurs; in any order.

    Rows of the same 64-bit hash are taken for equal: quicker than `counted` for wide rows, and good enough to draw a
    sample; of a million different rows, two have the same hash once in forty million times.
    """
    frame = pl.DataFrame({"hash": hashes(numbers)}).with_row_index("row")
    groups = frame.group_by("hash").agg(pl.first("row"), pl.len().cast(pl.Int64).alias(COUNT))
    return groups["row"].to_numpy(), groups[COUNT].to_numpy()


def _counted_by_sorting(numbers: Keys, counts: Counts | None) -> tuple[Keys, Counts]:
    """The same where each row is one number: to sort those is quicker than to hash them."""
    if counts is None:
        in_order = np.sort(numbers[:, 0])
    else:
        order = np.argsort(numbers[:, 0])
        in_order = numbers[order, 0]
    starts = np.flatnonzero(np.diff(in_order, prepend=-1))  # no key is below 0
    if counts is None or not len(starts):
        return in_order[starts, None], np.diff(starts, append=len(numbers))
    return in_order[starts, None], np.add.reduceat(counts[order], starts)


def _framed(numbers: Keys, counts: Counts | None) -> tuple[pl.DataFrame, list[str]]:
    """Keys as columns, with these names, and their counts."""
    names = [f"key_{i}" for i in range(numbers.shape[1])]
    columns = [pl.Series(name, numbers[:, i]) for i, name in enumerate(names)]
    return pl.DataFrame(columns if counts is None else [*columns, pl.Series(COUNT, counts)]), names


def _digits(cardinality: int) -> int:
    """How many votes fit in a key."""
    return int(EXACT / np.log2(cardinality + 1))


def _number(digits: Sequence[Small], base: int) -> Small:
    """The number that digits, the lowest first, stand for, row by row; shapes (n,).

    Its lower half and its upper half, each in as few bits as hold it: most of the work is done on single bytes.
    """
    if len(digits) == 1:
        return digits[0]
    half, size = (len(digits) + 1) // 2, _size(base ** len(digits))
    low, high = _number(digits[:half], base), _number(digits[half:], base)
    return np.asarray(low.astype(size) + high.astype(size) * size(base**half))


def _digits_of(number: Small, d: int, base: int) -> list[Small]:
    """The other way round: its d digits, the lowest first."""
    if d == 1:
        return [number]
    half = (d + 1) // 2
    high = number // number.dtype.type(base**half)
    low = number - high * number.dtype.type(base**half)
    lower = _digits_of(low.astype(_size(base**half)), half, base)
    return lower + _digits_of(high.astype(_size(base ** (d - half))), d - half, base)


def _size(n: int) -> type:
    """The smallest kind of whole number that has so many values."""
    return next((kind for bits, kind in SIZES if n <= 2**bits), np.int64)
