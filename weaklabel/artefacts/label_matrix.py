"""The votes of all labeling functions on all items."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError, VoteError

ABSTAIN = -1
ROW_DIGEST = "row_digest"
OWN_COLUMNS = ("id", ROW_DIGEST)  # of the file; the others are functions


@dataclass(frozen=True)
class Fault:
    """What went wrong in one labeling function: it abstained on those rows.

    Attributes
    ----------
    lf
        Name of the labeling function.
    error
        The first exception, as `Type: message`.
    item_id, row
        Where it happened first.
    count
        On how many rows the function failed.
    """

    lf: str
    error: str
    item_id: str
    row: int
    count: int


@dataclass(frozen=True, eq=False)
class LabelMatrix(Artefact):
    """L: what each labeling function voted on each item.

    Parameters
    ----------
    votes
        Shape (n, m), int8: -1 is an abstention, 0..k-1 a class.
    item_ids
        Shape (n,), text, unique.
    lf_names
        The m names, unique.
    classes
        The k class names; a vote is an index into them.
    faults
        Functions that raised; they abstain where they did.
    provenance
        Where the votes came from: fingerprints of functions and input.
    seconds
        CPU seconds that each function took, by its name, where that was measured.
    row_digests
        Shape (n,): a hash of each item's row when the functions voted on it, or empty; by it `apply` knows what is new.

    Raises
    ------
    VoteError
        A vote is not a whole number in -1..k-1; names function, item and vote.
    TableError
        Ids, names or classes are missing or repeated, or shapes disagree.
    """

    kind: ClassVar[str] = "label matrix"

    votes: NDArray[np.int8]
    item_ids: pl.Series
    lf_names: tuple[str, ...]
    classes: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    row_digests: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    def __post_init__(self) -> None:
        checks.put(self, item_ids=checks.ids(self.item_ids))
        checks.put(self, lf_names=tuple(self.lf_names))
        checks.put(self, classes=checks.classes(self.classes))
        votes = np.asarray(self.votes)
        if votes.shape != (len(self.item_ids), len(self.lf_names)):
            raise TableError(
                f"votes have shape {votes.shape}; {len(self.item_ids)} items x {len(self.lf_names)} names given"
            )
        if repeated := {name for name in self.lf_names if self.lf_names.count(name) > 1}:
            raise TableError(f"labeling functions share the name {sorted(repeated)[0]!r}: rename one")
        if taken := set(OWN_COLUMNS) & set(self.lf_names):
            raise TableError(f"a labeling function is called {min(taken)!r}, a name that the matrix needs: rename it")
        self._check_votes(votes)
        checks.put(self, votes=checks.frozen(votes.astype(np.int8, copy=False)))

    def _check_votes(self, votes: NDArray[Any]) -> None:
        if votes.dtype.kind not in "biuf":
            raise VoteError(f"votes are of type {votes.dtype}; a vote is a whole number, -1 (abstain) or a class")
        if votes.dtype.kind in "iu" and votes.min(initial=0) >= ABSTAIN and votes.max(initial=0) < self.cardinality:
            return
        in_range = (votes >= ABSTAIN) & (votes < self.cardinality)
        if votes.dtype.kind == "f":
            in_range &= votes == np.floor(votes)  # NaN fails every comparison, so it is caught too
        if in_range.all():
            return
        item, lf = np.argwhere(~in_range)[0]
        raise VoteError(vote_message(self.lf_names[lf], self.item_ids[int(item)], votes[item, lf], self.classes))

    @property
    def cardinality(self) -> int:
        """k, the number of classes."""
        return len(self.classes)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Shape (n,): at least one function voted."""
        return np.asarray((self.votes != ABSTAIN).any(axis=1))

    @classmethod
    def from_array(
        cls, L: ArrayLike, classes: Sequence[str] = ("0", "1"), lf_names: Sequence[str] | None = None
    ) -> Self:
        """A matrix from a bare array, as Snorkel's appliers return it; items are numbered from 0."""
        votes = np.asarray(L)
        if votes.ndim != 2:
            raise TableError(f"votes have {votes.ndim} dimensions; a label matrix has two: items x labeling functions")
        names = tuple(lf_names) if lf_names is not None else tuple(f"lf_{j}" for j in range(votes.shape[1]))
        return cls(votes, pl.Series("id", np.arange(votes.shape[0])).cast(pl.String), names, tuple(classes))

    def beside(self, other: Self) -> Self:
        """These votes with those of other functions on the same items, as columns of one matrix.

        Parameters
        ----------
        other
            Has the same items, in any order, the same classes, and functions of other names, such as a voter made of
            clicks or of a table of workers.

        Raises
        ------
        TableError
            Classes differ, an item is missing on one side, or a function is there on both.
        """
        if self.classes != other.classes:
            raise TableError(
                f"the votes are on other classes: {', '.join(self.classes)} here and {', '.join(other.classes)} there"
            )
        order = _same_items(self.item_ids, other.item_ids)
        votes = np.hstack([self.votes, other.votes[order]])
        known = [matrix.provenance.get("fingerprints", {}) for matrix in (self, other)]
        said = {**other.provenance, **self.provenance, "fingerprints": known[0] | known[1]}
        seconds = {**self.seconds, **other.seconds}
        names = self.lf_names + other.lf_names
        faults = self.faults + other.faults
        return type(self)(votes, self.item_ids, names, self.classes, faults, said, seconds, self.row_digests)

    def to_frame(self) -> pl.DataFrame:
        return votes_frame(self.item_ids, self.votes, self.lf_names, self.row_digests)

    def meta(self) -> dict[str, Any]:
        faults = [asdict(fault) for fault in self.faults]
        return {
            "classes": self.classes,
            "faults": faults,
            "provenance": dict(self.provenance),
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        names = tuple(name for name in frame.columns if name not in OWN_COLUMNS)
        digests = frame[ROW_DIGEST].to_numpy() if ROW_DIGEST in frame.columns else np.zeros(0, np.uint64)
        votes = frame.select(names).to_numpy() if names else np.empty((len(frame), 0), np.int8)
        faults = tuple(Fault(**fault) for fault in meta["faults"])
        said = (tuple(meta["classes"]), faults, meta["provenance"], meta["seconds"])
        return cls(votes, frame["id"], names, *said, digests)


def _same_items(here: pl.Series, there: pl.Series) -> NDArray[np.int64]:
    rows = pl.DataFrame({"id": there}).with_row_index("row")
    order = pl.DataFrame({"id": here}).join(rows, on="id", how="left", maintain_order="left")["row"]
    if order.null_count():
        raise TableError(
            f"item {here.filter(order.is_null())[0]!r} is not among the other votes: both need the same items"
        )
    if len(there) > len(here):
        extra = there.filter(~there.is_in(here.implode()))
        raise TableError(
            f"the other votes have {len(extra):,} more items, such as {extra[0]!r}: both need the same items"
        )
    return order.cast(pl.Int64).to_numpy()


def votes_frame(
    ids: pl.Series, votes: NDArray[np.int8], lf_names: Sequence[str], row_digests: NDArray[np.uint64]
) -> pl.DataFrame:
    """The columns of a label matrix's file: ids, a column for each function, and the rows' hashes if there are any."""
    columns = [pl.Series(name, votes[:, j]) for j, name in enumerate(lf_names)]
    digests = [pl.Series(ROW_DIGEST, row_digests)] if len(row_digests) else []
    return pl.DataFrame([ids, *columns, *digests])


def vote_message(lf: str, item_id: object, vote: object, classes: Sequence[str]) -> str:
    """The one sentence about a vote that is no vote."""
    shown = vote.item() if isinstance(vote, np.generic) else vote
    return f"labeling function {lf!r} voted {shown!r} on item {item_id!r}; {possible_votes(classes)}"


def possible_votes(classes: Sequence[str]) -> str:
    """What a vote may be, in words."""
    return f"a vote is -1 (abstain) or 0..{len(classes) - 1} ({', '.join(classes)})"
