"""How time grows with size: a power law fitted to measured times, and a plot of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from side_by_side import Contest, Measured

Times = Mapping[str, Mapping[int, float]]  # way -> size -> seconds


@dataclass(frozen=True)
class Growth:
    """The same contest at several sizes.

    Attributes
    ----------
    name
        What is done.
    axis
        What grows: n, m or k.
    contests
        By size.
    """

    name: str
    axis: str
    contests: Mapping[int, Contest]


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The b of seconds = a size^b, by least squares in logs; 1 is straight. NaN of fewer than two sizes.

    Examples
    --------
    >>> round(exponent([10, 100, 1000], [2, 20, 200]), 6)
    1.0
    """
    if len(sizes) < 2:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def seconds_of(points: Mapping[int, Mapping[str, Measured]]) -> dict[str, dict[int, float]]:
    """CPU seconds by way and size, of the ways that ran."""
    found: dict[str, dict[int, float]] = {}
    for size, ways in points.items():
        for name, one in ways.items():
            if one.rounds:
                found.setdefault(name, {})[size] = one.cpu
    return found


def fitted(times: Mapping[int, float]) -> float:
    """The exponent of one way."""
    return exponent(list(times), list(times.values()))


def plot(growth: Growth, times: Times, folder: Path) -> Path:
    """Both axes in logs, a line for each way; returns the file, an SVG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, points in times.items():
        axes.plot(list(points), list(points.values()), "o-", label=f"{name}: {fitted(points):.2f}")
    axes.set(xscale="log", yscale="log", xlabel=growth.axis, ylabel="CPU seconds", title=growth.name)
    axes.grid(alpha=0.3)
    axes.legend(title="way: exponent", fontsize="small")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{growth.name}, {growth.axis}.svg".replace(" ", "_").replace(",", "")
    figure.savefig(path)
    return path
