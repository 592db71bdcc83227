"""What a click log can tell, as a section of a page and as one JSON document."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from weaklabel.clicks.checks.diagnosis import Diagnosis
from weaklabel.report import charts
from weaklabel.report.section import Chart, Section, Table, between

MOST = 40  # positions in one chart; the numbers of more cannot be read
THIRDS = {1: "least relevant third", 2: "middle third", 3: "most relevant third"}


def clicks_section(diagnosis: Diagnosis) -> Section:
    """What the log can tell, and whether its users look as position-based ones do: sentences, tables, charts."""
    return Section(
        "Click log",
        [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in diagnosis.remarks],
        _tables(diagnosis),
        _pictures(diagnosis),
    )


def clicks_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as JSON can hold it: the tables as lists of rows, and null where nothing is known."""
    tables = {name: [_plain(row) for row in frame.iter_rows(named=True)] for name, frame in diagnosis.tables.items()}
    return {"remarks": list(diagnosis.remarks), "refused": diagnosis.refused or None, **tables}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in row.items()}


def _tables(diagnosis: Diagnosis) -> list[Table]:
    found = diagnosis.tables
    tables = [Table("What each position has, and how often it is examined:", _intervals(found["positions"]))]
    if diagnosis.propensities is not None and diagnosis.propensities.context is not None:
        tables.append(Table("Examination in each context:", _intervals(found["propensities"])))
    captions = {
        "tests": "What was asked of the log:",
        "clicked_above": "Clicks below a click, relative to the same documents at the same places without one:",
        "rates": "Click rates of each half of the sessions, as observed and as the other half predicts:",
        "held_out": "How well a fifth of the sessions is predicted by the others; perplexity 1 is certainty:",
    }
    return tables + [Table(said, _intervals(found[name])) for name, said in captions.items() if name in found]


def _intervals(frame: pl.DataFrame) -> pl.DataFrame:
    """With a number and its interval in one column; without what people do not read."""
    value = next((name for name in ("examination", "ratio") if name in frame.columns), None)
    if value is None or "lower" not in frame.columns:
        return frame
    texts = [
        None if v is None else between(v, low, high) for v, low, high in frame.select(value, "lower", "upper").rows()
    ]
    return frame.with_columns(pl.Series(value, texts, dtype=pl.String)).drop("lower", "upper")


def _pictures(diagnosis: Diagnosis) -> list[Chart]:
    pictures = [_links(diagnosis)] if len(diagnosis.linkage.position) <= MOST else []
    curve, tested = diagnosis.propensities, diagnosis.specification
    if curve is not None and curve.context is None:
        pictures.insert(0, _against_clicks(diagnosis))
    if tested is not None and len(tested.curves) and (curve is None or curve.context is None):
        pictures.append(_thirds(tested.curves, tested.verdict))
    if diagnosis.weights is not None:
        pictures.append(_weights(diagnosis.weights))
    return pictures


def _against_clicks(diagnosis: Diagnosis) -> Chart:
    frame = diagnosis.positions.drop_nulls("examination")
    naive = frame.select("position", value=pl.col("click_rate") / pl.col("click_rate").first())
    examined = frame.select("position", "lower", "upper", value="examination")
    svg = charts.position_curves({"examination": examined, "click rate": naive}, "relative to the first position")
    return Chart("Examination, with intervals, and click rates, which also know how good documents are.", svg)


def _links(diagnosis: Diagnosis) -> Chart:
    found = diagnosis.linkage
    svg = charts.heat_map([str(k) for k in found.position], np.round(found.strength), "clicks")
    return Chart("How strongly documents that were shown at both link each two positions.", svg)


def _thirds(curves: pl.DataFrame, verdict: str) -> Chart:
    curves = curves.rename({"examination": "value"})
    named = {name: curves.filter(pl.col("third") == third) for third, name in THIRDS.items()}
    svg = charts.position_curves(named, "examination, relative to the first")
    return Chart(f"Examination as documents of different relevance show it: {verdict}.", svg)


def _weights(weights: np.ndarray[Any, np.dtype[np.float64]]) -> Chart:
    share = float(weights.sum() ** 2 / (len(weights) * (weights**2).sum()))
    said = f"By how much clicks are weighted up, document by document; all weights are worth {share:.0%} of equal ones."
    return Chart(said, charts.weight_histogram(weights))
