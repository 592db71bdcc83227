"""What clicks say about each document once position is accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import polars as pl

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError

COLUMNS = ("query_id", "doc_id", "relevance", "impressions", "clicks", "effective_sample_size")


@dataclass(frozen=True, eq=False)
class RelevanceLabels(Artefact):
    """Relevance of each document for each query, corrected for position.

    Parameters
    ----------
    frame
        One row per (query_id, doc_id): relevance (clicks per fully examined impression, relative to the top
        position; not bounded by 1), impressions, clicks, effective_sample_size (impressions of equal weight that
        would carry as much information).
    provenance
        The correction, its clipping, and the propensities used.
    """

    kind: ClassVar[str] = "relevance labels"

    frame: pl.DataFrame
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if missing := [name for name in COLUMNS if name not in self.frame.columns]:
            raise TableError(
                f"relevance labels lack the column {missing[0]!r}; there are: {', '.join(self.frame.columns)}"
            )
        checks.put(self, frame=self.frame.select(COLUMNS))

    def __len__(self) -> int:
        return len(self.frame)

    def to_frame(self) -> pl.DataFrame:
        return self.frame

    def meta(self) -> dict[str, Any]:
        return {"provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(frame, meta["provenance"])
