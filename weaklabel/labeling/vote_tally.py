"""What votes add up to, a batch or a part at a time, in memory that does not grow with the items."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from weaklabel.labeling.covotes import covotes, covotes_of
from weaklabel.labeling.patterns import VotePatterns, as_patterns
from weaklabel.labeling.vote_keys import Counts, KeyTally, Votes, keys, width
from weaklabel.labeling.vote_parts import Voters


@dataclass
class VoteTally:
    """Counts of the votes on some items; those of all parts add up, in any order, to those of all items.

    Parameters
    ----------
    voters
        Whose votes they are.
    most
        How many distinct rows to remember. Where there are more, none is: whether it comes to that depends on what is
        there in the end, not on what came first.

    Attributes
    ----------
    n, n_covered
        Items, and those with a vote.
    patterns
        The distinct rows, by their keys, and how often each came; empty if there are too many.
    too_many
        Whether there are.
    rest
        The co-votes, shape (m k, m k), of items that are in no pattern.
    """

    voters: Voters
    most: int
    n: int = field(init=False, default=0)
    n_covered: int = field(init=False, default=0)
    patterns: KeyTally = field(init=False)
    too_many: bool = field(init=False, default=False)
    rest: Counts = field(init=False)

    def __post_init__(self) -> None:
        m, k = len(self.voters.lf_names), len(self.voters.classes)
        self.patterns = KeyTally(width(m, k))
        self.rest = np.zeros((m * k, m * k), np.int64)

    def add(self, votes: Votes) -> None:
        """Take in the votes on some items, shape (n, m)."""
        numbers = keys(votes, len(self.voters.classes))
        self.n += len(votes)
        self.n_covered += int(np.count_nonzero(numbers.any(axis=1)))
        if self.too_many:
            self.rest += covotes_of(votes, len(self.voters.classes))
        else:
            self.patterns.add(numbers)
            self._keep_few()

    def merge(self, other: Self) -> None:
        """Take in what was counted elsewhere, of the same voters and with the same `most`."""
        self.n += other.n
        self.n_covered += other.n_covered
        self.rest += other.rest
        self.too_many |= other.too_many
        self.patterns.add(*other.patterns.add_up())
        self._keep_few()

    def settled(self) -> Self:
        """Itself, once nothing waits to be added up."""
        self.patterns.add_up()
        self._keep_few()
        return self

    def table(self) -> VotePatterns:
        """The table of the items that are in a pattern: of all of them, unless there are too many."""
        return as_patterns(self.patterns, *self.voters)

    def covotes(self) -> Counts:
        """The co-votes of all items, shape (m k, m k)."""
        return np.asarray(self.rest + covotes(self.table()))

    def _keep_few(self) -> None:
        if self.too_many or len(self.patterns.known[0]) > self.most:
            self.rest = self.covotes()
            self.patterns = KeyTally(self.patterns.width)
            self.too_many = True
