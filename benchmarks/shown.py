"""What was measured, as tables."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from growth import Growth, Times, fitted
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from side_by_side import Measured, ratios

WIDTH = 150
COLUMNS = ("CPU s", "least-most", "wall s", "times less CPU", "peak MiB", "added", "result")


def table(name: str, found: Mapping[str, Measured]) -> Table:
    """One row a way; the first is what the others are compared with."""
    shown = started(name)
    for column in COLUMNS[:-1]:
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column(COLUMNS[-1], max_width=60)
    first = next((one for one in found.values() if one.rounds), None)
    for way, one in found.items():
        shown.add_row(way, *cells(one, first))
    return shown


def cells(one: Measured, first: Measured | None) -> tuple[str, ...]:
    """Of one way."""
    if one.missing or first is None:
        return ("",) * 6 + (one.missing,)
    cpu = [round_.cpu for round_ in one.rounds]
    ratio = "1" if one is first else "{:.1f} ({:.1f}-{:.1f})".format(*ratios(first, one))
    spread = f"{seconds(min(cpu))}-{seconds(max(cpu))}"
    return seconds(one.cpu), spread, seconds(one.wall), ratio, whole(one.peak), whole(one.added), one.agrees


def growth_table(growth: Growth, times: Times) -> Table:
    """One row a way: its CPU seconds at each size, and the exponent, of all and of the two largest."""
    shown = started(f"{growth.name}, growing {growth.axis}: CPU s")
    for size in growth.contests:
        shown.add_column(f"{size:,}", justify="right")
    shown.add_column("exponent", justify="right")
    shown.add_column("of the last step", justify="right")
    for way, points in times.items():
        each = (seconds(points[size]) if size in points else "-" for size in growth.contests)
        last = dict(list(points.items())[-2:])
        shown.add_row(way, *each, f"{fitted(points):.2f}", f"{fitted(last):.2f}")
    return shown


def started(title: str) -> Table:
    """A table whose first column names ways."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    made.add_column("", no_wrap=True)
    return made


def seconds(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def whole(value: float) -> str:
    """A whole number, or nothing where it is not known."""
    return "" if np.isnan(value) else f"{value:.0f}"


def printed(what: Table | str) -> None:
    """Onto the terminal, or into a file or pipe as plain text."""
    console = Console(width=WIDTH, highlight=False)
    console.print(what)
    console.file.flush()


def relative(path: Path) -> str:
    """Short where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
