"""Where rows come from, and what is said of one that is not as it must be."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from weaklabel.errors import ClickLogError


@dataclass(frozen=True)
class Origin:
    """Where rows come from, for what messages say of them.

    Attributes
    ----------
    file
        Its name, or nothing where there is none.
    first
        The number of the first row, counted from 0.
    rows
        The number of each row, where they do not follow one another.
    """

    file: str = ""
    first: int = 0
    rows: pl.Series | None = None

    def row(self, i: int) -> int:
        """The number in the file of the i-th row at hand."""
        return self.first + i if self.rows is None else int(self.rows[i])

    def after(self, n: int) -> "Origin":
        """Where the rows stand that come after the first n."""
        if self.rows is None:
            return Origin(self.file, self.first + n)
        return Origin(self.file, rows=self.rows[n:])

    def error(self, what: str) -> ClickLogError:
        """An error that names the file."""
        return ClickLogError(f"{self.file}: {what}" if self.file else what)


NOWHERE = Origin()  # rows of a frame


def refuse(values: pl.Series, bad: pl.Series, origin: Origin, advice: str) -> None:
    """Raise `ClickLogError` if a value is bad; names the first, its row and what to do."""
    if not bad.any():
        return
    i = int(bad.arg_max() or 0)
    value = values[i]
    missing = value is None or (isinstance(value, float) and value != value)
    has = f"no {values.name}" if missing else f"{values.name} {short(value)}"
    raise origin.error(f"row {origin.row(i)} has {has}: {advice}")


def short(value: Any, most: int = 60) -> str:
    """A value as it is written, cut where it is endless."""
    written = repr(value)
    return written if len(written) <= most else f"{written[:most]}... ({len(str(value)):,} characters)"
