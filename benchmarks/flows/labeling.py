"""Applying 19 rules, beside Snorkel's PandasLFApplier.

The rules and the texts are those of `apply_workload.py`. Snorkel applies its own functions to a pandas frame; we apply
those very functions, the same as plain functions of a row, as functions of a frame, and as data. What is Python costs
the same for each row however many there are; what is data costs less when there are more.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import apply_workload as workload
import numpy as np
import polars as pl
from growth import Growth
from side_by_side import Contest, Way, same_start

import weaklabel as wl

PEER, DATA = "PandasLFApplier", "declarative"
PART = 10**6


def contests(full: bool) -> Iterator[Contest]:
    """All forms of the rules; those that are Python on some of the rows only, and their time counted for all."""
    n, few = (10**6, 10**5) if full else (3 * 10**5, 10**4)
    some = f" ({few:,} rows, scaled)"
    ways = {
        f"{PEER}{some}": Way(snorkels, partial(for_snorkel, few), "pandas", scale=n / few),
        f"Snorkel's functions, unmodified{some}": Way(ours, partial(with_rules, "snorkel", first=few), scale=n / few),
        f"functions of a row{some}": Way(ours, partial(with_rules, "row", first=few), scale=n / few),
        "functions of a frame": Way(ours, partial(with_rules, "batch")),
        DATA: Way(ours, partial(with_rules, "declarative")),
    }
    yield Contest(f"19 rules on {n:,} texts of 120 bytes", ways, read, n, write, same_start)


def growths(full: bool) -> Iterator[Growth]:
    """By rows, and by functions."""
    sizes = (10**5, 10**6, 10**7) if full else (10**4, 10**5, 3 * 10**5)
    yield Growth("apply", "n", {n: growing(n) for n in sizes})
    n = 10**6 if full else 10**5
    yield Growth("apply", "m", {m: growing(n, m) for m in (19, 38, 76)})


def growing(n: int, m: int = 19) -> Contest:
    """The declarative form alone."""
    way = Way(ours, partial(with_rules, "declarative", m=m))
    return Contest(f"{m} rules, {n:,} texts", {DATA: way}, read, n, write, memory=False)


def write(n: int, folder: Path) -> None:
    """N rows; past a million, the same texts again under other ids."""
    path = folder / "texts.parquet"
    if path.exists():
        return
    rows = workload.table(min(n, PART))
    again = pl.concat([rows] * -(-n // PART))
    again.with_columns(id=pl.int_range(len(again)).cast(pl.String)).write_parquet(path)


def read(_: int, folder: Path) -> pl.DataFrame:
    """What was written."""
    return pl.read_parquet(folder / "texts.parquet")


def for_snorkel(first: int, rows: pl.DataFrame) -> tuple[Any, Any]:
    """Its applier, and the first rows as it takes them."""
    import pandas as pd
    from snorkel.labeling import PandasLFApplier

    return PandasLFApplier(rules("snorkel")), pd.DataFrame(rows[:first].to_dict(as_series=False))


def snorkels(prepared: tuple[Any, Any]) -> np.ndarray:
    """By Snorkel's applier."""
    applier, frame = prepared
    return applier.apply(frame, progress_bar=False)


def with_rules(form: str, rows: pl.DataFrame, m: int = 19, first: int | None = None) -> tuple[list[Any], pl.DataFrame]:
    """M functions, and the first rows; past 19, the rules come again under other names."""
    lfs = rules(form)
    return (lfs if m == len(lfs) else [again(lfs[j % len(lfs)], j) for j in range(m)]), rows[:first]


def again(lf: wl.LabelingFunction, j: int) -> wl.LabelingFunction:
    """The same rule under another name."""
    return replace(lf, name=f"{lf.name}_{j}")


def ours(prepared: tuple[list[Any], pl.DataFrame]) -> np.ndarray:
    """By `apply`."""
    lfs, rows = prepared
    return wl.apply(lfs, rows, workload.CLASSES).votes


def rules(form: str) -> list[Any]:
    """The 19 rules."""
    if form == "snorkel":
        from snorkel.labeling import LabelingFunction

        return [LabelingFunction(name, rule) for name, rule in workload.row_rules()]
    if form == "row":
        return [wl.labeling_function(name=name)(rule) for name, rule in workload.row_rules()]
    return workload.batch() if form == "batch" else workload.declarative()
