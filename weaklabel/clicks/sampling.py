"""Some pages of a log that does not fit into memory, for what looks at pages and not at counts."""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import polars as pl

from weaklabel import progress
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.reading.scan import scan_log
from weaklabel.errors import ClickLogError

ALL = 2**64 - 1
HASH = "hash of session"


def sample_sessions(
    source: Any,
    about: int = 100_000,
    *,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002  the name that users write
    where: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> ClickLog:
    """A log of whole pages, drawn at random by the hash of their session_id; the source is streamed once.

    Parameters
    ----------
    source, columns, format, where
        As for `scan_log`.
    about
        How many sessions: so many, or all if there are fewer.
    seed
        Of the hash: the same seed draws the same sessions, however the log is split or ordered.

    Raises
    ------
    ClickLogError
        As for `scan_log`; or the log has no session_id, so that its pages are not known.
    """
    if not (isinstance(about, Integral) and about >= 1):
        raise ClickLogError(f"about is {about!r}: draw a whole number of sessions, one or more")
    held: list[pl.DataFrame] = []
    upto, room = ALL, 0
    for batch in progress.track(scan_log(source, columns, format, where=where), "drawing sessions"):
        if "click" not in batch.frame.columns:
            raise batch.origin.error("a row of the log stands for many impressions, so that it shows no page")
        if "session_id" not in batch.frame.columns:
            raise batch.origin.error("the log has no session_id, so that its pages cannot be told apart")
        held.append(_hashed(batch.frame, seed).filter(pl.col(HASH) <= upto))
        if sum(map(len, held)) > room:
            upto, kept = _smallest(held, about)
            held, room = [kept], 2 * len(kept)
    return ClickLog(_smallest(held, about)[1].drop(HASH))


def _hashed(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.with_columns(pl.col("session_id").hash(seed + 1).alias(HASH))


def _smallest(held: list[pl.DataFrame], about: int) -> tuple[int, pl.DataFrame]:
    """The rows of the sessions with the smallest hashes, and the largest of these hashes, if others were left out."""
    rows = pl.concat(held, how="diagonal_relaxed")
    sessions = rows[HASH].unique().sort()
    if len(sessions) <= about:
        return ALL, rows
    last = int(sessions[about - 1])
    return last, rows.filter(pl.col(HASH) <= last)
