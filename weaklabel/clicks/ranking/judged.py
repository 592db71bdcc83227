"""Rankings and grades as users have them, checked, as frames that metrics are computed on."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import RelevanceLabels
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.numerics import Floats

PAIR = ("query_id", "doc_id")
WORTH = ("score", "relevance")  # what a frame to be scored may be ranked by, higher first; or by rank, 1 first


def ranked(ranking: Any) -> pl.DataFrame:
    """The ranking as query_id, doc_id, score."""
    frame = tables.as_frame(ranking.frame if isinstance(ranking, RelevanceLabels) else ranking)
    named = next((name for name in (*WORTH, "rank") if name in frame.columns), "score")
    tables.require(frame, [*PAIR, named], "the ranking", "name what it is ranked by score, relevance or rank")
    score = numbers(frame, named, "the ranking")
    return pairs(frame, "the ranking").with_columns(score=-score if named == "rank" else score)


def graded(gold: Any, gain: str) -> pl.DataFrame:
    """The grades as query_id, doc_id, gain."""
    if gain not in GAINS:
        raise UnknownNameError(f"no gain is called {gain!r}; there are: {', '.join(GAINS)}")
    frame = tables.as_frame(gold)
    tables.require(frame, [*PAIR, "grade"], "the gold")
    grade = numbers(frame, "grade", "the gold")
    worth = pl.Series(GAINS[gain](grade.to_numpy()))
    bad = ((grade < 0) | ~worth.is_finite()).arg_true()
    if len(bad):
        raise TableError(f"the gold has grade {grade[bad[0]]} in row {bad[0]}: a grade is 0 or more, such as 0 to 4")
    return pairs(frame, "the gold").with_columns(gain=worth)


def _exponential(grade: Floats) -> Floats:
    with np.errstate(over="ignore"):  # an infinite gain is refused by name
        return np.asarray(np.exp2(grade) - 1)


GAINS: Mapping[str, Callable[[Floats], Floats]] = {"exponential": _exponential, "linear": lambda grade: grade}


def numbers(frame: pl.DataFrame, name: str, source: str) -> pl.Series:
    """A column as finite numbers."""
    values = frame[name].cast(pl.Float64, strict=False)
    bad = (~values.is_finite().fill_null(False)).arg_true()
    if len(bad):
        raise TableError(f"{source} has {name} = {frame[name][bad[0]]!r} in row {bad[0]}: it must be a finite number")
    return values


def pairs(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The documents of each query as texts, none twice."""
    found = frame.select(pl.col(PAIR).cast(pl.String))
    twice = found.is_duplicated()
    if twice.any():
        query, doc = found.filter(twice).row(0)
        raise TableError(f"{source} has document {doc!r} of query {query!r} twice: keep one row of each")
    return found
