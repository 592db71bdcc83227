"""How often each position is examined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError
from weaklabel.numerics import Floats


@dataclass(frozen=True, eq=False)
class Propensities(Artefact):
    """Examination of each position, relative to the first.

    Parameters
    ----------
    position
        Shape (p,), 1 is the top, increasing.
    examination
        Shape (p,), positive, dimensionless, 1 at the first position. Only ratios can be learned from clicks, so an
        estimate may exceed 1 where a lower place is looked at more, or where clicks are few.
    lower, upper
        Shape (p,): the interval of each estimate at `level`.
    impressions, clicks
        Shape (p,): what the estimate rests on.
    level
        Confidence of the intervals.
    provenance
        The estimator, its parameters and what it assumed.
    """

    kind: ClassVar[str] = "propensities"

    position: NDArray[np.int64]
    examination: Floats
    lower: Floats
    upper: Floats
    impressions: NDArray[np.int64]
    clicks: NDArray[np.int64]
    level: float = 0.95
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = ("position", "examination", "lower", "upper", "impressions", "clicks")
        arrays = {name: np.asarray(getattr(self, name)) for name in columns}
        if len({array.shape for array in arrays.values()}) != 1 or arrays["position"].ndim != 1:
            raise TableError(f"the columns differ in shape: { {name: array.shape for name, array in arrays.items()} }")
        if not len(arrays["position"]) or (np.diff(arrays["position"]) <= 0).any() or arrays["position"][0] < 1:
            raise TableError(f"positions must increase from 1: {arrays['position'].tolist()}")
        bad = ~(np.isfinite(arrays["examination"]) & (arrays["examination"] > 0))
        if bad.any():
            k = int(bad.argmax())
            raise TableError(
                f"examination at position {arrays['position'][k]} is {arrays['examination'][k]}: it must be positive"
            )
        for name, array in arrays.items():
            checks.put(self, **{name: checks.frozen(array)})

    def to_frame(self) -> pl.DataFrame:
        """Columns position, examination, lower, upper, impressions, clicks."""
        names = ("position", "examination", "lower", "upper", "impressions", "clicks")
        return pl.DataFrame({name: getattr(self, name) for name in names})

    def meta(self) -> dict[str, Any]:
        return {"level": self.level, "provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        arrays = {name: frame[name].to_numpy() for name in frame.columns}
        return cls(**arrays, level=meta["level"], provenance=meta["provenance"])
