"""Applying labeling functions, beside Snorkel's PandasLFApplier: CPU time a row, a function, and peak memory.

    OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 python benchmarks/apply.py [--rows 100000] [--memory]

The same 19 rules (`apply_workload.py`) as declarative functions, as plain row functions and as unmodified Snorkel
functions, in one process, in turn; all give the same votes, or the script says that they differ.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apply_workload as workload
import numpy as np
import pandas as pd
import polars as pl
from snorkel.labeling import LabelingFunction, PandasLFApplier

import weaklabel as wl

PEER, PEER_ROWS = "PandasLFApplier", 10_000  # a million rows would take it two minutes; its time grows with them
PYTHON_ROWS = 100_000
PEAK = Path(__file__).with_name("apply_peak.py")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000, help="for batch and declarative functions")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument(
        "--memory", action="store_true", help="peak memory from Parquet to Parquet, for growing tables"
    )
    chosen = options.parse_args()
    speed(chosen.rows, chosen.repeats)
    cost_of_each(chosen.rows)
    if chosen.memory:
        memory()


def speed(n: int, repeats: int) -> None:
    """Each form of the rules beside the peer."""
    forms = {"batch functions": workload.batch(), "declarative functions": workload.declarative()}
    compare("19 rules", workload.table(n), workload.row_rules(), forms, repeats)
    light = {"declarative functions": workload.light_declarative()}
    compare("10 light rules", workload.short_table(n), workload.light_rules(), light, repeats)


def compare(
    name: str,
    table: pl.DataFrame,
    rules: list[tuple[str, Callable[..., int]]],
    forms: dict[str, list[wl.LabelingFunction]],
    repeats: int,
) -> None:
    """The rules as Snorkel applies them, as we apply the same functions, and in our other forms; in turn."""
    snorkel = [LabelingFunction(name, rule) for name, rule in rules]
    row = [wl.labeling_function(name=name)(rule) for name, rule in rules]
    frame = pd.DataFrame(table[:PEER_ROWS].to_dict(as_series=False))
    runs: dict[str, tuple[Callable[[], Any], int]] = {
        PEER: (lambda: PandasLFApplier(snorkel).apply(frame, progress_bar=False), len(frame))
    }
    for form, lfs, rows in (
        ("unmodified Snorkel functions", snorkel, table[:PYTHON_ROWS]),
        ("row functions", row, table[:PYTHON_ROWS]),
        *((form, lfs, table) for form, lfs in forms.items()),
    ):
        runs[form] = (lambda lfs=lfs, rows=rows: wl.apply(lfs, rows, workload.CLASSES).votes, len(rows))
    times: dict[str, list[float]] = {form: [] for form in runs}
    votes = {}
    for _ in range(repeats):
        for form, (run, rows) in runs.items():
            began = time.process_time()
            votes[form] = run()[: len(frame)]
            times[form].append((time.process_time() - began) / rows * 1e6)
    print(f"\n{name}, texts of {table['text'].str.len_bytes().mean():.0f} bytes, CPU us a row")
    print(f"{'':32}{'median':>9}{'least':>9}{'most':>9}{'ratio':>8}   votes")
    for form, measured in times.items():
        same = "the same" if (votes[form] == votes[PEER]).all() else "DIFFER"
        median, ratio = float(np.median(measured)), float(np.median(times[PEER]) / np.median(measured))
        print(f"{form:32}{median:9.2f}{min(measured):9.2f}{max(measured):9.2f}{ratio:7.1f}x   {same}")


def cost_of_each(n: int) -> None:
    """What each function costs by itself, from the label matrix's own account."""
    table = workload.table(n)
    declarative = wl.apply(workload.declarative(), table, workload.CLASSES).seconds
    few = table[:PYTHON_ROWS]
    rules = [wl.labeling_function(name=name)(rule) for name, rule in workload.row_rules()]
    rows = wl.apply(rules, few, workload.CLASSES).seconds
    print("\nCPU us a row, function by function")
    print(f"{'':32}{'declarative':>12}{'Python':>9}")
    for name, seconds in declarative.items():
        print(f"{name:32}{seconds / n * 1e6:12.3f}{rows[name] / len(few) * 1e6:9.2f}")
    print(f"{'all':32}{sum(declarative.values()) / n * 1e6:12.3f}{sum(rows.values()) / len(few) * 1e6:9.2f}")


def memory(sizes: tuple[int, ...] = (250_000, 500_000, 1_000_000, 2_000_000, 4_000_000)) -> None:
    """Peak resident memory of a process that applies the declarative functions from Parquet to Parquet."""
    print("\npeak memory from Parquet to Parquet, all functions declarative")
    print(f"{'':32}{'table MiB':>12}{'peak MiB':>12}{'before MiB':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder, f"{n}.parquet")
            workload.table(n).write_parquet(path)
            done = subprocess.run([sys.executable, PEAK, path], capture_output=True, text=True, check=True)
            before, peak = map(float, done.stdout.split())
            print(f"{n:>24,} rows   {path.stat().st_size / 2**20:12.0f}{peak:12.0f}{before:12.0f}")


if __name__ == "__main__":
    main()
