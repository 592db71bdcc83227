"""The pictures of a review: when answers came in, and how long they took."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.report.charts import COLOURS, ROW, axes_of

DURATIONS = {
    0.1: "0.1 s", 0.3: "0.3 s", 1: "1 s", 3: "3 s", 10: "10 s", 30: "30 s", 60: "1 min", 300: "5 min", 1800: "30 min",
    7200: "2 h", 28800: "8 h", 86400: "1 day",
}  # fmt: skip


def arrivals(answers: pl.DataFrame) -> str:
    """How many answers there were at each time, one line for each annotator: columns annotator and at, in UTC.

    Where they are more than there are colours, those who answered least share one line.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    with axes_of((9.6, 3.0), wide=True) as (axes, finish):
        for colour, (name, at) in zip(COLOURS, _by_annotator(answers), strict=False):
            axes.step(np.append(at[:1], at), np.arange(len(at) + 1), where="post", color=colour, label=name)
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.set_xlabel("time (UTC)")
        axes.set_ylabel("answers")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")
        axes.grid(visible=False, axis="x")
        return finish()


def _by_annotator(answers: pl.DataFrame) -> list[tuple[str, NDArray[np.datetime64]]]:
    """Names and their times in order, whoever answered most first."""
    counts = answers.group_by("annotator").len().sort(["len", "annotator"], descending=[True, False])
    names = counts["annotator"].to_list()
    alone = len(COLOURS) if len(names) <= len(COLOURS) else len(COLOURS) - 1
    groups = [(name, [name]) for name in names[:alone]]
    groups += [(f"{len(names) - alone:,} others", names[alone:])] if names[alone:] else []
    at = answers["at"]
    return [(title, np.sort(at.filter(answers["annotator"].is_in(who)).to_numpy())) for title, who in groups]


def lead_times(seconds: Mapping[str, Sequence[float]]) -> str:
    """How long each annotator's answers took, as boxes on a scale of powers; the line is the median."""
    with axes_of((9.6, 1.2 + 2 * ROW * max(len(seconds), 1)), wide=True) as (axes, finish):
        shortest, longest = min(DURATIONS), max(DURATIONS)
        given = [np.clip(each, shortest, longest) for each in seconds.values()]  # a scale of powers has no zero
        style: dict[str, Any] = {"color": COLOURS[0], "linewidth": 2}
        axes.boxplot(given, orientation="horizontal", medianprops=style, flierprops={"marker": ".", "markersize": 3})
        axes.set_yticks(np.arange(1, len(given) + 1), list(seconds))
        axes.invert_yaxis()
        axes.set_xscale("log")
        low, high = min(map(np.min, given), default=shortest), max(map(np.max, given), default=longest)
        ends = max(t for t in DURATIONS if t <= low), min(t for t in DURATIONS if t >= high)
        axes.set_xlim(ends[0] * 0.9, ends[1] * 1.1)
        ticks = [t for t in DURATIONS if ends[0] <= t <= ends[1]]
        axes.set_xticks(ticks, [DURATIONS[t] for t in ticks])
        axes.set_xticks([], minor=True)  # its own powers of ten are formulas
        axes.set_xlabel("time for an answer")
        axes.grid(visible=False, axis="y")
        return finish()
