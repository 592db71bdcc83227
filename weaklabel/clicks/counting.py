"""Count: from a click log of any size to its counts, a batch at a time, on as many workers as there are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from weaklabel import engine, progress
from weaklabel.clicks.count_columns import names
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.reading.counted import Counted, Stretch, Wanted
from weaklabel.clicks.reading.groups import Group, groups
from weaklabel.clicks.reading.scan import AT_ONCE, Batch, LogScan, scan_log
from weaklabel.errors import ClickLogError

ENOUGH = 100  # impressions, each of them clicked, are no chance


def count(
    log: Any,
    *,
    key: Sequence[str] | str = (),
    context: Sequence[str] | str = (),
    columns: Mapping[str, str] | None = None,
    format: str | None = None,  # noqa: A002  the name that users write
    upto: int | None = None,
    beyond: str = "drop",
    period: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> ClickCounts:
    """Impressions and clicks of each document for each query at each position.

    The log is read in batches and never lies in memory as a whole: memory grows with the different (query, document,
    position), by about 250 bytes each where there are sessions and 100 where not. The order of rows and the way they
    are split into parts change nothing. On the workers of `run_on`, each counts some of the files, or some rows of a
    long Parquet file, and their counts add up to the same.

    Parameters
    ----------
    log
        A `ClickLog`, or files, folders, patterns and frames, as `scan_log` takes them.
    key
        Columns that, beside query and document, say what is shown, such as a segment of users.
    context
        Columns that examination may depend on, such as the device.
    columns, format, where
        As for `scan_log`.
    upto
        Positions from 1 to this; None: all.
    beyond
        What becomes of impressions beyond it: "drop", "keep", or "merge" (they count as one position, upto + 1).
    period
        A length of time, such as "1d" or "1w": documents are told apart by the period of their timestamp, which
        becomes the last column of the key. See `period_of`.

    Returns
    -------
    ClickCounts
        With counts by 20 buckets of sessions where the log has a session_id. Its provenance lists the parts counted,
        so that `merge` refuses to add one twice.

    Raises
    ------
    ClickLogError
        As for `scan_log`; or a column of key or context is missing, a part or a page is there twice, or every
        impression was clicked, so that those without a click were not logged.
    TableError
        A file cannot be read.
    """
    wanted = Wanted(names(key), names(context), upto, beyond, period)
    frame = log.frame if isinstance(log, ClickLog) else log
    scan = scan_log(frame, columns, format, keep=wanted.columns, where=where, whole_ids=True)
    workers = engine.workers()
    stretches = groups(scan.parts, workers) if workers > 1 else []
    counted = _on_workers(scan, wanted, stretches) if len(stretches) > 1 else _here(scan, wanted)
    return _counts(counted, wanted)


def _here(scan: LogScan, wanted: Wanted) -> Counted:
    """The log counted batch by batch."""
    counted = Counted(wanted)
    total = None if scan.n is None else math.ceil(scan.n / AT_ONCE)
    for batch in progress.track(scan, "counting", total):
        counted.add(batch)
    return counted


def _on_workers(scan: LogScan, wanted: Wanted, stretches: Sequence[Group]) -> Counted:
    """The log counted group by group, each taken in as it comes: that costs no more the more there is already."""
    bare, counted = replace(scan, parts=(), layout=scan.settled()), Counted(wanted)
    found = engine.mapped(partial(_stretch_of, bare, wanted), stretches, "counting")
    with closing(found):  # type: ignore[type-var]  # a generator: workers stop when a stretch is refused
        for group, stretch in zip(stretches, found, strict=True):
            counted.absorb(stretch, _batches(bare, group))
    if not counted.rows:
        raise scan.nothing()
    return counted


def _stretch_of(scan: LogScan, wanted: Wanted, group: Group) -> Stretch:
    counted = Counted(wanted)
    for batch in _batches(scan, group):
        counted.add(batch)
    return counted.stretch()


def _batches(scan: LogScan, group: Group) -> Iterator[Batch]:
    return scan.batches(group.parts, replace(scan.layout))


def _counts(counted: Counted, wanted: Wanted) -> ClickCounts:
    """What there is of all rows."""
    n, clicks = counted.totals()
    if not n:
        raise ClickLogError(f"nothing is left up to position {wanted.upto}: all impressions are beyond it")
    if n == clicks and n >= ENOUGH:
        raise ClickLogError(
            f"all {n:,} impressions were clicked: the log holds clicks without the impressions that had "
            "none; log every document that was shown, with its position and click 0 or 1"
        )
    parts = counted.digests()
    return ClickCounts(counted.to_frame(), wanted.all_keys, wanted.context, {"parts": parts} if parts else {})
