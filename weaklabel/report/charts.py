"""The pictures, drawn by matplotlib as inline SVG; its global state is never touched."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, Posterior, Propensities
from weaklabel.metrics import Scores, calibration_curve

INK, GRID = "#30363d", "#d8dee4"
COLOURS = ("#2f6fde", "#d9622b", "#2a9d6f", "#8a5cc2", "#b8860b")
STYLE = {
    "svg.fonttype": "none",  # text stays text: the page's own font, and selectable
    "text.parse_math": False,  # a class may be called "$5 to $9"
    "svg.hashsalt": "weaklabel",  # the same picture gives the same bytes
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def posterior_histogram(posterior: Posterior, y: int = 1) -> str:
    """How many covered items have which probability of class `y`."""
    with _axes() as (axes, finish):
        probs = posterior.probs[posterior.covered, y]
        axes.hist(probs, bins=np.linspace(0, 1, 21), color=COLOURS[0], edgecolor="white", linewidth=0.6)
        axes.set_xlabel(f"P({posterior.classes[y]})")
        axes.set_ylabel("items")
        axes.set_xlim(0, 1)
        axes.grid(visible=False, axis="x")
        return finish()


def calibration(curves: Mapping[str, tuple[Posterior, NDArray[np.integer]]]) -> str:
    """For each named posterior with its known classes: how often the chosen class was right, by its probability."""
    with _axes() as (axes, finish):
        lowest = 1.0
        for colour, (name, (posterior, gold)) in zip(cycle(COLOURS), curves.items(), strict=False):
            known = posterior.covered & (np.asarray(gold) != ABSTAIN)
            bins = calibration_curve(np.asarray(gold)[known], posterior.probs[known])
            said, was = [b["confidence"] for b in bins], [b["accuracy"] for b in bins]
            sizes = [14 + 160 * b["n"] / known.sum() for b in bins]
            axes.plot(said, was, color=colour, linewidth=1.2, label=name)
            axes.scatter(said, was, s=sizes, color=colour, zorder=3)
            lowest = min([lowest, *said, *was])
        low = max(0.0, np.floor(lowest * 10) / 10)
        axes.plot([low, 1], [low, 1], color=INK, linewidth=0.8, linestyle=":", label="perfect")
        axes.set_xlabel("probability of the chosen class")
        axes.set_ylabel("share that was right")
        axes.legend(loc="lower right")
        return finish()


def position_bias(propensities: Propensities) -> str:
    """Examination by position, relative to the first, with intervals."""
    with _axes() as (axes, finish):
        at, theta = propensities.position, propensities.examination
        gaps = np.clip([theta - propensities.lower, propensities.upper - theta], 0, None)
        axes.errorbar(at, theta, yerr=gaps, color=COLOURS[0], marker="o", capsize=4, linewidth=1.6)
        axes.axhline(1, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xticks(at)
        axes.set_xlabel("position")
        axes.set_ylabel("examination, relative to the first")
        axes.set_ylim(bottom=0)
        axes.grid(visible=False, axis="x")
        return finish()


def learning_curve(answers: Sequence[int], scores: Mapping[str, Sequence[Scores]], metric: str) -> str:
    """A metric with its interval against the number of answers, one line for each way to choose the questions."""
    with _axes() as (axes, finish):
        for colour, (name, each) in zip(cycle(COLOURS), scores.items(), strict=False):
            lower, upper = zip(*(one.interval[metric] for one in each), strict=True)
            axes.fill_between(answers, lower, upper, color=colour, alpha=0.12, linewidth=0)
            axes.plot(answers, [one.value[metric] for one in each], color=colour, marker="o", linewidth=1.6, label=name)
        axes.set_xticks(answers)
        axes.set_xlabel("answers")
        axes.set_ylabel(metric)
        axes.legend(loc="lower right")
        axes.grid(visible=False, axis="x")
        return finish()


@contextmanager
def _axes() -> Iterator[tuple[Any, Callable[[], str]]]:
    """Axes to draw on, and what turns them into SVG when done."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")

        def finish() -> str:
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
            svg = buffer.getvalue()
            return svg[svg.index("<svg") :]

        yield figure.subplots(), finish
