"""Debias: from clicks and propensities to relevance labels."""

from collections.abc import Callable
from typing import Any

import polars as pl

from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError, ModelError, UnknownNameError

Corrected = tuple[pl.Expr, pl.Expr]  # relevance of a group of cells, and the weight of an impression in a cell

N, C = pl.col("impressions"), pl.col("clicks")


def debias(
    log: ClickLog | ClickCounts, propensities: Propensities, method: str = "ips", clip: float = 0.1
) -> RelevanceLabels:
    """Relevance of each document for each query: clicks per examined impression.

    With N impressions and C clicks at a position of examination theta, summed over a document's positions:

    - "naive": sum C / sum N, the click rate, biased by position. An impression weighs 1.
    - "ips": sum (C / theta) / sum N, unbiased if the propensities are right. It weighs 1 / theta.
    - "clipped": the same with theta no smaller than `clip`: less variance, some bias.
    - "snips": sum C / sum (N theta), self-normalised: clicks per impression that counts as examined, of lower variance
      and almost unbiased. It weighs theta.

    Parameters
    ----------
    log
        The log, or its counts.
    propensities
        Examination of each position of the log.
    method
        "naive", "ips", "clipped" or "snips".
    clip
        Smallest propensity that "clipped" divides by, in (0, 1]; the other methods do not clip. The provenance says
        which share of the impressions it touched.

    Returns
    -------
    RelevanceLabels
        One row per (query_id, doc_id), sorted. The effective sample size is Kish's, (sum w)^2 / sum w^2, of the
        impressions' weights.

    Raises
    ------
    ClickLogError
        A position of the log has no propensity.
    ModelError
        `clip` is outside its range.
    UnknownNameError
        There is no such method.
    """
    if method not in METHODS:
        raise UnknownNameError(f"no correction is called {method!r}; there are: {', '.join(METHODS)}")
    if not 0 < clip <= 1:
        raise ModelError(f"clip is {clip}: the smallest propensity to divide by lies in (0, 1], such as 0.1")
    floor = clip if method == "clipped" else 0.0
    cells = _with_examination(as_counts(log).frame, propensities)
    relevance, weight = METHODS[method](pl.col("examination").clip(floor))
    labels = cells.group_by("query_id", "doc_id").agg(
        relevance.alias("relevance"),
        N.sum(),
        C.sum(),
        ((N * weight).sum() ** 2 / (N * weight**2).sum()).alias("effective_sample_size"),
    )
    return RelevanceLabels(labels.sort("query_id", "doc_id"), _provenance(method, floor, cells, propensities))


def _naive(theta: pl.Expr) -> Corrected:
    return C.sum() / N.sum(), pl.lit(1.0)


def _ips(theta: pl.Expr) -> Corrected:
    return (C / theta).sum() / N.sum(), 1 / theta


def _snips(theta: pl.Expr) -> Corrected:
    return C.sum() / (N * theta).sum(), theta


METHODS: dict[str, Callable[[pl.Expr], Corrected]] = {"naive": _naive, "ips": _ips, "clipped": _ips, "snips": _snips}


def _with_examination(cells: pl.DataFrame, propensities: Propensities) -> pl.DataFrame:
    known = propensities.to_frame().select("position", "examination")
    missing = cells.join(known, on="position", how="anti")["position"].unique().sort().to_list()
    if missing:
        _raise_unknown(missing, cells["position"].min() == missing[0])
    return cells.join(known, on="position", maintain_order="left")


def _raise_unknown(missing: list[int], from_the_top: bool) -> None:
    named = ", ".join(str(position) for position in missing[:10]) + (", ..." if len(missing) > 10 else "")
    noun = "position" if len(missing) == 1 else "positions"
    shorter = "" if from_the_top else f", or keep to log.upto({missing[0] - 1})"
    raise ClickLogError(
        f"no propensity is known for {noun} {named} of the log: estimate from a log that has all{shorter}"
    )


def _provenance(method: str, floor: float, cells: pl.DataFrame, propensities: Propensities) -> dict[str, Any]:
    clipped = cells.select(N.filter(pl.col("examination") < floor).sum() / N.sum()).item()
    return {
        "method": method,
        "clip": floor or None,
        "clipped_share": clipped,
        "position": propensities.position.tolist(),
        "examination": propensities.examination.tolist(),
        "propensities": dict(propensities.provenance),
    }
