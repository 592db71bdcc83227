"""How far a review is, as a section: what was asked, who answered, what became of the pre-labels, and when."""

from collections.abc import Iterator

import polars as pl

from weaklabel.report import review_charts
from weaklabel.report.loop import loop_section, simulated_mark
from weaklabel.report.section import Chart, Section, Table
from weaklabel.review.journal import Journal
from weaklabel.review.status import Status, status

STATES = {
    "pending": "{:,} tasks wait to be pushed",
    "in_flight": "{:,} tasks were being sent when something broke: the next push or pull looks whether they arrived",
    "tombstone": "{:,} tasks were deleted where they were asked; their answers stay",
}


def review_section(journal: Journal) -> Section:
    """The journal at a glance; where a loop keeps it going, that first."""
    rounds, asked = journal.frame("rounds"), _asked(journal)
    if rounds.is_empty():
        return asked
    loop, mark = loop_section(rounds), simulated_mark(rounds)
    return Section(
        f"{asked.title}{mark}",
        (*loop.lead, *asked.lead),
        (*loop.tables, *(Table(f"{each.caption}{mark}", each.frame) for each in asked.tables)),
        (*loop.charts, *(Chart(f"{each.caption}{mark}", each.svg) for each in asked.charts)),
    )


def _asked(journal: Journal) -> Section:
    """What was asked and answered, however it was chosen."""
    found = status(journal)
    tables = (
        Table("Batches", found.batches.with_columns(pl.col("added_at").map_elements(_minute, pl.String))),
        Table("Who answered", found.annotators),
        Table("What became of the pre-labels", found.suggestions),
    )
    given = _answers(journal)
    pictures = (
        (Chart("Answers as they came in, by who gave them.", review_charts.arrivals(given)),) if len(given) else ()
    )
    return Section(
        f"Review in {journal.folder}",
        tuple(_lead(found)),
        tuple(table for table in tables if len(table.frame)),
        pictures,
    )


def _answers(journal: Journal) -> pl.DataFrame:
    """Who gave each answer that stands, and when; those whose time is not known are left out."""
    rows = [(one.annotator, one.created_at or one.updated_at) for one in journal.annotations() if not one.skipped]
    said = pl.DataFrame(rows, schema={"annotator": pl.String, "at": pl.String}, orient="row")
    at = pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC", strict=False).dt.replace_time_zone(None)
    return said.with_columns(at).drop_nulls()


def _lead(found: Status) -> Iterator[str]:
    if not found.place:
        yield "Nothing was pushed yet."
        return
    yield f"Asked at {_where(found.place)}."
    yield (
        f"{found.items:,} items asked about: {found.answered:,} answered ({found.answers:,} answers), "
        f"{found.skipped:,} skipped only, {found.open:,} tasks open."
    )
    for state, said in STATES.items():
        if count := found.tasks.get(state):
            yield said.format(count) + "."
    if found.last_pull:
        yield f"Answers were last pulled at {_minute(found.last_pull)} by the server's clock (UTC)."
    if found.skipped:
        yield "Skipped items: `weaklabel review skipped` lists them, and with --ask-again asks once more."


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _where(place: dict[str, str]) -> str:
    if place["backend"] == "local_file":
        return "task files to be imported by hand (local_file)"
    at = f" at {place['url']}" if "url" in place else ""
    return f"Label Studio{at}, project {place['project']} ({place['title']})"
