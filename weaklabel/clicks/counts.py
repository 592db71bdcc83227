"""What a click log comes down to: impressions and clicks of each document at each position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact, kind_of
from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.count_columns import BUCKETS, BY_BUCKET, COUNTS, check, check_names, names, typed
from weaklabel.clicks.log import upto
from weaklabel.errors import ClickLogError


@dataclass(frozen=True, eq=False)
class ClickCounts(Artefact):
    """Impressions and clicks per query, document and position: all that estimators need, and it adds up.

    Parameters
    ----------
    frame
        One row per (query_id, doc_id, *key, *context, position): impressions (at least 1), clicks (0..impressions) and,
        of a log with sessions, impressions_by_bucket and clicks_by_bucket, the same counts in 20 groups of sessions
        (arrays of 20). Kept sorted; further columns are left out.
    key
        Columns that, beside query and document, say what is shown: its relevance is constant within them, as within a
        segment of users or a day.
    context
        Columns that the curve of examination depends on, such as the device.
    provenance
        The parts of the log that were counted, each by the sum of its rows' hashes.

    Raises
    ------
    ClickLogError
        A column is missing, a count is impossible, or a row stands there twice.
    """

    kind: ClassVar[str] = "click counts"

    frame: pl.DataFrame
    key: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.put(self, key=names(self.key), context=names(self.context))
        check_names(self.key, self.context)
        frame = typed(self.frame, self._by)
        check(frame, self._by)
        checks.put(self, frame=frame)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def _by(self) -> tuple[str, ...]:
        return ("query_id", "doc_id", *self.key, *self.context, "position")

    @property
    def buckets(self) -> int:
        """How many groups of sessions the counts come in: 20, or 0 of a log without sessions."""
        return BUCKETS if BY_BUCKET[0] in self.frame.columns else 0

    @cached_property
    def items(self) -> pl.DataFrame:
        """What was shown, one row per item: query_id, doc_id and the key."""
        return self.frame.select("query_id", "doc_id", *self.key).unique(maintain_order=True)

    @cached_property
    def contexts(self) -> pl.DataFrame:
        """The contexts, one row each; a single empty row where there are none to tell apart."""
        if not self.context:
            return pl.DataFrame({"context": [""]})
        return self.frame.select(self.context).unique().sort(self.context)

    @cached_property
    def cells(self) -> Cells:
        """The counts as plain arrays."""
        item = _numbered(self.frame.select("query_id", "doc_id", *self.key))
        first = np.flatnonzero(np.diff(item, prepend=-1))
        query = _numbered(self.frame.select("query_id"))[first]
        context, position = self._contexts_of_cells(), self.frame["position"].to_numpy()
        slots = pl.DataFrame({"context": context, "position": position}).unique().sort("context", "position")
        places = slots["position"].unique().sort().to_numpy()  # few: there is no need to sort all cells by them
        codes = context * len(places) + np.searchsorted(places, position)
        known = slots["context"].to_numpy() * len(places) + np.searchsorted(places, slots["position"].to_numpy())
        slot = np.searchsorted(known, codes)
        N, C = (self.frame[name].to_numpy().astype(np.float64) for name in COUNTS)
        by_bucket = [self.frame[name].to_numpy() for name in BY_BUCKET] if self.buckets else [None, None]
        return Cells(item, slot, N, C, slots["position"].to_numpy(), slots["context"].to_numpy(), query, *by_bucket)

    def _contexts_of_cells(self) -> Ints:
        if not self.context:
            return np.zeros(len(self.frame), dtype=np.int64)
        numbered = self.contexts.with_row_index("code")
        codes = self.frame.select(self.context).join(numbered, on=self.context, how="left", maintain_order="left")
        return codes["code"].cast(pl.Int64).to_numpy()

    def __add__(self, other: "ClickCounts") -> "ClickCounts":
        return merge(self, other)

    def upto(self, k: int, beyond: str = "drop") -> Self:
        """The counts at positions 1..k; those beyond are dropped, or merged into one position k + 1.

        Raises
        ------
        ClickLogError
            Nothing is left, or `beyond` is neither "drop" nor "merge".
        """
        if beyond not in ("drop", "merge"):
            raise ClickLogError(
                f"beyond is {beyond!r}: positions beyond the {k}th are dropped ('drop') or merged ('merge')"
            )
        return self._with(upto(self.frame, k, beyond))

    def collapse(self, key: Sequence[str] = (), context: Sequence[str] = ()) -> Self:
        """The counts with only these columns of key and context told apart; they may change their part.

        Raises
        ------
        ClickLogError
            A column is neither in the key nor in the context.
        """
        known = self.key + self.context
        if unknown := [name for name in (*key, *context) if name not in known]:
            raise ClickLogError(
                f"these counts do not tell {unknown[0]!r} apart, only: {', '.join(known) or 'no column'}; "
                "count the log again with it as a key or a context"
            )
        return self._with(self.frame, tuple(key), tuple(context))

    def _with(self, frame: pl.DataFrame, key: tuple[str, ...] | None = None, context: Any = None) -> Self:
        key, context = self.key if key is None else key, self.context if context is None else context
        added = _added(frame, ("query_id", "doc_id", *key, *context, "position"))
        return type(self)(added, key, context, self.provenance)

    def to_frame(self) -> pl.DataFrame:
        return self.frame

    def meta(self) -> dict[str, Any]:
        return {"key": self.key, "context": self.context, "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(frame, tuple(meta["key"]), tuple(meta["context"]), meta["provenance"])


def merge(a: ClickCounts, b: ClickCounts) -> ClickCounts:
    """The counts of two logs together: those of the shards are those of the whole.

    Raises
    ------
    ClickLogError
        They tell different columns apart, only one has sessions, or both counted the same part of a log.
    """
    _refuse_unlike(a, b)
    parts = [*a.provenance.get("parts", []), *b.provenance.get("parts", [])]
    return ClickCounts(
        _added(pl.concat([a.frame, b.frame], how="vertical_relaxed"), a._by), a.key, a.context, {"parts": parts}
    )


def as_counts(log: Any) -> ClickCounts:
    """The counts, made from the log or loaded from their file where need be."""
    from weaklabel.clicks.counting import count

    if isinstance(log, str | Path) and Path(log).is_file() and kind_of(Path(log)) == ClickCounts.kind:
        return ClickCounts.load(log)
    return log if isinstance(log, ClickCounts) else count(log)


def _refuse_unlike(a: ClickCounts, b: ClickCounts) -> None:
    for name in ("key", "context"):
        if getattr(a, name) != getattr(b, name):
            raise ClickLogError(
                f"the counts differ in their {name}: {getattr(a, name)} and {getattr(b, name)}; collapse one first"
            )
    if a.buckets != b.buckets:
        raise ClickLogError("only one of the counts has sessions: count both logs with a session_id, or both without")
    known = {part["digest"]: part for part in a.provenance.get("parts", [])}
    if twice := [part for part in b.provenance.get("parts", []) if part["digest"] in known]:
        raise ClickLogError(
            f"both counts hold the same part of a log, {twice[0]['rows']:,} rows: each impression is counted once only"
        )


def _added(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Rows of equal `by` as one, with their counts added up."""
    rows = frame.sort(by)
    first = np.flatnonzero(np.diff(_numbered(rows.select(by)), prepend=-1))
    counted = [name for name in (*COUNTS, *BY_BUCKET) if name in rows.columns]
    wide = {name: np.uint32 if name in BY_BUCKET else np.int64 for name in counted}
    sums = {name: np.add.reduceat(rows[name].to_numpy(), first, axis=0, dtype=wide[name]) for name in counted}
    return rows.select(by)[first].with_columns(pl.Series(name, values) for name, values in sums.items())


def _numbered(sorted_rows: pl.DataFrame) -> NDArray[np.int64]:
    """Equal neighbours get one number, 0.. ."""
    changes = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in sorted_rows.columns)
    return sorted_rows.select(changes.fill_null(False).cast(pl.Int64).cum_sum()).to_series().to_numpy()
