"""How far people agree beyond what chance would bring."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.artefacts import Annotation
from weaklabel.numerics import Floats
from weaklabel.review.people.answer_table import AnswerTable
from weaklabel.review.people.answers import spelled
from weaklabel.review.people.coefficients import alpha, alpha_interval
from weaklabel.review.people.distances import distances
from weaklabel.review.people.pairs import pairs

SCHEMA = {"item_id": pl.String, "answers": pl.Int64, "disagreement": pl.Float64, "said": pl.String}


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of all, of any two people, and the items on which they disagree.

    Attributes
    ----------
    level
        nominal, ordinal or interval: how far apart two answers are.
    alpha
        Krippendorff's, at most 1 (all agree); 0 is what chance brings; None where it cannot be computed.
    interval
        Lower and upper end, a bootstrap over the items; None where there is no alpha.
    reason
        Why there is no alpha; empty where there is one.
    items
        With answers of two people or more.
    annotators
        Who answered anything.
    pairs
        One row for each two people with an item in common: annotator_a, annotator_b, items, agreement, lower, upper,
        kappa, kappa_lower, kappa_upper.
    disagreements
        One row for each item on which answers differ, the worst first: item_id; answers; disagreement, the share of the
        pairs of its answers that differ, in (0, 1]; said, the answers and how many gave them.
    """

    level: str
    alpha: float | None
    interval: tuple[float, float] | None
    reason: str
    items: int
    annotators: int
    pairs: pl.DataFrame
    disagreements: pl.DataFrame


def agreement(
    annotations: Iterable[Annotation],
    level: str = "nominal",
    *,
    classes: Sequence[str] | None = None,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Krippendorff's alpha and pairwise kappas of people's answers.

    Of each person the latest answer to an item counts; skips do not. Answers that name several classes are compared by
    MASI's distance; for one class of them at a time, give `for_class(annotations, name)`.

    Parameters
    ----------
    annotations
        Answers and skips.
    level
        "nominal" for classes, "ordinal" for grades of which only the order counts, "interval" for grades that are
        equally far apart.
    classes
        Their order, from the lowest, for "ordinal"; by default the answers are numbers.
    n_bootstrap
        Resamples of the items for the interval of alpha.
    confidence
        Of the intervals, in (0, 1).
    seed
        Of the resampling.

    Raises
    ------
    AnswerError
        There is no such level, answers have no order or are no numbers, or a time cannot be read.

    Source: Krippendorff, Content Analysis, 2004, ch. 11; Cohen 1960 and 1968; Passonneau 2006 for sets of classes;
    Wilson 1927 for the shares.
    """
    table = AnswerTable.of(annotations)
    distance = distances(table.values, _weighed(table.counts), level, classes)
    found = alpha(table.counts, distance)
    return Agreement(
        level=level,
        alpha=found,
        interval=alpha_interval(table.counts, distance, n_bootstrap, confidence, seed),
        reason="" if found is not None else _why_not(table),
        items=int((table.counts.sum(axis=1) >= 2).sum()),
        annotators=len(table.annotators),
        pairs=pairs(table, distance, confidence),
        disagreements=_disagreements(table),
    )


def _weighed(counts: Floats) -> Floats:
    """How often each answer was given to the items that count."""
    return np.asarray(counts[counts.sum(axis=1) >= 2].sum(axis=0))


def _why_not(table: AnswerTable) -> str:
    given = _weighed(table.counts)
    if not given.any():
        return "no item has answers of two people"
    return f"all {int(given.sum())} answers are {spelled(table.values[int(given.argmax())])!r}, so chance is unknown"


def _disagreements(table: AnswerTable) -> pl.DataFrame:
    counts = table.counts
    size = counts.sum(axis=1)
    apart = 1 - (counts * (counts - 1)).sum(axis=1) / np.maximum(size * (size - 1), 1)
    open_items = np.flatnonzero((counts > 0).sum(axis=1) > 1)
    rows = [(table.items[i], int(size[i]), float(apart[i]), _said(table, counts[i])) for i in open_items]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("disagreement", "item_id", descending=[True, False])


def _said(table: AnswerTable, counts: Floats) -> str:
    given = Counter({spelled(table.values[j]): int(counts[j]) for j in np.flatnonzero(counts)})
    return ", ".join(f"{times} x {label}" for label, times in given.most_common())
