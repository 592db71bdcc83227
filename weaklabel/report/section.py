"""One section of a report: the same content for the terminal and for the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from weaklabel.metrics import Scores


@dataclass(frozen=True)
class Table:
    """A small table.

    Attributes
    ----------
    caption
        One sentence: what the rows are.
    frame
        Its columns; text stands left, numbers right.
    """

    caption: str
    frame: pl.DataFrame

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, or numbers with intervals."""
        return [kind.is_numeric() or _reads_as_number(self.frame[name]) for name, kind in self.frame.schema.items()]

    def cells(self) -> list[list[str]]:
        """The rows as text: floats with three decimals or digits, thousands separated, nothing for null."""
        columns = [[_cell(value, _decimals(column)) for value in column] for column in self.frame]
        return [list(row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Chart:
    """A picture.

    Attributes
    ----------
    caption
        One sentence: what is seen.
    svg
        The picture itself.
    """

    caption: str
    svg: str


@dataclass(frozen=True)
class Section:
    """What one flow found.

    Attributes
    ----------
    title
        Of the section.
    lead
        Sentences to read first.
    tables, charts
        In the order to show them; a terminal shows no charts.
    """

    title: str
    lead: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


def between(value: float, lower: float, upper: float) -> str:
    """A number with its interval: 0.943 [0.915, 0.970]."""
    return f"{value:.3f} [{lower:.3f}, {upper:.3f}]"


def with_interval(scores: Scores, metric: str) -> str:
    """One metric of some scores, with its interval."""
    return between(scores.value[metric], *scores.interval[metric])


def _reads_as_number(column: pl.Series) -> bool:
    return column.dtype == pl.String and bool(column.str.contains(r"^-?[\d.]+ \[").any())


def _decimals(column: pl.Series) -> int:
    """Three, and more for a column whose largest number is below 0.05: enough to tell its values apart."""
    largest = column.abs().max() if column.dtype.is_float() else None
    if not isinstance(largest, float) or not 0 < largest < 0.05:
        return 3
    return 3 - math.floor(math.log10(20 * largest))


def _cell(value: object, decimals: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)
