"""The vote-pattern table: the distinct rows of a label matrix, and how often each occurs.

It is all that a label model needs to be fitted (order carries no information), it is exact, and it adds up: the table
of two shards is the sum of their tables.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, checks
from weaklabel.artefacts.label_matrix import OWN_COLUMNS
from weaklabel.artefacts.store import Artefact, read_header
from weaklabel.errors import TableError
from weaklabel.numerics import Floats

COUNT = "n_items"
EXACT = 53  # bits of a float64's whole numbers: a key is summed up in one, and stays exact
BLOCK = 8192  # rows at a time: their float64 copy stays in the processor's cache

Votes = NDArray[np.int8]
Counts = NDArray[np.int64]
Keys = NDArray[np.int64]


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
    """

    kind: ClassVar[str] = "vote patterns"

    votes: Votes
    counts: Counts
    lf_names: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if COUNT in self.lf_names:
            raise TableError(f"a labeling function is called {COUNT!r}, the name of the column of counts: rename it")
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


def vote_patterns(L: LabelMatrix | VotePatterns) -> VotePatterns:
    """The table of a label matrix; one that is a table already stays as it is.

    Examples
    --------
    >>> table = vote_patterns(LabelMatrix.from_array([[0, 1], [1, -1], [0, 1]]))
    >>> table.votes.tolist(), table.counts.tolist()
    ([[1, -1], [0, 1]], [1, 2])
    """
    if isinstance(L, VotePatterns):
        return L
    return _table(L.votes, None, L.lf_names, L.classes)


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
    for table in tables[1:]:
        if (table.lf_names, table.classes) != (first.lf_names, first.classes):
            raise TableError("vote patterns of different functions or classes cannot be added up")
    votes = np.concatenate([table.votes for table in tables])
    counts = np.concatenate([table.counts for table in tables])
    return _table(votes, counts, first.lf_names, first.classes)


def read_patterns(paths: Sequence[str | Path]) -> VotePatterns:
    """The table of the label matrices in these files, read piece by piece: their votes never lie in memory at once.

    Raises
    ------
    ArtefactError
        A file holds no label matrix, or is truncated.
    TableError
        They are of different functions or classes.
    """
    return merge(*(_scan(Path(path)) for path in paths))


def distinct(votes: Votes, cardinality: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For the distinct rows, in the order of their keys: where each stands first, and for each row which one it is.

    Shapes (u,) and (n,). Which of several equal rows stands first may differ from run to run; they are equal.
    """
    frame, names = _keyed(votes, cardinality)
    groups = frame.group_by(names).agg(pl.first("row")).sort(names)
    which = frame.join(groups.with_row_index("which").drop("row"), on=names, maintain_order="left")["which"]
    return groups["row"].to_numpy(), which.cast(pl.Int64).to_numpy()


def keys(votes: Votes, cardinality: int) -> Keys:
    """Each row as a few whole numbers, shape (n, c): equal rows, and only those, have equal numbers."""
    n, m = votes.shape
    digits = int(EXACT / np.log2(cardinality + 1))
    columns = -(-m // digits)
    places = np.zeros((m, columns))
    places[np.arange(m), np.arange(m) // digits] = float(cardinality + 1) ** (np.arange(m) % digits)
    out = np.empty((n, columns), np.int64)
    for start in range(0, n, BLOCK):
        out[start : start + BLOCK] = (votes[start : start + BLOCK] + np.float64(1)) @ places
    return out


def condense(L: LabelMatrix | VotePatterns, size: int) -> tuple[Votes, Floats]:
    """At most `size` of the distinct rows, shape (u, m), with weights, shape (u,), that estimate their counts.

    Up to `size` distinct rows the weights are the counts. Beyond, frequent rows are always kept, and of the rare ones a
    hash decides, not a generator: the draw depends neither on the order of the items nor on how they were sharded, and
    sums of weights estimate those of counts without bias.

    Source: Duffield, Lund and Thorup, Priority sampling for estimation of arbitrary subset sums, JACM 2007.
    """
    numbers = keys(L.votes, L.cardinality)
    frame = pl.DataFrame({"hash": _hash(numbers)}).with_row_index("row")  # 64 bits: rows that differ never share one
    count = pl.len()
    if isinstance(L, VotePatterns):
        frame, count = frame.with_columns(pl.Series(COUNT, L.counts)), pl.col(COUNT).sum()
    groups = frame.group_by("hash").agg(pl.first("row"), count.cast(pl.Float64).alias(COUNT))
    rows, weights = groups["row"].to_numpy(), groups[COUNT].to_numpy()
    if len(groups) > size:
        priority = weights / ((groups["hash"].cast(pl.Float64).to_numpy() + 1) / 2.0**64)
        threshold = np.partition(priority, -size - 1)[-size - 1]
        kept = priority > threshold
        rows, weights = rows[kept], np.maximum(weights[kept], threshold)
    order = np.lexsort(numbers[rows].T) if numbers.shape[1] else np.arange(len(rows))
    return L.votes[rows[order]], weights[order]


def _table(votes: Votes, counts: Counts | None, lf_names: tuple[str, ...], classes: tuple[str, ...]) -> VotePatterns:
    groups, names = _grouped(votes, counts, len(classes))
    groups = groups.sort(names)
    return VotePatterns(votes[groups["row"].to_numpy()], groups[COUNT].to_numpy(), lf_names, classes)


def _grouped(votes: Votes, counts: Counts | None, cardinality: int) -> tuple[pl.DataFrame, list[str]]:
    """Each distinct row: its keys, where it stands, and its count (of the rows themselves if none are given)."""
    frame, names = _keyed(votes, cardinality)
    if counts is None:
        return frame.group_by(names).agg(pl.first("row"), pl.len().cast(pl.Int64).alias(COUNT)), names
    groups = frame.with_columns(pl.Series(COUNT, counts)).group_by(names)
    return groups.agg(pl.first("row"), pl.col(COUNT).sum()), names


def _keyed(votes: Votes, cardinality: int) -> tuple[pl.DataFrame, list[str]]:
    numbers = keys(votes, cardinality)
    columns = [pl.Series(f"key_{i}", numbers[:, i]) for i in range(numbers.shape[1])]
    columns = columns or [pl.Series("key_0", np.zeros(len(votes), np.int64))]  # no functions: all rows are equal
    return pl.DataFrame(columns).with_row_index("row"), [column.name for column in columns]


def _scan(path: Path) -> VotePatterns:
    header = read_header(path, LabelMatrix.kind)
    names = [name for name in pl.read_parquet_schema(path) if name not in OWN_COLUMNS]
    groups = pl.scan_parquet(os.fspath(path)).group_by(names).agg(pl.len().alias(COUNT))
    found = groups.collect(engine="streaming")
    return _table(
        found.select(names).to_numpy(),
        found[COUNT].cast(pl.Int64).to_numpy(),
        tuple(names),
        tuple(header["meta"]["classes"]),
    )


def _hash(numbers: Keys) -> NDArray[np.uint64]:
    """64 bits for each row of keys: a polynomial, then the finaliser of MurmurHash3."""
    state: NDArray[np.uint64] = np.full(len(numbers), 0x9E3779B97F4A7C15, np.uint64)
    for i in range(numbers.shape[1]):
        state *= np.uint64(0xD6E8FEB86659FD93)
        state += numbers[:, i].astype(np.uint64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        state ^= state >> np.uint64(33)
        state *= np.uint64(factor)
    state ^= state >> np.uint64(33)
    return state
