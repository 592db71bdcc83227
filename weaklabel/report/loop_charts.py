"""The pictures of a loop: the score on its way to the target, and what each round asked."""

import numpy as np
import polars as pl

from weaklabel.numerics import Floats
from weaklabel.report.charts import COLOURS, INK, axes_of
from weaklabel.review.audit.measures import measure

PARTS = {
    "audit": ("audit: at random", COLOURS[0]),
    "repair": ("audit of functions little is known of", "#b9cdf3"),
    "second": ("second opinions", COLOURS[2]),
    "chosen": ("chosen by the strategy", COLOURS[1]),
}


def score_path(scores: pl.DataFrame, name: str, target: float | None = None, labels_left: int | None = None) -> str:
    """The score with its interval after so many answers, the target, and the way that is left to it.

    Parameters
    ----------
    scores
        Columns answers, value, lower and upper; one row or more, in the order of the rounds.
    name
        Of the measure: accuracy, f1 or log_loss.
    target
        The score to reach.
    labels_left
        About how many more answers that takes, as a verdict says it.
    """
    answers = scores["answers"].to_numpy()
    value, lower, upper = (scores[column].to_numpy() for column in ("value", "lower", "upper"))
    last, is_share = int(answers[-1]), measure(name).is_share
    with axes_of((9.6, 3.4), wide=True) as (axes, finish):
        axes.fill_between(answers, lower, upper, color=COLOURS[0], alpha=0.14, linewidth=0, label="its interval")
        axes.vlines(answers, lower, upper, color=COLOURS[0], alpha=0.35, linewidth=1)  # all there is of one round
        axes.plot(answers, value, color=COLOURS[0], marker="o", markersize=4, linewidth=1.6, label=name)
        if target is not None:
            axes.axhline(target, color=INK, linewidth=1, linestyle=":", label=f"target {target:g}")
        if target is not None and labels_left:
            said = f"its worse end, on the way to the target: about {labels_left:,} answers left"
            part, way = _way(value[-1], (lower if is_share else upper)[-1], target)
            axes.plot(last + labels_left * part, way, color=COLOURS[1], linestyle="--", linewidth=1.4, label=said)
        axes.set_xlim(0, 1.04 * (last + min(labels_left or 0, last)) or 1)  # a far end would press all rounds together
        axes.set_ylim(**({"top": 1.0} if is_share else {"bottom": 0.0}))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("answers")
        axes.set_ylabel(name)
        axes.grid(visible=False, axis="x")
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=4)
        return finish()


def _way(value: float, worse: float, target: float) -> tuple[Floats, Floats]:
    """From an interval's worse end to the target: parts of the way, from 0 to 1, and where the end is then.

    Where the score is beyond the target, its interval only has to shrink, with the root of the answers, which is fast
    at first. Else it has to rise, and is drawn as if it did so evenly.
    """
    part = np.linspace(0, 1, 101, dtype=np.float64) ** 3  # close together where it bends
    if (value - target) * (target - worse) <= 0:
        return part, worse + part * (target - worse)
    narrower = ((value - worse) / (value - target)) ** 2  # as many times the audit items
    return part, value + (worse - value) / np.sqrt(1 + part * (narrower - 1))


def asked(batches: pl.DataFrame) -> str:
    """How many items each round asked about, by why: columns round, audit, repair, second and chosen."""
    with axes_of((9.6, 2.8), wide=True) as (axes, finish):
        rounds, below = batches["round"].to_numpy(), np.zeros(len(batches))
        for column, (label, colour) in PARTS.items():
            if not batches[column].sum():
                continue
            items = batches[column].to_numpy()
            axes.bar(rounds, items, bottom=below, width=0.72, color=colour, label=label)
            below = below + items
        axes.set_xlim(min(rounds) - 0.6, max(rounds) + 0.6)
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("round")
        axes.set_ylabel("items")
        axes.grid(visible=False, axis="x")
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=4)
        return finish()
