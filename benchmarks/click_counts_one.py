"""CPU seconds, peak memory (MiB) and cells of one way to count one log, in this process; see `click_counts.py`."""

import re
import sys
import time
from pathlib import Path

CELL = ("query_id", "doc_id", "position")


def weaklabel(log: Path, sessions: bool) -> int:
    """Our count; without sessions, of the same log without that column."""
    from weaklabel.clicks.counting import count
    from weaklabel.clicks.log import REQUIRED

    if sessions:
        return len(count(log))
    import polars as pl

    return len(count(pl.scan_parquet(log).select(REQUIRED)))


def polars(log: Path, sessions: bool) -> int:
    """The streaming engine's group-by."""
    import polars as pl

    by = [*CELL, (pl.col("session_id").hash(0) % 20).alias("bucket")] if sessions else CELL
    cells = pl.scan_parquet(log).group_by(by).agg(pl.len(), pl.col("click").sum())
    return len(cells.collect(engine="streaming"))


def duckdb(log: Path, sessions: bool) -> int:
    """Its group-by, into a table of its own memory."""
    import duckdb

    duckdb.sql("set threads = 1")
    bucket = "hash(session_id) % 20 as bucket," if sessions else ""
    cells = f"select {', '.join(CELL)}, {bucket} count(*) as impressions, sum(click) as clicks"
    duckdb.sql(f"create table cells as {cells} from '{log}' group by all")
    return len(duckdb.table("cells"))


def peak() -> float:
    """What the kernel remembers as the most, of this program alone."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1024


way, path, with_sessions = sys.argv[1:]
found = globals()[way](Path(path), with_sessions == "1")
print(time.process_time(), peak(), found)
