"""The items that are worth a person's time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError
from weaklabel.numerics import Floats


@dataclass(frozen=True, eq=False)
class Batch(Artefact):
    """Items to ask about, the most worthwhile first.

    Parameters
    ----------
    item_ids
        Shape (b,), text, unique.
    scores
        Shape (b,), falling: how much each is worth by the strategy.
    strategy
        Its name.
    provenance
        The seed, the size of the pool and what was left out of it.
    """

    kind: ClassVar[str] = "batch"

    item_ids: pl.Series
    scores: Floats
    strategy: str
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.put(self, item_ids=checks.ids(self.item_ids))
        scores = np.asarray(self.scores, np.float64)
        if scores.shape != (len(self.item_ids),):
            raise TableError(f"{len(self.item_ids)} items with {scores.shape} scores")
        checks.put(self, scores=checks.frozen(scores))

    def __len__(self) -> int:
        return len(self.item_ids)

    def to_frame(self) -> pl.DataFrame:
        """Columns id, score, best first."""
        return pl.DataFrame([self.item_ids, pl.Series("score", self.scores)])

    def meta(self) -> dict[str, Any]:
        return {"strategy": self.strategy, "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(frame["id"], frame["score"].to_numpy(), meta["strategy"], meta["provenance"])
