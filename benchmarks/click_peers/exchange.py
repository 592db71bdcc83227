"""What every peer reads and writes: a log as Parquet in, a curve, labels and scores out."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl


def folders() -> tuple[Path, Path, Path]:
    """The log's file, the folder of the documents' features, and the folder for what was found."""
    log, documents, out = map(Path, sys.argv[1:4])
    out.mkdir(parents=True, exist_ok=True)
    return log, documents, out


def options() -> list[str]:
    """What stands behind the folders."""
    return sys.argv[4:]


def pages(log: Path) -> pl.DataFrame:
    """The log in the order in which its pages were shown, whatever the order of its rows; `page` numbers them."""
    frame = pl.read_parquet(log, columns=["session_id", "query_id", "doc_id", "position", "click"])
    numbered = frame.with_columns(page=pl.col("session_id").cast(pl.Int64, strict=False)).drop("session_id")
    return numbered.sort("page", "position")


def features(documents: Path, which: str) -> tuple[pl.DataFrame, np.ndarray]:
    """The documents (query_id, doc_id) of one split, and their features, shape (n, F)."""
    frame = pl.read_parquet(documents / f"{which}.parquet")
    names = [name for name in frame.columns if name[0] == "f" and name[1:].isdigit()]
    return frame.select("query_id", "doc_id"), frame.select(pl.col(names).cast(pl.Float32)).to_numpy()


def rows_of(log: pl.DataFrame, known: pl.DataFrame) -> np.ndarray:
    """In which row of the documents each impression's document stands."""
    numbered = known.with_row_index("row")
    joined = log.select("query_id", "doc_id").join(numbered, on=["query_id", "doc_id"], maintain_order="left")
    return joined["row"].to_numpy()


def report(
    out: Path, curve: Any = None, labels: pl.DataFrame | None = None, scores: pl.DataFrame | None = None
) -> None:
    """Write what was found; the cost is that of the whole process, imports and reading included."""
    note(out, curve=None if curve is None else [float(value) for value in curve])
    for name, frame in (("labels", labels), ("scores", scores)):
        if frame is not None:
            frame.write_parquet(out / f"{name}.parquet")


def note(out: Path, **found: Any) -> None:
    """Write what was found so far, and what it took."""
    cost = {"seconds": time.process_time(), "peak_mib": peak_mib()}
    (out / "found.json").write_text(json.dumps(found | cost))


def peak_mib() -> float:
    """Of this process alone: the peak that getrusage tells is also that of the process which started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
