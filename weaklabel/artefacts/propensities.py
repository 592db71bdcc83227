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

COLUMNS = ("position", "examination", "lower", "upper", "impressions", "clicks")
AFFINE = ("alpha", "beta")
REPLICATES = "replicates"


@dataclass(frozen=True, eq=False)
class Propensities(Artefact):
    """Examination of each position, relative to the first; one curve per context where there are contexts.

    Parameters
    ----------
    position
        Shape (p,), 1 is the top, increasing within each context.
    examination
        Shape (p,), positive, dimensionless, 1 at the first position. Only ratios can be learned from
        clicks, so an estimate may exceed 1 where a lower place is looked at more, or where clicks are few.
    lower, upper
        Shape (p,): the interval of each estimate at `level`.
    impressions, clicks
        Shape (p,): what the estimate rests on.
    level
        Confidence of the intervals.
    provenance
        The estimator, its parameters and what it assumed.
    context
        p rows, the columns that tell the curves apart, such as the device; None for one curve.
    alpha, beta
        Shape (p,): under trust bias P(click) = alpha * relevance + beta, with relevance in [0, 1]; None where clicks
        depend on position by examination alone.
    replicates
        Shape (B, p): examination estimated without each of B groups of sessions, so that whatever is computed from
        the curve can be given an interval too; None where there were no sessions.

    Raises
    ------
    TableError
        Shapes differ, positions do not increase from 1, or an examination is not positive.
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
    context: pl.DataFrame | None = None
    alpha: Floats | None = None
    beta: Floats | None = None
    replicates: Floats | None = None

    def __post_init__(self) -> None:
        arrays = {name: np.asarray(getattr(self, name)) for name in COLUMNS}
        arrays |= {name: np.asarray(value) for name in AFFINE if (value := getattr(self, name)) is not None}
        _check_shapes(arrays, self.context)
        _check_positions(arrays["position"], self.starts)
        _check_examination(arrays)
        for name, array in arrays.items():
            checks.put(self, **{name: checks.frozen(array)})
        if self.replicates is not None:
            checks.put(self, replicates=_replicates(np.asarray(self.replicates, dtype=np.float64), len(self)))

    def __len__(self) -> int:
        return len(self.position)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each curve starts: the first row of each context."""
        if self.context is None:
            return np.zeros(1, dtype=np.int64)
        changes = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in self.context.columns)
        return np.concatenate([[0], np.flatnonzero(self.context.select(changes.fill_null(False)).to_series())])

    def to_frame(self) -> pl.DataFrame:
        """The context's columns, position, examination, lower, upper, impressions, clicks; alpha, beta where known."""
        names = COLUMNS + tuple(name for name in AFFINE if getattr(self, name) is not None)
        frame = pl.DataFrame({name: getattr(self, name) for name in names})
        return frame if self.context is None else pl.concat([self.context, frame], how="horizontal")

    def meta(self) -> dict[str, Any]:
        names = [] if self.context is None else self.context.columns
        replicates = None if self.replicates is None else self.replicates.tolist()
        return {"level": self.level, "provenance": dict(self.provenance), "context": names, REPLICATES: replicates}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        context, known = meta.get("context") or [], meta.get(REPLICATES)
        return cls(
            **{name: column.to_numpy() for name, column in frame.drop(context).to_dict().items()},
            level=meta["level"],
            provenance=meta["provenance"],
            context=frame.select(context) if context else None,
            replicates=None if known is None else np.array(known),
        )


def _check_shapes(arrays: Mapping[str, NDArray[Any]], context: pl.DataFrame | None) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) != 1 or arrays["position"].ndim != 1:
        raise TableError(f"the columns differ in shape: {shapes}")
    if context is not None and len(context) != len(arrays["position"]):
        raise TableError(f"the context has {len(context)} rows, and there are {len(arrays['position'])} positions")


def _check_positions(position: NDArray[Any], starts: NDArray[np.int64]) -> None:
    rising = np.diff(position) > 0
    rising[starts[1:] - 1] = True
    if not len(position) or not rising.all() or (position < 1).any():
        raise TableError(f"positions must increase from 1: {position.tolist()}")


def _check_examination(arrays: Mapping[str, NDArray[Any]]) -> None:
    bad = ~(np.isfinite(arrays["examination"]) & (arrays["examination"] > 0))
    if bad.any():
        k = int(bad.argmax())
        raise TableError(
            f"examination at position {arrays['position'][k]} is {arrays['examination'][k]}: it must be positive"
        )


def _replicates(values: Floats, p: int) -> Floats:
    if values.ndim != 2 or values.shape[1] != p or not (values > 0).all():
        raise TableError(f"replicates have shape {values.shape}: give one row of {p} positive examinations per bucket")
    return checks.frozen(values)
