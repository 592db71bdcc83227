"""What the rows of a log may stand for: an impression, many impressions, or a page of results."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from weaklabel.clicks.reading.formats import pages
from weaklabel.clicks.reading.origin import Origin
from weaklabel.clicks.reading.rows import COUNTED, REQUIRED, checked
from weaklabel.errors import UnknownNameError

PAGES_AT_ONCE = 50_000
FORMATS = ("long", "pages", *(f"pages:{kind}" for kind in pages.KINDS), "yandex")
Impressions = Iterator[tuple[pl.DataFrame, Origin, bool]]  # and whether their session_id was made from a page's number


@dataclass
class Layout:
    """Makes checked impressions of rows of one format; what the clicks of pages are, the first of them decide.

    Parameters
    ----------
    format
        One of `FORMATS`; None: told from the columns.
    kind
        What the clicks of pages are, one of `pages.KINDS`, where that is known.
    whole_ids
        Whether ids that are whole numbers may stay so.

    Raises
    ------
    UnknownNameError
        It is none of these.
    """

    format: str | None = None
    kind: str | None = None
    whole_ids: bool = False

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise UnknownNameError(f"no format of a log is called {self.format!r}; there are: {', '.join(FORMATS)}")
        if self.format and ":" in self.format:
            self.kind = self.format.partition(":")[2]

    def impressions(self, raw: pl.DataFrame, short: str, origin: Origin, clicks: str | None = None) -> Impressions:
        """The rows with our names of columns, as impressions.

        `short` names the file in the sessions made here; `clicks` says what those of pages are, where that is known.
        """
        if not self._paged(raw):
            yield checked(raw, origin, _required(raw), self.whole_ids), origin, False
            return
        read = pages.listed(raw, origin)
        self._decide(read, origin, clicks)
        numbered = "session_id" not in read.columns
        if numbered:
            read = read.with_columns(_sessions(len(read), short, origin))
        for start in range(0, len(read), PAGES_AT_ONCE):
            some = read[start : start + PAGES_AT_ONCE]
            frame, where = pages.impressions(some, clicks or self.kind or "positions", origin.after(start))
            yield checked(frame, where), where, numbered

    def settled(self, raw: pl.DataFrame, origin: Origin, clicks: str | None = None) -> bool:
        """Whether it is known now what the clicks of pages are, or there is no need to know."""
        if clicks is None and self.kind is None and self._paged(raw):
            self._decide(pages.listed(raw, origin), origin, clicks)
            return self.kind is not None
        return True

    def _paged(self, raw: pl.DataFrame) -> bool:
        if self.format is None:
            return "doc_ids" in raw.columns and not {"doc_id", "click"} <= set(raw.columns)
        return self.format != "long"

    def _decide(self, read: pl.DataFrame, origin: Origin, clicks: str | None) -> None:
        if clicks is None and self.kind is None and (read["clicks"].list.len() > 0).any():  # no click decides nothing
            self.kind = pages.kind_of_clicks(read, origin)


def _required(raw: pl.DataFrame) -> tuple[str, ...]:
    many = "click" not in raw.columns and {"impressions", "clicks"} <= set(raw.columns)
    return COUNTED if many else REQUIRED


def _sessions(n: int, short: str, origin: Origin) -> pl.Series:
    numbers = pl.int_range(origin.first, origin.first + n, eager=True) if origin.rows is None else origin.rows
    return pl.select((pl.lit(f"{short}:") + numbers.cast(pl.String)).alias("session_id")).to_series()
