"""What clicks say about each document once position is accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import polars as pl

from weaklabel.artefacts import checks
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError

PAIR = ("query_id", "doc_id")
COLUMNS = (*PAIR, "relevance", "impressions", "clicks", "effective_sample_size")
INTERVAL = ("sd", "lower", "upper")
CALIBRATED = ("p_relevant", "p_lower", "p_upper")
OPTIONAL = (*INTERVAL, "exposure", "expected", *CALIBRATED)
LABEL_COLUMNS = (*COLUMNS, *OPTIONAL)


@dataclass(frozen=True, eq=False)
class RelevanceLabels(Artefact):
    """Relevance of each document for each query, corrected for position.

    Parameters
    ----------
    frame
        One row per (query_id, doc_id): relevance (clicks per fully examined impression, relative to the top
        position; not bounded by 1), impressions, clicks, effective_sample_size (impressions of equal weight that
        would carry as much information). Where they are known also sd, lower and upper (standard deviation and
        interval of relevance given the clicks), exposure (impressions that count as examined at the top),
        expected (relevance that features lead to expect, before clicks), and p_relevant, p_lower and p_upper
        (calibrated probability that the document is relevant, in [0, 1], with its interval). Further columns are left
        out.
    provenance
        The correction, its clipping, and the propensities used.

    Raises
    ------
    TableError
        A column is missing, a pair stands there twice, a value is missing or NaN, or a probability outside [0, 1].
    """

    kind: ClassVar[str] = "relevance labels"

    frame: pl.DataFrame
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if missing := [name for name in COLUMNS if name not in self.frame.columns]:
            raise TableError(
                f"relevance labels lack the column {missing[0]!r}; there are: {', '.join(self.frame.columns)}"
            )
        known = [name for name in OPTIONAL if name in self.frame.columns]
        frame = self.frame.select(*COLUMNS, *known)
        _check_values(frame, ["relevance", *known])
        _check_pairs(frame)
        checks.put(self, frame=frame)

    def __len__(self) -> int:
        return len(self.frame)

    def to_frame(self) -> pl.DataFrame:
        return self.frame

    def meta(self) -> dict[str, Any]:
        return {"provenance": dict(self.provenance)}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        return cls(frame, meta["provenance"])


def _check_values(frame: pl.DataFrame, names: list[str]) -> None:
    for name in names:
        allowed = frame[name].is_between(0, 1) if name in CALIBRATED else frame[name].is_finite()
        bad = (~allowed.fill_null(False)).arg_true()
        if len(bad):
            query, doc, value = frame.select(*PAIR, name).row(bad[0])
            range_ = "a probability in [0, 1]" if name in CALIBRATED else "a finite number"
            raise TableError(f"{name} of document {doc!r} for query {query!r} is {value}: it must be {range_}")


def _check_pairs(frame: pl.DataFrame) -> None:
    twice = frame.select(PAIR).is_duplicated()
    if twice.any():
        query, doc = frame.select(PAIR).filter(twice).row(0)
        raise TableError(f"document {doc!r} of query {query!r} stands in the labels twice: keep one row of each")
