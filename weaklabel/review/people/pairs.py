"""How well any two people agree."""

from statistics import NormalDist

import numpy as np
import polars as pl

from weaklabel.labeling.accuracy import wilson
from weaklabel.numerics import Floats
from weaklabel.review.people.answer_table import AnswerTable
from weaklabel.review.people.coefficients import kappa, kappa_at

SCHEMA = {
    "annotator_a": pl.String,
    "annotator_b": pl.String,
    "items": pl.Int64,
    "agreement": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "kappa": pl.Float64,
    "kappa_lower": pl.Float64,
    "kappa_upper": pl.Float64,
}


def pairs(table: AnswerTable, distance: Floats, confidence: float) -> pl.DataFrame:
    """One row for each two people with an item in common, in the order of their names.

    Returns
    -------
    polars.DataFrame
        Columns annotator_a, annotator_b; items both answered; agreement, the share of equal answers, with Wilson's
        interval lower, upper; kappa, Cohen's, weighted by the distance, null where it is not defined because both gave
        the same single answer, with kappa_lower, kappa_upper: what it is at the ends of the agreement's interval.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rows = []
    for (a, b), cells in _cells(table):
        names = table.annotators[a], table.annotators[b]
        rows.append((*names, *_row(cells, distance, z)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _cells(table: AnswerTable) -> list[tuple[tuple[int, int], pl.DataFrame]]:
    """Of each two people: value_a, value_b, and on how many items they said so."""
    said = pl.DataFrame({"item": table.item, "a": table.annotator, "value_a": table.value})
    other = said.rename({"a": "b", "value_a": "value_b"})
    met = said.join(other, on="item").filter(pl.col("a") < pl.col("b"))
    counted = met.group_by("a", "b", "value_a", "value_b").len().sort("a", "b", "value_a", "value_b")
    return [((key[0], key[1]), part) for key, part in counted.partition_by("a", "b", as_dict=True).items()]


def _row(counted: pl.DataFrame, distance: Floats, z: float) -> tuple[float | None, ...]:
    seen = np.union1d(counted["value_a"].to_numpy(), counted["value_b"].to_numpy())  # others do not change kappa
    cells = np.zeros((len(seen), len(seen)))
    place = [np.searchsorted(seen, counted[name].to_numpy()) for name in ("value_a", "value_b")]
    cells[place[0], place[1]] = counted["len"].to_numpy()
    apart = distance[np.ix_(seen, seen)]
    items = int(cells.sum())
    equal = wilson(float(cells.trace()) / items, items, z)
    found = kappa(cells, apart)
    ends = (None, None) if found is None else tuple(kappa_at(end, cells, apart) for end in equal[1:])
    return items, *equal, found, *ends
