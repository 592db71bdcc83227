"""What rankings would have been worth, as a section: values, differences, and what they rest on."""

from collections.abc import Iterator, Sequence

import polars as pl

from weaklabel.clicks.evaluating.result import Evaluation
from weaklabel.report.section import Section, Table, between

OBSERVED = "observed"
ABREAST = 3  # methods that fit beside each other on a terminal
SUPPORT = ("ess_share", "largest_weight_share", "clipped_share", "never_shown_share", "could_add")
NOTHING = 0.0005  # below which a column of shares is left out


def evaluation_section(found: Evaluation) -> Section:
    """Values of rankings, their differences and what they rest on; remarks first."""
    frame = found.frame.filter(pl.col("method") != OBSERVED)
    caption = f"{found.metric}@{found.k} over {found.pages:,} pages of {found.queries:,} queries, "
    tables = [Table(f"{caption}{found.level:.0%} intervals:", _by_method(frame, ["ranking"], "value"))]
    if len(found.differences):
        named = ["ranking", "baseline"]
        tables.append(Table("Ranking less baseline:", _by_method(found.differences, named, "difference")))
    return Section("Value of rankings", (*found.remarks, *_logged(found)), (*tables, _rests_on(frame)))


def _logged(found: Evaluation) -> Iterator[str]:
    for row in found.frame.filter(pl.col("method") == OBSERVED).iter_rows(named=True):
        worth = _text(row["value"], row["lower"], row["upper"])
        yield f"what was shown was worth {worth} by the clicks where they fell"


def _by_method(frame: pl.DataFrame, index: list[str], value: str) -> pl.DataFrame:
    """A row per ranking and a column per method, where these fit; methods that say the same share a column."""
    texts = [_text(*row) for row in frame.select(value, "lower", "upper").rows()]
    rows = frame.select(*index, "method", pl.Series(value, texts))
    wide = rows.pivot("method", index=index, values=value, maintain_order=True)
    alike = _alike(wide.drop(index))
    if len(alike) > ABREAST:
        return rows
    return wide.select(*index, *(pl.col(one[0]).alias(", ".join(one)) for one in alike))


def _alike(columns: pl.DataFrame) -> Sequence[list[str]]:
    """The names of the columns, those of equal content together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        groups.setdefault(tuple(column), []).append(column.name)
    return list(groups.values())


def _rests_on(frame: pl.DataFrame) -> Table:
    """By the last method, which takes the most into account; columns that say nothing here are left out."""
    method = frame["method"][-1]
    rows = frame.filter(pl.col("method") == method)
    ends = [f"{low:.3f} to {high:.3f}" for low, high in rows.select("lowest", "highest").rows()]
    telling = [name for name in SUPPORT if (rows[name].fill_null(0.0) >= NOTHING).any()]
    said = f"What {method} rests on; the range is over curves from half to one and a half times as steep:"
    return Table(said, rows.select("ranking", pl.Series("range", ends), *telling))


def _text(value: float, lower: float | None, upper: float | None) -> str:
    return f"{value:.3f}" if lower is None or upper is None else between(value, lower, upper)
