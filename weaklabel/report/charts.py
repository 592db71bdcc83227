"""The pictures, drawn by matplotlib as inline SVG; its global state is never touched."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, Posterior, Propensities
from weaklabel.metrics import Scores, calibration_curve

INK, GRID = "#30363d", "#d8dee4"
COLOURS = ("#2f6fde", "#d9622b", "#2a9d6f", "#8a5cc2", "#b8860b")
ROW = 0.2  # inches for one labeling function
FEW = 25  # functions whose numbers can be read in the cells of a heat map
BARS = {"coverage": "it votes", "overlaps": "another votes, too", "conflicts": "another votes differently"}
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
    with axes_of() as (axes, finish):
        probs = posterior.probs[posterior.covered, y]
        axes.hist(probs, bins=np.linspace(0, 1, 21), color=COLOURS[0], edgecolor="white", linewidth=0.6)
        axes.set_xlabel(f"P({posterior.classes[y]})")
        axes.set_ylabel("items")
        axes.set_xlim(0, 1)
        axes.grid(visible=False, axis="x")
        return finish()


def calibration(curves: Mapping[str, tuple[Posterior, NDArray[np.integer]]]) -> str:
    """For each named posterior with its known classes: how often the chosen class was right, by its probability."""
    with axes_of() as (axes, finish):
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
    with axes_of() as (axes, finish):
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
    with axes_of() as (axes, finish):
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


def function_bars(functions: pl.DataFrame, accuracy: pl.DataFrame | None = None) -> str:
    """What each labeling function covers; beside it how often it is right, with intervals, where that is known.

    `functions` is as `summary` makes it, `accuracy` as `lf_accuracy` does of the same functions.
    """
    height, panels = 1.2 + ROW * len(functions), 1 if accuracy is None else 2
    with axes_of((9.6, height), panels, wide=True) as (axes, finish):
        left, *right = np.atleast_1d(axes)
        at = np.arange(len(functions))
        layers = zip(("coverage", "overlaps", "conflicts"), ("#b9cdf3", COLOURS[0], COLOURS[1]), strict=True)
        for column, colour in layers:
            left.barh(at, functions[column].to_numpy(), height=0.72, color=colour, label=BARS[column])
        left.set_xlabel("share of all items")
        for axis in (left, *right):
            axis.set_yticks(at, functions["lf"].to_list())
            axis.set_ylim(len(at) - 0.4, -0.6)
            axis.grid(visible=False, axis="y")
        if accuracy is not None:
            _accuracies(right[0], at, accuracy)
            right[0].tick_params(axis="y", labelleft=False)
        left.figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
        return finish()


def heat_map(lf_names: Sequence[str], matrix: NDArray[np.number], label: str) -> str:
    """A number for each two labeling functions, shape (m, m); nothing is drawn where it is NaN, or on the diagonal.

    Colours run from white at 0 to the largest number; if any is negative, from one colour over white to another.
    """
    values = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    most = float(np.nanmax(np.abs(values), initial=0.0))
    diverging = bool((values < 0).any())
    size = 2.4 + ROW * len(values)
    with axes_of((size + 0.9, size), wide=True) as (axes, finish):
        colours = {"cmap": "RdBu_r" if diverging else "Blues", "vmin": -most if diverging else 0, "vmax": most or 1}
        # As one small picture whose pixels stay sharp: as paths the cells of 75 functions would take a megabyte.
        picture = axes.imshow(values, interpolation="none", **colours)
        at = np.arange(len(values))
        axes.set_xticks(at, lf_names, rotation=90)
        axes.set_yticks(at, lf_names)
        axes.set_xticks(at - 0.5, minor=True)
        axes.set_yticks(at - 0.5, minor=True)
        axes.tick_params(which="minor", length=0)
        axes.grid(visible=False)
        axes.grid(which="minor", linewidth=0.4)
        axes.set_axisbelow(False)
        if len(values) <= FEW:
            _numbers(axes, values, most)
        axes.figure.colorbar(picture, ax=axes, label=label, shrink=min(1.0, 3 / size + 0.3), pad=0.01)
        return finish()


def _accuracies(axes: Any, at: NDArray[np.integer], accuracy: pl.DataFrame) -> None:
    was, lower, upper = (accuracy[name].cast(pl.Float64).to_numpy() for name in ("accuracy", "lower", "upper"))
    gaps = np.clip([was - lower, upper - was], 0, None)
    axes.errorbar(was, at, xerr=gaps, fmt="o", color=COLOURS[2], markersize=4, capsize=2, linewidth=1.2)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("accuracy where it votes, 95 % intervals")


def _numbers(axes: Any, values: NDArray[np.float64], most: float) -> None:
    """Write each number that is not 0 into its cell."""
    found = values[np.isfinite(values)]
    whole = bool((found == np.round(found)).all())
    for i, j in np.argwhere(np.nan_to_num(values)):
        text = f"{values[i, j]:.0f}" if whole else f"{values[i, j]:.1f}".replace("0.", ".")
        if text.strip("-.") == "0":
            continue
        colour = "white" if abs(values[i, j]) > 0.6 * most else INK
        axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)


@contextmanager
def axes_of(
    size: tuple[float, float] = (5.2, 3.2), panels: int = 1, *, wide: bool = False
) -> Iterator[tuple[Any, Callable[[], str]]]:
    """Axes to draw on, and what turns them into SVG when done; a wide one takes a whole line of its page."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=size, layout="constrained")

        def finish() -> str:
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
            svg = buffer.getvalue()
            svg = svg[svg.index("<svg") :]
            if not wide:
                return svg
            tag, rest = svg.split(">", 1)
            return f'{tag} class="wide" style="max-width: {size[0]:.1f}in">{rest}'

        yield figure.subplots(1, panels), finish


def position_curves(curves: Mapping[str, pl.DataFrame], label: str) -> str:
    """A line over positions for each named frame: its columns position and value, and lower and upper where known."""
    with axes_of() as (axes, finish):
        for shift, (colour, (name, curve)) in enumerate(zip(cycle(COLOURS), curves.items(), strict=False)):
            at, value = curve["position"].to_numpy() + 0.12 * shift, curve["value"].to_numpy()
            gaps = None
            if "lower" in curve.columns:
                gaps = np.clip([value - curve["lower"].to_numpy(), curve["upper"].to_numpy() - value], 0, None)
            axes.errorbar(at, value, yerr=gaps, color=colour, marker="o", markersize=4, capsize=2, label=name)
        axes.set_xlabel("position")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right")
        axes.grid(visible=False, axis="x")
        return finish()


def weight_histogram(weights: NDArray[np.floating]) -> str:
    """How many documents have which weight, a factor of at least 1 or so; both on a scale of powers of ten."""
    with axes_of() as (axes, finish):
        low, high = float(np.min(weights, initial=1.0)), float(np.max(weights, initial=1.0))
        bins = np.geomspace(low, max(high, low * 1.1) * (1 + 1e-9), 25)
        axes.hist(weights, bins=bins, color=COLOURS[0], edgecolor="white", linewidth=0.6)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):  # its own powers of ten are formulas
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("{x:g}" if axis is axes.xaxis and high < 10 * low else "")
        axes.set_xlabel("weight of a click")
        axes.set_ylabel("documents")
        axes.grid(visible=False, axis="x")
        return finish()
