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
PATTERN, VOTERS = "weak_pattern", "weak_voters"


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
        Shape (n,), at least 0, one of them above: how much the row counts.
    classes
        The k class names.
    left_out
        Why items are not here -> how many.
    provenance
        The strategy, its parameters, and what the labels came from.
    origin
        n rows, or None if that was not kept: `weak_pattern`, the number of the item's row of votes, and `weak_voters`,
        who voted what.

    Raises
    ------
    TableError
        Shapes disagree, a weight is impossible (the item is named), or the table has a column that is needed here.
    """

    kind: ClassVar[str] = "training set"

    table: pl.DataFrame
    probs: Floats
    weight: Floats
    classes: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    origin: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        checks.put(self, classes=checks.classes(self.classes))
        shape = (len(self.table), len(self.classes))
        if np.shape(self.probs) != shape or np.shape(self.weight) != shape[:1]:
            raise TableError(f"probs {np.shape(self.probs)} and weight {np.shape(self.weight)} do not fit {shape}")
        if self.origin is not None and (self.origin.columns != [PATTERN, VOTERS] or len(self.origin) != shape[0]):
            raise TableError(
                f"the origin has columns {self.origin.columns} and {len(self.origin)} rows, not {shape[0]}"
            )
        if taken := sorted(set(self.table.columns) & set(self._own_columns())):
            raise TableError(f"the table has a column {taken[0]!r}, which the training set needs for itself: rename it")
        checks.put(self, probs=checks.frozen(np.asarray(self.probs, np.float64)))
        checks.put(self, weight=checks.frozen(self._checked_weight()))

    def _checked_weight(self) -> Floats:
        weight = np.asarray(self.weight, np.float64)
        possible = np.isfinite(weight) & (weight >= 0)
        if not possible.all():
            row = int((~possible).argmax())
            raise TableError(
                f"item {self.table['id'][row]!r} has the weight {weight[row]:g}: it must be finite, 0 or more"
            )
        if len(weight) and not weight.any():
            raise TableError(f"all {len(weight)} items have the weight 0: nothing would be learned from them")
        return weight

    def __len__(self) -> int:
        return len(self.table)

    def _own_columns(self) -> list[str]:
        return [LABEL, WEIGHT, PATTERN, VOTERS, *(f"p_{name}" for name in self.classes)]

    def to_frame(self) -> pl.DataFrame:
        """The table with weak_label, weak_weight and p_<class> added, then weak_pattern and weak_voters if kept."""
        labels = pl.Series(LABEL, [self.classes[y] for y in self.probs.argmax(axis=1)], dtype=pl.String)
        probs = [pl.Series(f"p_{name}", self.probs[:, y]) for y, name in enumerate(self.classes)]
        origin = [] if self.origin is None else self.origin.get_columns()
        return self.table.with_columns(labels, pl.Series(WEIGHT, self.weight), *probs, *origin)

    def meta(self) -> dict[str, Any]:
        return {"classes": self.classes, "left_out": dict(self.left_out), "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        names = [f"p_{name}" for name in meta["classes"]]
        probs = frame.select(names).to_numpy()
        origin = frame.select(PATTERN, VOTERS) if PATTERN in frame.columns else None
        table = frame.drop(LABEL, WEIGHT, *names, *(origin.columns if origin is not None else ()))
        weight = frame[WEIGHT].to_numpy()
        return cls(table, probs, weight, tuple(meta["classes"]), meta["left_out"], meta["provenance"], origin)
