"""How often each two votes fall on one item: all that Snorkel's label model is fitted to.

Whole numbers that add up: the table of two shards is the sum of their tables. One bit per item and possible vote, so
that one AND counts 64 items.
"""

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.compiled.bit_planes import bit_planes
from weaklabel.labeling.compiled.choice import pays
from weaklabel.labeling.compiled.popcounts import popcounts
from weaklabel.labeling.patterns import Counts, Fittable, VoteCounts, Votes

WORD = 64  # items in a machine word
WORDS = 2**19  # at a time: 4 MiB stay in the processor's cache
MOST_ROWS = 2**16  # at a time
FEWEST_ROWS = 2**10
STRIP = 512  # rows whose votes are turned into columns at a time, in the cache
# CPU seconds that compiled loops save per item: for each possible vote, and for each two.
SAVED_PER_VOTE, SAVED_PER_PAIR = 0.1e-9, 0.008e-9

Words = NDArray[np.uint64]


def covotes(L: Fittable) -> Counts:
    """On how many items each two votes stand together, shape (m k, m k): [j k + v, i k + u], j votes v and i votes u.

    Exact, symmetric, and on the diagonal how often each vote is cast. The order of the items does not matter.

    Examples
    --------
    >>> covotes(LabelMatrix.from_array([[0, 1], [0, -1], [1, 1]])).tolist()
    [[2, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 2]]
    """
    m, k = len(L.lf_names), L.cardinality
    if isinstance(L, VoteCounts):
        return L.covotes
    if isinstance(L, LabelMatrix):
        return covotes_of(L.votes, k)
    together = np.zeros((m * k, m * k), np.int64)
    for bit in range(int(L.counts.max(initial=0)).bit_length()):
        # A pattern that 5 items have is counted once as 4 and once as 1.
        rows = np.flatnonzero(L.counts >> bit & 1)
        together += _of_rows(L.votes, k, rows) << bit
    return together


def covotes_of(votes: Votes, k: int) -> Counts:
    """The same of bare votes, shape (n, m), on k classes."""
    return _of_rows(votes, k)


def _of_rows(votes: Votes, k: int, rows: NDArray[np.intp] | None = None) -> Counts:
    """The table of these rows, each counted once; of all of them by default."""
    columns = votes.shape[1] * k
    together = np.zeros((columns, columns), np.int64)
    n = len(votes) if rows is None else len(rows)
    saved = n * columns * (SAVED_PER_VOTE + SAVED_PER_PAIR * columns)
    planes, shared = (bit_planes, popcounts) if pays("co-votes", saved) else (_bits, _popcounts)
    step = min(MOST_ROWS, max(FEWEST_ROWS, WORDS * WORD // max(columns, 1)))
    for start in range(0, n, step):
        block = votes[start : start + step] if rows is None else votes[rows[start : start + step]]
        bits = planes(block, k)
        cast = np.flatnonzero(bits.any(axis=1))  # most functions vote for one class only
        together[np.ix_(cast, cast)] += shared(bits[cast])
    return together + np.triu(together, 1).T


def _bits(votes: Votes, k: int) -> Words:
    """Which items have each possible vote, shape (m k, words): a bit each, padded with zeros."""
    n, m = votes.shape
    by_function = np.empty((m, n), np.int8)
    for start in range(0, n, STRIP):
        by_function[:, start : start + STRIP] = votes[start : start + STRIP].T
    width = -(-n // WORD) * WORD // 8
    packed = np.zeros((m, k, width), np.uint8)
    for v in range(k):
        packed[:, v, : -(-n // 8)] = np.packbits(by_function == v, axis=1)
    return packed.reshape(m * k, width).view(np.uint64)


def _popcounts(bits: Words) -> Counts:
    """How many bits each two rows share, shape (rows, rows), on and above the diagonal; 0 below."""
    shared = np.zeros((len(bits), len(bits)), np.int64)
    for i in range(len(bits)):
        shared[i, i:] = np.bitwise_count(bits[i:] & bits[i]).sum(axis=1, dtype=np.uint32)
    return shared
