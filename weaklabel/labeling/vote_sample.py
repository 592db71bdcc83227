"""A sample of items for where their votes have too many distinct rows to remember all."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.labeling.vote_keys import Keys, Votes, keys

SEED = 1  # of the hash of ids
LARGEST = np.uint64(2**64 - 1)


@dataclass
class ItemSample:
    """The rows of votes of those items whose ids have the smallest hashes.

    Every item is as likely to be among them as any other. The draw depends on the ids alone, not on the order of the
    items nor on how they were sharded: samples of two shards make that of the whole.

    Parameters
    ----------
    size
        How many items, at most.
    width
        How many numbers the key of a row has.

    Attributes
    ----------
    hashes, numbers
        Of the ids, shape (s,), and the keys of the votes, shape (s, width), of items that do not wait any more.
    """

    size: int
    width: int
    hashes: NDArray[np.uint64] = field(init=False)
    numbers: Keys = field(init=False)
    _waiting: list[tuple[NDArray[np.uint64], Keys]] = field(init=False, default_factory=list)
    _limit: np.uint64 = field(init=False, default=LARGEST)

    def __post_init__(self) -> None:
        self.hashes, self.numbers = np.empty(0, np.uint64), np.empty((0, self.width), np.int64)

    def add(self, ids: pl.Series, votes: Votes, cardinality: int) -> None:
        """Take in items by their ids, shape (n,), and votes, shape (n, m)."""
        hashes = ids.cast(pl.String).hash(seed=SEED).to_numpy()
        near = np.flatnonzero(hashes <= self._limit)
        self._take(hashes[near], keys(votes[near], cardinality))

    def merge(self, other: "ItemSample") -> None:
        """Take in a sample of other items, of the same size."""
        other.settled()
        self._take(other.hashes, other.numbers)

    def settled(self) -> "ItemSample":
        """Itself, once it is no larger than it should be, and nothing waits."""
        both = [(self.hashes, self.numbers), *self._waiting]
        hashes, numbers = (np.concatenate(parts) for parts in zip(*both, strict=True))
        if len(hashes) > self.size:
            self._limit = np.partition(hashes, self.size - 1)[self.size - 1]
            kept = hashes <= self._limit
            hashes, numbers = hashes[kept], numbers[kept]
        self.hashes, self.numbers, self._waiting = hashes, numbers, []
        return self

    def _take(self, hashes: NDArray[np.uint64], numbers: Keys) -> None:
        self._waiting.append((hashes, numbers))
        if sum(len(waiting) for waiting, _ in self._waiting) >= self.size:
            self.settled()
