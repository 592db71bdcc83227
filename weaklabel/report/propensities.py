"""How often each position is examined, as a section: what the estimate rests on, and the curve."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.report.section import Section, Table, between

DISAGREE = 1.5  # times as much as chance: where intervals begin to be widened
ABREAST = 3  # curves that fit beside each other on a terminal


def propensities_section(propensities: Propensities) -> Section:
    """The curve, or one for each context, with intervals; and what stands out, in sentences."""
    first = propensities.provenance.get("reference_position", 1)
    to = "the first" if first == 1 else f"position {first}"
    caption = f"examination relative to {to}, {propensities.level:.0%} intervals:"
    return Section("Examination", tuple(_remarks(propensities)), (Table(caption, _shown(propensities)),))


def _remarks(found: Propensities) -> Iterator[str]:
    said = found.provenance
    if "informative_clicks" in said:
        yield f"{said['informative_clicks']:,} of {found.clicks.sum():,} clicks tell the curve{_those_on(said)}"
    if (spread := said.get("heterogeneity") or 0.0) > DISAGREE:
        yield (
            f"documents disagree on the curve {spread:.1f} times as much as chance would have it: intervals are wider "
            "for it; `weaklabel diagnose` looks for the reason"
        )
    if left := said.get("left_out"):
        yield _left_out(found, left)
    if (tau := said.get("between_contexts")) is not None:
        yield f"from context to context, examination of a position varies by about {tau:.0%} (one standard deviation)"
    if not str(said.get("intervals", "delete-group")).startswith("delete-group"):
        yield f"intervals: {said['intervals']}"


def _those_on(said: Mapping[str, Any]) -> str:
    if "informative_pages" in said:
        return f", on {said['informative_pages']:,} pages"
    what = "graded documents" if "anchors" in said else "documents that compare positions"
    return f": those on {said['informative_items']:,} {what}" if "informative_items" in said else ""


def _left_out(found: Propensities, left: list[int]) -> str:
    several = len(left) > 1
    named = f"position{'s' * several} {', '.join(map(str, left))} {'are' if several else 'is'}"
    last = int(found.position.max())
    advice = f": debias with --upto {last}" if min(left) > last else ""
    return f"{named} left out, as too little compares {'them' if several else 'it'} with the others{advice}"


def _shown(found: Propensities) -> pl.DataFrame:
    frame = found.to_frame()
    rows = frame.select("examination", "lower", "upper").rows()
    frame = frame.with_columns(pl.Series("examination", [between(*row) for row in rows])).drop("lower", "upper")
    if found.context is None or not 1 < len(found.starts) <= ABREAST:
        return frame
    contexts = [" ".join(row) for row in found.context.rows()]
    beside = frame.select("position", "examination", context=pl.Series(contexts))
    return beside.pivot("context", index="position", values="examination").sort("position")
