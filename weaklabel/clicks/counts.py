"""What a click log comes down to: impressions and clicks of each document at each position."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import polars as pl

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.clicks.log import ClickLog, upto
from weaklabel.errors import ClickLogError

KEY = ("query_id", "doc_id", "position")
SCHEMA = {
    "query_id": pl.String,
    "doc_id": pl.String,
    "position": pl.Int64,
    "impressions": pl.Int64,
    "clicks": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class ClickCounts(Artefact):
    """Impressions and clicks per query, document and position: all that estimators need, and it adds up.

    Parameters
    ----------
    frame
        One row per (query_id, doc_id, position): impressions (at least 1) and clicks (0..impressions). Kept sorted.

    Raises
    ------
    ClickLogError
        A column is missing, a count is impossible, or a triple stands there twice.
    """

    kind: ClassVar[str] = "click counts"

    frame: pl.DataFrame

    def __post_init__(self) -> None:
        if missing := [name for name in SCHEMA if name not in self.frame.columns]:
            raise ClickLogError(
                f"the counts have no column {missing[0]!r}; there are: {', '.join(self.frame.columns) or 'none'}"
            )
        try:
            frame = self.frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()).sort(KEY)
        except pl.exceptions.PolarsError as error:
            raise ClickLogError(f"the counts are not of their types: {str(error).splitlines()[0]}") from error
        _check(frame)
        checks.put(self, frame=frame)

    def __len__(self) -> int:
        return len(self.frame)

    def upto(self, k: int) -> Self:
        """The counts at positions 1..k; `ClickLogError` if there are none."""
        return type(self)(upto(self.frame, k))

    def to_frame(self) -> pl.DataFrame:
        return self.frame

    def meta(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(frame)


def count(log: ClickLog) -> ClickCounts:
    """Count a log; the order of its rows does not matter."""
    sums = [pl.len().alias("impressions"), pl.col("click").sum().alias("clicks")]
    return ClickCounts(log.frame.group_by(KEY).agg(sums))


def merge(a: ClickCounts, b: ClickCounts) -> ClickCounts:
    """The counts of two logs together: those of the shards are those of the whole."""
    both = pl.concat([a.frame, b.frame])
    return ClickCounts(both.group_by(KEY).agg(pl.col("impressions", "clicks").sum()))


def as_counts(log: ClickLog | ClickCounts) -> ClickCounts:
    """The counts, made from the log where need be."""
    return log if isinstance(log, ClickCounts) else count(log)


def _check(frame: pl.DataFrame) -> None:
    if not len(frame):
        raise ClickLogError("the counts have no rows: nothing was shown")
    possible = (pl.col("position") >= 1) & (pl.col("impressions") >= 1) & pl.col("clicks").is_between(0, "impressions")
    bad = frame.filter(~(possible & ~pl.any_horizontal(pl.all().is_null())).fill_null(False))
    if len(bad):
        raise ClickLogError(
            f"impossible counts {bad.row(0, named=True)}: position and impressions start at 1, "
            "clicks are 0..impressions, and nothing is missing"
        )
    twice = frame.select(KEY).is_duplicated()
    if twice.any():
        raise ClickLogError(f"{frame.filter(twice).row(0)[:3]} stands there twice: add such rows up with merge")
