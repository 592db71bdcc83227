"""The audit slice: a true random sample of the pool, whatever else was asked.

All items of a pool stand in one fixed random order. A share of every batch is the next open items of that order; all
items before the first open one are the slice. So the slice is what somebody who draws at random would have drawn,
although most answers were chosen by a strategy and would make any score a guess.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import checks
from weaklabel.errors import TableError

SHARE = 0.25  # of each batch; it cost nothing in the end model's score, measured on seven data sets
CHUNK = 1 << 16  # ids that are Python texts at a time


@dataclass(frozen=True, eq=False)
class AuditSlice:
    """A uniform sample of a pool, of which people answered every item that they could.

    Attributes
    ----------
    item_ids
        Shape (a,): the answered ones, in the order in which they are drawn.
    skipped
        Shape (s,): those that people saw and left. They are no part of the sample, so that what it says holds for the
        items that people can answer; how far that may be from all items is bounded by their number.
    pool
        Number of items that the sample stands for, those skipped among them.
    seed
        Of the order.
    """

    item_ids: pl.Series
    skipped: pl.Series
    pool: int
    seed: int

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def skip_share(self) -> float:
        """Estimated share of the pool, in [0, 1], that people cannot answer; 0 while nothing was drawn."""
        drawn = len(self.item_ids) + len(self.skipped)
        return len(self.skipped) / drawn if drawn else 0.0


def audit_slice(
    item_ids: pl.Series, answered: Iterable[str], *, skipped: Iterable[str] = (), seed: int = 0
) -> AuditSlice:
    """The longest beginning of the pool's random order in which no item is open.

    Items that a strategy chose count where they stand in it. The first open item ends the slice and is not in it: this
    makes the share of chosen items in the slice an unbiased estimate of theirs in the pool, as in inverse sampling.

    Parameters
    ----------
    item_ids
        The pool, shape (n,). Its order plays no part. An item that is added later gets its place in the same order: if
        that lies within the slice, the slice ends there until the item is answered, as it has to stand for it too.
    answered
        Ids with an answer; those that the pool lacks are ignored.
    skipped
        Ids that people left without one; an item that is also answered is answered.
    seed
        Of the order; the same in every round.

    Raises
    ------
    TableError
        An id is missing or occurs twice, or one text is given for a list of ids.

    Source: Haldane, On a Method of Estimating Frequencies, Biometrika 1945 (inverse sampling).
    """
    ids = checks.ids(item_ids)
    numbers = permutation(ids, seed)
    done = among(ids, answered)
    left = among(ids, skipped) & ~done
    still_open = ~(done | left)
    end = numbers[still_open].min(initial=np.iinfo(np.uint64).max)
    return AuditSlice(_ordered(ids, numbers, done, end), _ordered(ids, numbers, left, end), len(ids), seed)


def audit_next(item_ids: pl.Series, size: int, *, asked: Iterable[str] = (), seed: int = 0) -> pl.Series:
    """The next `size` items of the pool's random order that nobody was asked about, the first first.

    Parameters
    ----------
    item_ids
        The pool, shape (n,).
    size
        How many, 0 or more; fewer come where fewer are left.
    asked
        Ids that need not be asked: answered, skipped, waiting for an answer, or in the batch already.
    seed
        Of the order.

    Raises
    ------
    TableError
        `size` is negative, or an id is missing or occurs twice.
    """
    if size < 0:
        raise TableError(f"{size} items cannot be asked: give 0 or more")
    ids = checks.ids(item_ids)
    rows = np.flatnonzero(~among(ids, asked))
    return _first(ids, rows, permutation(ids, seed), size)


def audit_quota(size: int, asked: int = 0, share: float = SHARE) -> int:
    """How many items of a batch go to the audit, so that over all batches exactly that share does.

    Parameters
    ----------
    size
        Of the batch.
    asked
        Items asked before it, in all batches.
    share
        In [0, 1].

    Raises
    ------
    TableError
        A number is negative, or `share` is not in [0, 1].

    Examples
    --------
    >>> [audit_quota(10, asked) for asked in (0, 10, 20, 30)]
    [2, 3, 2, 3]
    """
    if size < 0 or asked < 0:
        raise TableError(f"a batch of {size} items after {asked}: neither can be negative")
    if not 0 <= share <= 1:
        raise TableError(f"a share of {share} of a batch cannot go to the audit: give one from 0 to 1")
    return floor((asked + size) * share + 1e-9) - floor(asked * share + 1e-9)


def permutation(item_ids: pl.Series, seed: int = 0) -> NDArray[np.uint64]:
    """Each item's place in the random order, shape (n,): a 64-bit number from its id and the seed, and nothing else.

    Neither the order of the rows nor the other items, the shard or the machine change it.
    """
    start = hashlib.blake2b(key=str(seed).encode(), digest_size=8, person=b"wl audit")

    def digest(item_id: str) -> bytes:
        hashed = start.copy()
        hashed.update(item_id.encode())
        return hashed.digest()

    numbers = np.empty(len(item_ids), np.uint64)
    for begin in range(0, len(item_ids), CHUNK):
        part = item_ids[begin : begin + CHUNK].to_list()
        numbers[begin : begin + len(part)] = np.frombuffer(b"".join(map(digest, part)), "<u8")
    return numbers


def among(item_ids: pl.Series, wanted: Iterable[str]) -> NDArray[np.bool_]:
    """Which of the items are wanted, shape (n,)."""
    if isinstance(wanted, str):
        raise TableError(f"ids are a list, such as [{wanted!r}], not one text")
    return item_ids.is_in(pl.Series(list(wanted), dtype=pl.String).implode()).to_numpy()


def _ordered(ids: pl.Series, numbers: NDArray[np.uint64], which: NDArray[np.bool_], end: np.uint64) -> pl.Series:
    rows = np.flatnonzero(which & (numbers < end))
    return _first(ids, rows, numbers, len(rows))


def _first(ids: pl.Series, rows: NDArray[np.intp], numbers: NDArray[np.uint64], size: int) -> pl.Series:
    """The ids of the rows with the smallest numbers; two ids with one number, should there be such, by their ids."""
    if size < len(rows):
        cut = np.partition(numbers[rows], size)[size]
        rows = rows[numbers[rows] <= cut]
    order = np.lexsort((ids.gather(rows).rank("ordinal").to_numpy(), numbers[rows]))
    return ids.gather(rows[order[:size]])
