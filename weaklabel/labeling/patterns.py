"""The vote-pattern table: the distinct rows of a label matrix, and how often each occurs.

It is all that a label model needs to be fitted (order carries no information), it is exact, and it adds up: the table
of two shards is the sum of their tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError
from weaklabel.labeling.vote_keys import Counts as Counts
from weaklabel.labeling.vote_keys import Keys, KeyTally, hashes, keys, rows_by_hash, votes_of, width
from weaklabel.labeling.vote_keys import Votes as Votes
from weaklabel.numerics import Floats

COUNT = "n_items"
ROWS = 2**20  # of a label matrix at a time


@dataclass(frozen=True, eq=False)
class VotePatterns(Artefact):
    """Distinct rows of votes, each with how many items have it.

    Parameters
    ----------
    votes
        Shape (u, m), int8; sorted, so that the same votes in any order give the same table.
    counts
        Shape (u,), at least 1.
    lf_names, classes
        As in the label matrix.

    Raises
    ------
    TableError
        Shapes disagree, or a function has the name of the column of counts.
    """

    kind: ClassVar[str] = "vote patterns"

    votes: Votes
    counts: Counts
    lf_names: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names(self.lf_names)
        shape = (len(self.counts), len(self.lf_names))
        if np.shape(self.votes) != shape:
            raise TableError(f"patterns have shape {np.shape(self.votes)}; {shape[0]} counts x {shape[1]} names given")
        checks.put(self, votes=checks.frozen(np.asarray(self.votes, np.int8)))
        checks.put(self, counts=checks.frozen(np.asarray(self.counts, np.int64)))

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def n(self) -> int:
        """How many items there are."""
        return int(self.counts.sum())

    @property
    def cardinality(self) -> int:
        """k, the number of classes."""
        return len(self.classes)

    def to_frame(self) -> pl.DataFrame:
        """A column per labeling function, and `n_items`."""
        columns = [pl.Series(name, self.votes[:, j]) for j, name in enumerate(self.lf_names)]
        return pl.DataFrame([*columns, pl.Series(COUNT, self.counts)])

    def meta(self) -> dict[str, Any]:
        return {"classes": self.classes}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        names = tuple(name for name in frame.columns if name != COUNT)
        votes = frame.select(names).to_numpy() if names else np.empty((len(frame), 0), np.int8)
        return cls(votes, frame[COUNT].to_numpy(), names, tuple(meta["classes"]))


@dataclass(frozen=True, eq=False)
class VoteCounts:
    """What any label model is fitted from, added up over label matrices of any size; see `count_votes`.

    Attributes
    ----------
    n, n_covered
        Items, and those with a vote.
    covotes
        Shape (m k, m k), of all items, as `covotes` gives it.
    patterns
        The table of all items; or of a sample of them, if they have too many distinct rows.
    """

    n: int
    n_covered: int
    covotes: Counts
    patterns: VotePatterns

    @property
    def lf_names(self) -> tuple[str, ...]:
        """The m names."""
        return self.patterns.lf_names

    @property
    def classes(self) -> tuple[str, ...]:
        """The k class names."""
        return self.patterns.classes

    @property
    def cardinality(self) -> int:
        """k, the number of classes."""
        return len(self.classes)

    @property
    def sampled(self) -> bool:
        """Whether the patterns are those of a sample of the items."""
        return self.patterns.n < self.n


Fittable = LabelMatrix | VotePatterns | VoteCounts


def vote_patterns(L: Fittable) -> VotePatterns:
    """The table of a label matrix; one that is a table already stays as it is.

    Examples
    --------
    >>> table = vote_patterns(LabelMatrix.from_array([[0, 1], [1, -1], [0, 1]]))
    >>> table.votes.tolist(), table.counts.tolist()
    ([[1, -1], [0, 1]], [1, 2])
    """
    if isinstance(L, VotePatterns):
        return L
    if isinstance(L, VoteCounts):
        return L.patterns
    return as_patterns(_tally(L), L.lf_names, L.classes)


def merge(*tables: VotePatterns) -> VotePatterns:
    """The table of all the items of several tables; shards of one matrix give the table of the whole.

    Raises
    ------
    TableError
        There is none, or they are of different functions or classes.
    """
    if not tables:
        raise TableError("no vote patterns to merge")
    first = tables[0]
    tally = KeyTally(width(len(first.lf_names), first.cardinality))
    for table in tables:
        if (table.lf_names, table.classes) != (first.lf_names, first.classes):
            raise TableError("vote patterns of different functions or classes cannot be added up")
        tally.add(keys(table.votes, table.cardinality), table.counts)
    return as_patterns(tally, first.lf_names, first.classes)


def as_patterns(tally: KeyTally, lf_names: tuple[str, ...], classes: tuple[str, ...]) -> VotePatterns:
    """The table of the rows whose keys were added up."""
    numbers, counts = tally.table()
    return VotePatterns(votes_of(numbers, len(lf_names), len(classes)), counts, lf_names, classes)


def distinct(votes: Votes, cardinality: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For the distinct rows, in the order of their keys: where each stands first, and for each row which one it is.

    Shapes (u,) and (n,). Which of several equal rows stands first may differ from run to run; they are equal.
    """
    numbers = keys(votes, cardinality)
    names = [f"key_{i}" for i in range(numbers.shape[1])]
    columns = [pl.Series(name, numbers[:, i]) for i, name in enumerate(names)]
    frame = pl.DataFrame(columns).with_row_index("row")
    groups = frame.group_by(names).agg(pl.first("row")).sort(names)
    which = frame.join(groups.with_row_index("which").drop("row"), on=names, maintain_order="left")["which"]
    return groups["row"].to_numpy(), which.cast(pl.Int64).to_numpy()


def condense(L: Fittable, size: int) -> tuple[Votes, Floats]:
    """At most `size` of the distinct rows, shape (u, m), with weights, shape (u,), that estimate their counts.

    Up to `size` distinct rows the weights are the counts. Beyond, frequent rows are always kept, and of the rare ones a
    hash decides, not a generator: the draw depends neither on the order of the items nor on how they were sharded, and
    sums of weights estimate those of counts without bias.

    Source: Duffield, Lund and Thorup, Priority sampling for estimation of arbitrary subset sums, JACM 2007.
    """
    numbers, rows, counts = _roughly_counted(L)
    weights = counts.astype(np.float64)
    if len(rows) > size:
        priority = weights / ((hashes(numbers)[rows].astype(np.float64) + 1) / 2.0**64)
        threshold = np.partition(priority, -size - 1)[-size - 1]
        kept = priority > threshold
        rows, weights = rows[kept], np.maximum(weights[kept], threshold)
    numbers = numbers[rows]
    order = np.lexsort(numbers.T)
    return votes_of(numbers[order], len(L.lf_names), L.cardinality), weights[order]


def check_names(lf_names: Sequence[str]) -> None:
    """See that the column of counts is not a function's.

    Raises
    ------
    TableError
        It is.
    """
    if COUNT in lf_names:
        raise TableError(f"a labeling function is called {COUNT!r}, the name of the column of counts: rename it")


def _roughly_counted(L: Fittable) -> tuple[Keys, NDArray[Any], Counts]:
    """Keys, where among them each distinct one stands, and how often it occurs; in any order."""
    if isinstance(L, LabelMatrix) and width(len(L.lf_names), L.cardinality) > 1:
        numbers = keys(L.votes, L.cardinality)
        return numbers, *rows_by_hash(numbers)
    numbers, counts = _tally(L.patterns if isinstance(L, VoteCounts) else L).add_up()
    return numbers, np.arange(len(numbers)), counts


def _tally(L: LabelMatrix | VotePatterns) -> KeyTally:
    """The keys of its rows, added up some rows at a time."""
    tally = KeyTally(width(len(L.lf_names), L.cardinality))
    for start in range(0, len(L.votes), ROWS):
        rows = slice(start, start + ROWS)
        counts = L.counts[rows] if isinstance(L, VotePatterns) else None
        tally.add(keys(L.votes[rows], L.cardinality), counts)
    return tally
