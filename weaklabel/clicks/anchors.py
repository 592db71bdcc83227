"""Anchors: documents that people graded, which tie what clicks say to what people mean."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.curves.intervals import half_width
from weaklabel.clicks.relevance import platt
from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.errors import ModelError, NotIdentifiedError, TableError
from weaklabel.numerics import Floats

PAIR = ["query_id", "doc_id"]
WORTH = ("grade", "relevance")
THRESHOLD = {"grade": 1.0, "relevance": 0.5}
FEWEST = 20  # anchors, and a quarter of them of either kind
FOLDS = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Anchors:
    """Graded pairs, checked.

    Attributes
    ----------
    frame
        query_id and doc_id (text), and worth (a number).
    scale
        What `worth` is: "grade", 0 or more, or "relevance", in [0, 1].
    """

    frame: pl.DataFrame
    scale: str


def as_anchors(data: Any, source: str = "the anchors") -> Anchors:
    """Anchors from a frame, or the path of one, with query_id, doc_id and grade or relevance.

    Raises
    ------
    TableError
        A column is missing, an id or a value is, a value is outside its range, or people disagree on a pair; a pair
        that got the same grade twice counts once.
    """
    frame = tables.read_frame(data, PAIR) if isinstance(data, str | Path) else tables.as_frame(data)
    scale = next((name for name in WORTH if name in frame.columns), WORTH[0])
    tables.require(frame, [*PAIR, scale], source, "give each pair a grade, or a relevance in [0, 1]")
    worth = frame[scale].cast(pl.Float64, strict=False)
    bad = ~worth.is_between(0, 1 if scale == "relevance" else 1e6).fill_null(False)
    if bad.any():
        row = int(bad.arg_max() or 0)
        range_ = "a relevance lies in [0, 1]" if scale == "relevance" else "a grade is 0 or more, such as 0 to 4"
        raise TableError(f"{source} have {scale} {frame[scale][row]!r} in row {row}: {range_}")
    graded = frame.select(pl.col(PAIR).cast(pl.String)).with_columns(worth=worth)
    if (nameless := graded.select(pl.any_horizontal(pl.col(PAIR).is_null())).to_series()).any():
        raise TableError(f"{source} have no query_id or no doc_id in row {nameless.arg_max()}: give both")
    graded = graded.unique(maintain_order=True)
    if (twice := graded.select(PAIR).is_duplicated()).any():
        query, doc, _ = graded.filter(twice).row(0)
        given = " and ".join(f"{one:g}" for one in graded.filter(query_id=query, doc_id=doc)["worth"])
        raise TableError(f"{source} give document {doc!r} of query {query!r} the {scale}s {given}: settle on one")
    return Anchors(graded, scale)


def calibrate(
    labels: RelevanceLabels, anchors: Any, *, threshold: float | None = None, level: float = 0.95, seed: int = 0
) -> RelevanceLabels:
    """The labels with p_relevant: the probability that people would call the document relevant.

    Assumes that the log odds of being relevant rise with the logarithm of relevance as clicks show it; the slope and
    the intercept are learned from anchors (Platt scaling). What clicks leave open is averaged over, so that a document
    that was hardly shown gets what documents get on average. Any choice of anchors will do that does not look at
    what people said.

    Parameters
    ----------
    labels
        Of the method "shrunk".
    anchors
        Frame, or its path: query_id, doc_id, and grade (0 or more) or relevance (in [0, 1]). 100 to 300 are enough.
    threshold
        The least grade, or relevance, that counts as relevant; None is 1, or 0.5.
    level
        Probability of the interval p_lower..p_upper, which says how far few anchors may be off; in (0, 1).
    seed
        Of the folds of the cross-validation.

    Returns
    -------
    RelevanceLabels
        With p_relevant, p_lower, p_upper. The provenance has the log loss on anchors that were left out, and that of
        their base rate; a warning is logged where clicks are no better than it.

    Raises
    ------
    ModelError
        The labels do not say how sure they are, or `level` or `threshold` is outside its range.
    NotIdentifiedError
        Fewer than 20 anchors have labels, or fewer than 5 of them are relevant, or not relevant.
    TableError
        The anchors are not what they must be, or none of them has a label.

    Source: Platt, Probabilistic Outputs for Support Vector Machines, 1999.
    """
    if not 0 < level < 1:
        raise ModelError(f"level is {level}: a probability lies between 0 and 1, such as 0.95")
    if "sd" not in labels.frame.columns:
        raise ModelError(
            f"labels of method {labels.provenance.get('method')!r} do not say how sure they are: debias with 'shrunk'"
        )
    known = as_anchors(anchors)
    cut = THRESHOLD[known.scale] if threshold is None else threshold
    if not np.isfinite(cut):
        raise ModelError(f"threshold is {cut}: the least {known.scale} that counts as relevant, such as 1")
    row, y = _graded(labels, known, cut)
    gammas = Gammas(labels.frame["relevance"].to_numpy(), labels.frame["sd"].to_numpy())
    line = platt.fit(gammas.chosen(row), y)
    losses = platt.cross_validated(gammas.chosen(row), y, FOLDS, seed)
    said = {"anchors": len(y), "threshold": cut, "scale": known.scale, "level": level, "seed": seed}
    said |= {
        "intercept": float(line.weights[0]),
        "slope": float(line.weights[1]),
        "log_loss": losses[0],
        "base_log_loss": losses[1],
    }
    if losses[0] >= losses[1]:
        logger.warning(
            "clicks tell graded documents apart no better than their base rate does (log loss %.3f, base rate %.3f): "
            "grade more pairs, or count a longer log",
            *losses,
        )
    p = line.predict(gammas, half_width(level))
    return RelevanceLabels(labels.frame.with_columns(**p), {**labels.provenance, "calibration": said})


def _graded(labels: RelevanceLabels, anchors: Anchors, cut: float) -> tuple[Any, Floats]:
    """The rows of the labels that were graded, and whether they are relevant."""
    numbered = labels.frame.select(PAIR).with_row_index("row")
    found = numbered.join(anchors.frame, on=PAIR).sort("row")
    if not len(found) and len(anchors.frame):
        raise TableError(
            f"none of the {len(anchors.frame)} anchors has a label: the anchors have (query_id, doc_id) "
            f"{anchors.frame.select(PAIR).row(0)}, the labels {labels.frame.select(PAIR).row(0)}"
        )
    if len(found) < len(anchors.frame):
        logger.warning("%d of %d anchors were never shown", len(anchors.frame) - len(found), len(anchors.frame))
    y = (found["worth"] >= cut).to_numpy().astype(np.float64)
    if len(y) < FEWEST or min(y.sum(), len(y) - y.sum()) < FEWEST // 4:
        raise NotIdentifiedError(
            f"{len(y)} anchors have labels, {int(y.sum())} of them relevant ({anchors.scale} at least {cut:g}): it "
            f"takes at least {FEWEST}, and {FEWEST // 4} of either kind; 100 to 300 do well"
        )
    return found["row"].cast(pl.Int64).to_numpy(), y
