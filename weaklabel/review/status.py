"""Status: how far a review is, at a glance."""

from dataclasses import dataclass

import polars as pl

from weaklabel.review.journal import Journal


@dataclass(frozen=True)
class Status:
    """Where a review stands.

    Attributes
    ----------
    place
        Where people answer, as the journal remembers it; empty before the first push.
    tasks
        State -> how many tasks.
    items
        Items asked about.
    answered, skipped, open
        Items that somebody answered; that were skipped only; that are there and untouched.
    answers
        Answers that stand, several to an item included.
    batches
        One row each: batch, strategy, items, answered, added_at.
    annotators
        One row each: annotator, answers, skips, median_seconds.
    suggestions
        One row for each model version whose pre-labels were seen: accepted, changed, ignored.
    last_pull
        The server's time up to which answers were read; empty before the first pull.
    """

    place: dict[str, str]
    tasks: dict[str, int]
    items: int
    answered: int
    skipped: int
    open: int
    answers: int
    batches: pl.DataFrame
    annotators: pl.DataFrame
    suggestions: pl.DataFrame
    last_pull: str


def status(journal: Journal) -> Status:
    """Count what the journal holds at this moment, also while something is pushed or pulled."""
    with journal.database.snapshot():
        return _status(journal)


def _status(journal: Journal) -> Status:
    tasks = journal.frame("tasks")
    said = journal.answers.frame()
    answered = said.filter(~pl.col("skipped"))["item"].unique()
    states = dict(tasks["state"].value_counts().sort("state").iter_rows())
    return Status(
        place={name: str(value) for name, value in (journal.setting("place") or {}).items() if value},
        tasks=states,
        items=len(journal.frame("items")),
        answered=len(answered),
        skipped=len(journal.skipped()),
        open=len(journal.ledger.open()),
        answers=int((~said["skipped"]).sum()),
        batches=_batches(journal, tasks, answered),
        annotators=_annotators(said),
        suggestions=_suggestions(said),
        last_pull=journal.setting("cursor", ""),
    )


def _batches(journal: Journal, tasks: pl.DataFrame, answered: pl.Series) -> pl.DataFrame:
    counts = tasks.group_by("batch").agg(answered=pl.col("item").is_in(answered.implode()).sum(), items=pl.len())
    batches = journal.frame("batches").select(pl.col("id").alias("batch"), "strategy", "added_at")
    return (
        counts.join(batches, on="batch", how="left", nulls_equal=True)
        .sort("batch", nulls_last=True)
        .select("batch", "strategy", "items", "answered", "added_at")
    )


def _annotators(said: pl.DataFrame) -> pl.DataFrame:
    return (
        said.group_by("annotator")
        .agg(
            answers=(~pl.col("skipped")).sum(),
            skips=pl.col("skipped").sum(),
            median_seconds=pl.col("seconds").filter(~pl.col("skipped")).median(),
        )
        .sort("annotator")
    )


def _suggestions(said: pl.DataFrame) -> pl.DataFrame:
    shown = said.filter(~pl.col("skipped"), pl.col("model") != "")
    kinds = ("accepted", "changed", "ignored")
    counted = [(pl.col("suggestion") == kind).sum().alias(kind) for kind in kinds]
    return shown.group_by("model").agg(*counted).sort("model")
