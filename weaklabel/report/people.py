"""The people of a review, as a section: how far they agree, who needs a look, and whether pre-labels sway them."""

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from weaklabel.artefacts import Annotation
from weaklabel.report import review_charts
from weaklabel.report.loop import simulated_mark
from weaklabel.report.section import Chart, Section, Table, between
from weaklabel.review.journal import Journal
from weaklabel.review.people.agreement import Agreement, agreement
from weaklabel.review.people.anchoring import Anchoring, anchoring
from weaklabel.review.people.flags import annotators

WHO = "Who answered"
BESIDE = {
    "agreement": "agreement with most of the others on shared items",
    "accuracy": "accuracy on items of known class",
}
WORK = ("annotator", "answers", "skips", "median_seconds", "shared", "agreement", "known", "accuracy")
SAW = ("annotator", "seen", "accepted", "changed", "ignored")
NAMES = {"lead_median": "median_seconds", "suggested": "seen"}
LISTED = 20  # pairs of people, and items on which they differ; `agreement` gives all


def people_section(journal: Journal, level: str = "nominal", gold: Mapping[str, str | None] | None = None) -> Section:
    """Agreement, annotators and anchoring, from all answers that stand.

    `level` is "nominal", "ordinal" or "interval"; `gold` maps items to known classes.
    """
    said = journal.annotations()
    people, agreed = annotators(said, gold), agreement(said, level)
    swayed = anchoring(said, journal.ledger.tasks("pushed"))
    tables = (
        Table("; ".join((WHO, *_beside(people))), _work(people)),
        Table("Pre-labels that each person saw, and the shares accepted, changed and ignored", _saw(people)),
        Table(f"Every two people, who agrees least first (at most {LISTED}), with 95 % intervals", _pairs(agreed)),
        Table(f"Items on which people differ, the worst first (at most {LISTED})", agreed.disagreements.head(LISTED)),
        Table("How often people give the pre-label, where they see it and where they do not", _swayed(swayed)),
    )
    seconds = _seconds(said)
    pictures = (
        (Chart("How long answers took; the line is the median.", review_charts.lead_times(seconds)),) if seconds else ()
    )
    return Section(
        f"The people of {journal.folder}{simulated_mark(journal.frame('rounds'))}",
        (*_flags(people), *_agreement(agreed), swayed.sentence),
        tuple(table for table in tables if len(table.frame)),
        pictures,
    )


def _beside(people: pl.DataFrame) -> Iterator[str]:
    for name, said in BESIDE.items():
        if people[name].is_not_null().any():
            yield f"{said}, with its 95 % interval"


def _work(people: pl.DataFrame) -> pl.DataFrame:
    told = _with_interval(people, "agreement", "lower", "upper")
    told = _with_interval(told, "accuracy", "accuracy_lower", "accuracy_upper").rename(NAMES).select(WORK)
    return _filled(told.drop([name for name in ("shared", "known") if not told[name].sum()]))


def _saw(people: pl.DataFrame) -> pl.DataFrame:
    return people.rename(NAMES).select(SAW).filter(pl.col("seen") > 0)


def _pairs(found: Agreement) -> pl.DataFrame:
    worst = found.pairs.sort("kappa", "annotator_a", "annotator_b", nulls_last=True).head(LISTED)
    told = _with_interval(worst, "agreement", "lower", "upper")
    return _with_interval(told, "kappa", "kappa_lower", "kappa_upper")


def _swayed(found: Anchoring) -> pl.DataFrame:
    return _filled(_with_interval(found.by_class, "difference", "lower", "upper"))


def _with_interval(frame: pl.DataFrame, name: str, lower: str, upper: str) -> pl.DataFrame:
    """The column as text, each number with its interval beside it."""
    told = [
        None if value is None else f"{value:.3f}" if low is None or high is None else between(value, low, high)
        for value, low, high in frame.select(name, lower, upper).iter_rows()
    ]
    return frame.with_columns(pl.Series(name, told, pl.String)).drop(lower, upper)


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that have nothing to tell."""
    return frame[[column.name for column in frame if column.null_count() < len(column)]]


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


def _seconds(said: Iterable[Annotation]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {}
    for one in said:
        if one.lead_time is not None and not one.skipped:
            seconds.setdefault(one.annotator, []).append(one.lead_time)
    return dict(sorted(seconds.items()))
