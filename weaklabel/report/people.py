"""The people of a review, as a section: how far they agree, who needs a look, and whether pre-labels sway them."""

from collections.abc import Iterator, Mapping

import polars as pl

from weaklabel.report import charts
from weaklabel.report.section import Chart, Section, Table, between
from weaklabel.review.journal import Journal
from weaklabel.review.people.agreement import Agreement, agreement
from weaklabel.review.people.anchoring import Anchoring, anchoring
from weaklabel.review.people.flags import annotators

LISTED = 20  # items on which people disagree; the journal's export has all


def people_section(journal: Journal, level: str = "nominal", gold: Mapping[str, str] | None = None) -> Section:
    """Agreement, annotators and anchoring, from all answers that stand.

    `level` is "nominal", "ordinal" or "interval"; `gold` maps items to known classes.
    """
    said = journal.annotations()
    people, agreed = annotators(said, gold), agreement(said, level)
    swayed = anchoring(said, journal.ledger.tasks("pushed"))
    tables = (
        Table("Who answered; agreement is with the others, with its 95 % interval", _shown(people)),
        Table("Every two people", _pairs(agreed)),
        Table(f"Items on which people differ, the worst first (at most {LISTED})", agreed.disagreements.head(LISTED)),
        Table("How often people give the pre-label, where they see it and where they do not", swayed.by_class),
    )
    pictures = (Chart("Seconds that answers took.", charts.lead_times(_seconds(journal))),) if said else ()
    return Section(
        f"The people of {journal.folder}",
        (*_flags(people), *_agreement(agreed), *_anchoring(swayed)),
        tuple(table for table in tables if len(table.frame)),
        pictures,
    )


def _shown(people: pl.DataFrame) -> pl.DataFrame:
    chosen = people.drop("flags", "lead_total", "lower", "upper", "accuracy_lower", "accuracy_upper")
    return chosen[[column.name for column in chosen if column.null_count() < len(column)]]


def _pairs(found: Agreement) -> pl.DataFrame:
    return found.pairs.drop("lower", "upper")


def _flags(people: pl.DataFrame) -> Iterator[str]:
    for name, reasons in people.select("annotator", "flags").iter_rows():
        for reason in reasons or ():
            yield f"{name}: {reason}."


def _agreement(found: Agreement) -> Iterator[str]:
    if found.alpha is None or found.interval is None:
        yield f"No agreement to speak of: {found.reason}."
        return
    lower, upper = found.interval
    yield (
        f"Krippendorff's alpha ({found.level}) is {between(found.alpha, lower, upper)} over {found.items:,} items with "
        "two answers or more: 1 is agreement in everything, 0 what chance would bring."
    )


def _anchoring(found: Anchoring) -> Iterator[str]:
    yield found.sentence


def _seconds(journal: Journal) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {}
    for one in journal.annotations():
        if one.lead_time is not None and not one.skipped:
            seconds.setdefault(one.annotator, []).append(one.lead_time)
    return dict(sorted(seconds.items()))
