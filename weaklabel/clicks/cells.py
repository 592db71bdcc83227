"""The kernels' view of click counts: plain arrays, one entry per cell, an item at a place."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Impressions and clicks of n items at p slots, in M cells; a slot is a position in a context.

    Attributes
    ----------
    item
        Shape (M,), 0..n-1, sorted: what was shown. Its relevance is constant.
    slot
        Shape (M,), 0..p-1: where.
    N, C
        Shape (M,): impressions and clicks.
    position, context
        Shape (p,): what each slot is. Slots are sorted by context, then position; context 0 is the only one where the
        counts tell none apart.
    query
        Shape (n,): the query of each item, 0.. .
    N_by_bucket, C_by_bucket
        Shape (M, B): the same counts by bucket of sessions; None where there were no sessions.
    """

    item: Ints
    slot: Ints
    N: Floats
    C: Floats
    position: Ints
    context: Ints
    query: Ints
    N_by_bucket: NDArray[np.unsignedinteger] | None = None
    C_by_bucket: NDArray[np.unsignedinteger] | None = None

    @property
    def buckets(self) -> int:
        """How many buckets of sessions there are; 0 where there were no sessions."""
        return 0 if self.N_by_bucket is None else self.N_by_bucket.shape[1]

    @property
    def first(self) -> Mask:
        """The slots that the others of their context are relative to, shape (p,): the first of each."""
        return np.asarray(np.diff(self.context, prepend=-1) != 0)

    @cached_property
    def _starts(self) -> Ints:
        """Where each item that is there begins: items are sorted, and their sums run along them."""
        return np.flatnonzero(np.diff(self.item, prepend=-1))

    def per_item(self, values: Floats) -> Floats:
        """Sums over the cells of each item, shape (n,)."""
        sums = np.zeros(len(self.query))
        if len(self.item):
            sums[self.item[self._starts]] = np.add.reduceat(values, self._starts, dtype=np.float64)
        return sums

    def per_slot(self, values: Floats) -> Floats:
        """Sums over the cells of each slot, shape (p,)."""
        return np.asarray(np.bincount(self.slot, values, len(self.position)), dtype=np.float64)

    def only(self, chosen: Mask) -> "Cells":
        """The cells with the counts of the chosen buckets, shape (B,); all slots and items stay."""
        shown, clicked = (counts[:, chosen] for counts in buckets_of(self))
        return replace(
            self,
            N=shown.sum(axis=1, dtype=np.float64),
            C=clicked.sum(axis=1, dtype=np.float64),
            N_by_bucket=shown,
            C_by_bucket=clicked,
        )

    def without(self, b: int) -> "Cells":
        """The cells with bucket b taken out; no buckets remain, all slots and items stay."""
        shown, clicked = (counts[:, b] for counts in buckets_of(self))
        return replace(self, N=self.N - shown, C=self.C - clicked, N_by_bucket=None, C_by_bucket=None)

    def in_groups(self, group: Ints, groups: int) -> "Cells":
        """The cells with each cell, shape (M,), in one bucket as a whole: where there were no sessions."""
        split = [np.zeros((len(self.item), groups), dtype=self._holds) for _ in range(2)]
        for counts, by_group in zip((self.N, self.C), split, strict=True):
            by_group[np.arange(len(group)), group] = counts
        return replace(self, N_by_bucket=split[0], C_by_bucket=split[1])

    def by_impression(self, groups: int) -> "Cells":
        """The cells with each impression in a bucket of its own choice, as if it were a session; always the same."""
        rng, shares = np.random.default_rng(0), np.full(groups, 1 / groups)
        clicked, passed = (rng.multinomial(n.astype(np.int64), shares) for n in (self.C, self.N - self.C))
        shown = (clicked + passed).astype(self._holds)
        return replace(self, N_by_bucket=shown, C_by_bucket=clicked.astype(self._holds))

    @property
    def _holds(self) -> type[np.unsignedinteger]:
        """What holds the impressions of any cell."""
        return np.uint32 if self.N.max(initial=0) < 2**32 else np.uint64

    def where(self, kept: Mask | Ints) -> "Cells":
        """Only some of the cells, by mask or by number; all slots and items keep their numbers."""
        rows = np.flatnonzero(kept) if kept.dtype == np.bool_ else kept  # to take rows is quicker than to mask them
        shown, clicked = self.N_by_bucket, self.C_by_bucket
        return replace(
            self,
            item=self.item[rows],
            slot=self.slot[rows],
            N=self.N[rows],
            C=self.C[rows],
            N_by_bucket=None if shown is None else shown.take(rows, axis=0),
            C_by_bucket=None if clicked is None else clicked.take(rows, axis=0),
        )


def buckets_of(cells: Cells) -> tuple[NDArray[np.unsignedinteger], NDArray[np.unsignedinteger]]:
    """Impressions and clicks by bucket, each of shape (M, B).

    Raises
    ------
    ValueError
        There are none, as the log had no sessions.
    """
    if cells.N_by_bucket is None or cells.C_by_bucket is None:
        raise ValueError("these counts have no buckets: the log had no sessions")
    return cells.N_by_bucket, cells.C_by_bucket
