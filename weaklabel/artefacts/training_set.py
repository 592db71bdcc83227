"""What an end model is trained on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError
from weaklabel.numerics import Floats

LABEL, WEIGHT = "weak_label", "weak_weight"


@dataclass(frozen=True, eq=False)
class TrainingSet(Artefact):
    """Items with their features, their class probabilities and their weights.

    Parameters
    ----------
    table
        n rows: `id` and the features.
    probs
        Shape (n, k), rows sum to 1: the noise-aware target.
    weight
        Shape (n,), positive: how much the row counts.
    classes
        The k class names.
    left_out
        Why items are not here -> how many.
    provenance
        The strategy, its parameters, and what the labels came from.
    """

    kind: ClassVar[str] = "training set"

    table: pl.DataFrame
    probs: Floats
    weight: Floats
    classes: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.put(self, classes=checks.classes(self.classes))
        shape = (len(self.table), len(self.classes))
        if np.shape(self.probs) != shape or np.shape(self.weight) != shape[:1]:
            raise TableError(f"probs {np.shape(self.probs)} and weight {np.shape(self.weight)} do not fit {shape}")
        if taken := sorted(set(self.table.columns) & set(self._own_columns())):
            raise TableError(f"the table has a column {taken[0]!r}, which the training set needs for itself: rename it")
        checks.put(self, probs=checks.frozen(np.asarray(self.probs, np.float64)))
        checks.put(self, weight=checks.frozen(np.asarray(self.weight, np.float64)))

    def __len__(self) -> int:
        return len(self.table)

    def _own_columns(self) -> list[str]:
        return [LABEL, WEIGHT, *(f"p_{name}" for name in self.classes)]

    def to_frame(self) -> pl.DataFrame:
        """The table with weak_label, weak_weight and p_<class> added."""
        labels = pl.Series(LABEL, [self.classes[y] for y in self.probs.argmax(axis=1)], dtype=pl.String)
        probs = [pl.Series(f"p_{name}", self.probs[:, y]) for y, name in enumerate(self.classes)]
        return self.table.with_columns(labels, pl.Series(WEIGHT, self.weight), *probs)

    def meta(self) -> dict[str, Any]:
        return {"classes": self.classes, "left_out": dict(self.left_out), "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        names = [f"p_{name}" for name in meta["classes"]]
        probs = frame.select(names).to_numpy()
        table = frame.drop(LABEL, WEIGHT, *names)
        return cls(table, probs, frame[WEIGHT].to_numpy(), tuple(meta["classes"]), meta["left_out"], meta["provenance"])
