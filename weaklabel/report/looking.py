"""Views of labeling functions: what a terminal shows of them, and the rows that a file gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.labeling.items import KNOWN, VOTES, Show, column_of, items, shown
from weaklabel.labeling.pairs import conflicts, correlation, pairs
from weaklabel.labeling.remarks import remarks
from weaklabel.labeling.summary import class_coverage, summary
from weaklabel.report.section import Table

WIDEST = 20  # functions whose matrix a terminal shows
MOST_COLUMNS = 3  # of the items' own
LONGEST = 200  # signs of a text
ALIKE = ("kappa", "kappa_where_both_vote", "residual_correlation")
WHERE: dict[str, str] = {
    "votes": "{lf} votes",
    "disagree": "{lf} votes and another votes differently",
    "against": "{lf} votes and none of two or more others votes as it does",
    "wrong": "{lf} votes for another class than the known one",
    "uncovered": "no function votes",
}

Gold = NDArray[np.integer] | None


@dataclass(frozen=True)
class View:
    """Something to look at.

    Attributes
    ----------
    tables
        What a terminal shows.
    notes
        Sentences to read below them.
    rows
        What a file gets: every row and column.
    """

    tables: Sequence[Table]
    notes: Sequence[str]
    rows: pl.DataFrame


def of_functions(L: LabelMatrix, gold: Gold = None, lf: str | None = None) -> View:
    """What each function does, or the one called `lf` and whom it conflicts with; and what stands out."""
    found = summary(L, gold)
    if lf is None:
        return View([functions_table(L, found)], remarks(L, gold), found)
    one = found[[column_of(L, lf)]]
    tables = [functions_table(L, one, f"{lf!r} on {len(L.votes):,} items:"), *of_conflicts(L, lf).tables]
    return View(tables, remarks(L, gold, lf), one)


def of_classes(L: LabelMatrix, gold: Gold = None) -> View:
    """How each class is covered."""
    found = class_coverage(L, gold)
    return View([classes_table(L, found)], [], found)


def of_conflicts(L: LabelMatrix, lf: str | None = None, limit: int = 10) -> View:
    """Who votes differently from whom, most first; of all functions, or of the one called `lf`."""
    listed = pairs(L).filter(pl.col("conflicts") > 0).drop(ALIKE)
    if lf is not None:
        partners = _partners(L, listed, lf)
        return View([Table(f"{len(partners):,} functions vote differently from {lf!r}:", partners)], [], partners)
    matrix = conflicts(L)
    tables = _square(L, matrix, "on how many items each two vote differently:", 1)
    return View([*tables, _first(listed, limit, "that vote differently, most first:")], [], matrix)


def of_correlation(L: LabelMatrix, posterior: Posterior | None = None, lf: str | None = None, limit: int = 10) -> View:
    """Who is like whom beyond chance, or errs with whom; of all functions, or of the one called `lf`."""
    by, said = ("kappa", "Cohen's kappa, abstaining being one more class")
    if posterior is not None:
        by, said = ("residual_correlation", "correlation of errors given the class")
    listed = pairs(L, posterior).drop("conflicts", "share").drop_nulls(by)
    listed = listed.sort(pl.col(by).abs(), descending=True, maintain_order=True)
    listed = listed.drop(name for name in ALIKE if listed[name].null_count() == len(listed))
    if lf is not None:
        partners = _partners(L, listed, lf)
        return View([Table(f"how like {lf!r} others are; {said}:", partners)], [], partners)
    matrix = correlation(L, posterior)
    tables = _square(L, matrix, f"{said}; in hundredths:", 100)
    return View([*tables, _first(listed, limit, f"by {said}:")], [], matrix)


def of_items(
    L: LabelMatrix, table: Any, show: Show, lf: str | None = None, gold: Gold = None, limit: int = 10, seed: int = 0
) -> View:
    """Items on which a function does something, or any does; a sample where there are more than `limit` (0: all)."""
    count = int(shown(L, show, lf, gold).sum())
    found = items(L, table, show, lf, gold, limit=limit or None, seed=seed)
    where = WHERE[show].format(lf="a function" if lf is None else repr(lf))
    caption = f"{count:,} items on which {where}" + (
        f"; {len(found):,} drawn at random:" if len(found) < count else ":"
    )
    if not count:
        return View([], [f"there are no items on which {where}"], found)
    return View([Table(caption, _readable(found))], [], found)


def functions_table(L: LabelMatrix, functions: pl.DataFrame, caption: str | None = None) -> Table:
    """What `summary` found, without the columns that say nothing here."""
    caption = caption or f"{len(L.lf_names)} labeling functions on {len(L.votes):,} items:"
    return Table(caption, _telling(functions, zeros=("correct", "incorrect", "faults")))


def classes_table(L: LabelMatrix, classes: pl.DataFrame) -> Table:
    """What `class_coverage` found, without the columns that say nothing here."""
    return Table(f"{L.cardinality} classes on {len(L.votes):,} items:", _telling(classes, zeros=("known",)))


def _telling(frame: pl.DataFrame, zeros: tuple[str, ...]) -> pl.DataFrame:
    """Without columns that are empty, and those of `zeros` that hold nothing else."""
    silent = [name for name in frame.columns if frame[name].null_count() == len(frame)]
    return frame.drop({*silent, *(name for name in zeros if not frame[name].sum())})


def _partners(L: LabelMatrix, listed: pl.DataFrame, lf: str) -> pl.DataFrame:
    """Of the pairs those of one function, each with the other's name."""
    column_of(L, lf)
    mine = listed.filter((pl.col("lf_a") == lf) | (pl.col("lf_b") == lf))
    other = pl.when(pl.col("lf_a") == lf).then("lf_b").otherwise("lf_a").alias("other")
    return mine.select(other, pl.all().exclude("lf_a", "lf_b"))


def _square(L: LabelMatrix, matrix: pl.DataFrame, caption: str, times: int) -> list[Table]:
    """The matrix as whole numbers, its columns numbered as the rows are; none if it is too wide for a terminal."""
    if not 1 < len(matrix) <= WIDEST:
        return []
    names = pl.Series("lf", [f"{j + 1} {name}" for j, name in enumerate(L.lf_names)])
    columns = [
        (column * times).round().cast(pl.Int64).set(pl.Series(np.arange(len(matrix)) == j), None).replace(0, None)
        for j, column in enumerate(matrix.drop("lf"))
    ]
    return [Table(caption, pl.DataFrame([names, *(column.alias(str(j + 1)) for j, column in enumerate(columns))]))]


def _first(listed: pl.DataFrame, limit: int, what: str) -> Table:
    """The first pairs."""
    some = listed if not limit else listed.head(limit)
    number = f"{len(listed):,}" if len(some) == len(listed) else f"{len(some):,} of {len(listed):,}"
    return Table(f"{number} pairs {what}", some)


def _readable(found: pl.DataFrame) -> pl.DataFrame:
    """Items as a terminal can show them: a few of their columns, texts first, and these not too long."""
    own = [name for name in found.columns if name not in ("id", VOTES, KNOWN)]
    texts = [name for name in own if found.schema[name] == pl.String]
    chosen = {*(texts + [name for name in own if name not in texts])[:MOST_COLUMNS]}
    shown = found.select(name for name in found.columns if name not in own or name in chosen)
    long = pl.col(pl.String).str.len_chars() > LONGEST
    return shown.with_columns(
        pl.when(long).then(pl.col(pl.String).str.slice(0, LONGEST) + " ...").otherwise(pl.col(pl.String))
    )
