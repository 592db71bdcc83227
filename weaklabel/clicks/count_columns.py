"""The columns that counts have: their names and types, and what cannot be."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from weaklabel.errors import ClickLogError, first_line

BUCKETS = 20  # of sessions, by their hash: each is left out once for the intervals
COUNTS = ("impressions", "clicks")
BY_BUCKET = ("impressions_by_bucket", "clicks_by_bucket")
AT_ONCE = 200_000  # rows that are checked together


def names(columns: Sequence[str] | str) -> tuple[str, ...]:
    """Names of columns, given as several or as one."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def check_names(key: Sequence[str], context: Sequence[str]) -> None:
    """Raise `ClickLogError` unless key and context name further columns of the log, each of them once."""
    own = {"query_id", "doc_id", "position", "click", "session_id", *COUNTS, *BY_BUCKET}
    for what, names in {"key": key, "context": context}.items():
        if bad := [name for name in names if name in own]:
            raise ClickLogError(
                f"{what} names {bad[0]!r}, which every count has already: name further columns of the log"
            )
    names = [*key, *context]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ClickLogError(f"key and context name {twice[0]!r} twice: once, in either, is enough")


def typed(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The columns of counts in their types, sorted by `by`.

    Raises
    ------
    ClickLogError
        A column is missing, or of another type.
    """
    schema: dict[str, Any] = dict.fromkeys(by, pl.String) | dict.fromkeys(("position", *COUNTS), pl.Int64)
    if BY_BUCKET[0] in frame.columns:
        schema |= dict.fromkeys(BY_BUCKET, _narrow(frame))
    if missing := [name for name in schema if name not in frame.columns]:
        raise ClickLogError(
            f"the counts have no column {missing[0]!r}; there are: {', '.join(frame.columns) or 'none'}"
        )
    for name in ("position", *COUNTS):
        if frame.schema[name].is_float() and not (frame[name].fill_null(0) == frame[name].fill_null(0).floor()).all():
            raise ClickLogError(
                f"the counts have parts of {name}, such as {_part(frame[name])}: counts are whole numbers"
            )
    try:
        columns = frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        return columns if _is_sorted(columns, by) else columns.sort(by)
    except pl.exceptions.PolarsError as error:
        raise ClickLogError(f"the counts are not of their types: {first_line(error)}") from error


def _part(values: pl.Series) -> float:
    return float(values.filter(values != values.floor())[0])


def _narrow(frame: pl.DataFrame) -> pl.Array:
    """Arrays of 16 bits where they hold the counts of a bucket: they are most of what counts take in memory."""
    most = max(int(frame[name].to_numpy().max(initial=0)) for name in BY_BUCKET if name in frame.columns)
    return pl.Array(pl.UInt16 if most < 2**16 else pl.UInt32, BUCKETS)


def _is_sorted(frame: pl.DataFrame, by: Sequence[str]) -> bool:
    """Whether no row comes before the one above it: sorting again would take a second copy of all counts."""
    below, tied = pl.lit(False), pl.lit(True)
    for name in by:
        above = pl.col(name).shift()
        below = below | (tied & (pl.col(name) < above))
        tied = tied & (pl.col(name) == above)
    return not any(rows.select(below.fill_null(False).any()).item() for rows in _in_slices(frame))


def _in_slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Some rows at a time, each time with the last one of before: what is asked of neighbours takes memory, too."""
    for start in range(0, len(frame), AT_ONCE):
        yield frame.slice(max(start - 1, 0), AT_ONCE + 1)


def check(frame: pl.DataFrame, by: Sequence[str]) -> None:
    """See that sorted counts are possible.

    Raises
    ------
    ClickLogError
        There are none, a row cannot be or stands there twice, or buckets do not add up.
    """
    if not len(frame):
        raise ClickLogError("the counts have no rows: nothing was shown")
    possible = (pl.col("position") >= 1) & (pl.col("impressions") >= 1) & pl.col("clicks").is_between(0, "impressions")
    bad = frame.filter(~(possible & ~pl.any_horizontal(pl.all().is_null())).fill_null(False))
    if len(bad):
        raise ClickLogError(
            f"impossible counts {bad.row(0, named=True)}: position and impressions start at 1, "
            "clicks are 0..impressions, and nothing is missing"
        )
    # Sorted, so that equal rows are neighbours: cheaper than hashing ten million texts.
    twice = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in by).fill_null(False)
    for rows in _in_slices(frame):
        if len(repeated := rows.filter(twice)):
            raise ClickLogError(f"{repeated.select(by).row(0)} stands there twice: add such rows up with merge")
    if BY_BUCKET[0] in frame.columns:
        _check_buckets(frame)


def _check_buckets(frame: pl.DataFrame) -> None:
    for total, split in zip(COUNTS, BY_BUCKET, strict=True):
        wrong = frame[split].to_numpy().sum(axis=1, dtype=np.int64) != frame[total].to_numpy()
        if wrong.any():
            raise ClickLogError(f"{split} does not add up to {total} in row {int(wrong.argmax())} of the counts")
