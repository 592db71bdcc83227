"""How good predictions are on each slice of the items: on the parts that matter, not on the whole alone."""

import logging
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import metrics, tables
from weaklabel.artefacts import ABSTAIN, Posterior, checks
from weaklabel.errors import LabelingFunctionError, TableError
from weaklabel.labeling.accuracy import FEWEST, wilson
from weaklabel.labeling.apply import apply
from weaklabel.labeling.files import defined_in, functions_in, is_slice
from weaklabel.protocols import LabelingFunctionLike

OVERALL = "overall"
OUTSIDE, INSIDE = "outside", "inside"

log = logging.getLogger(__name__)


def load_slices(path: str | Path) -> tuple[LabelingFunctionLike, ...]:
    """Run a Python file and collect its slicing functions: Snorkel's if there are any, else its labeling functions.

    Raises
    ------
    LabelingFunctionError
        There is no such file, it cannot be run (file, line and reason are named), or it defines none.
    """
    functions = functions_in(defined_in(path))
    if not functions:
        raise LabelingFunctionError(
            f"{path} defines no slicing function: decorate one with Snorkel's @slicing_function()"
        )
    return tuple(filter(is_slice, functions)) or functions


def slice_masks(slices: Sequence[LabelingFunctionLike], table: Any) -> pl.DataFrame:
    """Which items are in which slice.

    Parameters
    ----------
    slices
        Slicing functions with different names, Snorkel's or ours: each returns true or 1 on the items of its slice, and
        false, 0 or -1 on others. Where one fails the item is outside, and a warning is logged.
    table
        n rows with a unique column `id`.

    Returns
    -------
    polars.DataFrame
        n rows: id, and a column of truth values for each slice.

    Raises
    ------
    LabelingFunctionError
        There are none, something is no function, or two share a name.
    TableError
        Ids are missing or repeated, or a function needs a column that is not there.
    """
    L = apply(slices, table, (OUTSIDE, INSIDE))
    for fault in L.faults:
        log.warning(
            "slicing function %r failed on %d rows, which are not in its slice; first on item %r (row %d): %s",
            *(fault.lf, fault.count, fault.item_id, fault.row, fault.error),
        )
    inside = [pl.Series(name, L.votes[:, j] == 1) for j, name in enumerate(L.lf_names)]
    return pl.DataFrame([L.item_ids, *inside])


def slice_scores(
    posterior: Posterior,
    gold: NDArray[np.integer],
    slices: Sequence[LabelingFunctionLike],
    table: Any,
    *,
    n_bootstrap: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> pl.DataFrame:
    """The metrics of `score` on all items and on each slice.

    Parameters
    ----------
    posterior
        n items, k classes.
    gold
        Shape (n,): the class, -1 where unknown (left out).
    slices
        As in `slice_masks`.
    table
        Has a row for every item.
    n_bootstrap, level, seed
        As in `score`.

    Returns
    -------
    polars.DataFrame
        A row for `overall` and one for each slice: slice; items; known (those of known class); coverage; few (under 20
        are known); then each metric, with its _lower and _upper. With few, that of accuracy is Wilson's interval and
        the others have none: a bootstrap of few items is far too sure. Null where undefined, or nothing is known.

    Raises
    ------
    TableError
        The table lacks an item, gold does not fit, or a slice is called `overall`.
    LabelingFunctionError
        As in `slice_masks`.

    Source: Chen et al., Slice-based Learning, NeurIPS 2019; Wilson, Probable inference, JASA 1927.
    """
    gold = checks.gold(gold, len(posterior.probs), posterior.classes)
    masks = slice_masks(slices, tables.align(tables.as_table(table), posterior.item_ids)).drop("id")
    if OVERALL in masks.columns:
        raise TableError(f"a slicing function is called {OVERALL!r}, the name of the row of all items: rename it")
    masks = masks.insert_column(0, pl.repeat(True, len(masks), eager=True).alias(OVERALL))
    rows = [_row(posterior, gold, masks[name], n_bootstrap, level, seed) for name in masks.columns]
    return pl.DataFrame(rows, schema=_schema(), orient="row").with_columns(pl.col(pl.Float64).fill_nan(None))


def _schema() -> dict[str, Any]:
    counted = {"slice": pl.String, "items": pl.Int64, "known": pl.Int64, "coverage": pl.Float64, "few": pl.Boolean}
    return counted | {f"{name}{end}": pl.Float64 for name in metrics.METRICS for end in ("", "_lower", "_upper")}


def _row(
    posterior: Posterior, gold: NDArray[np.int64], inside: pl.Series, n_bootstrap: int, level: float, seed: int
) -> dict[str, Any]:
    rows = np.flatnonzero(inside.to_numpy() & (gold != ABSTAIN))
    few = len(rows) < FEWEST
    counted = {"slice": inside.name, "items": int(inside.sum()), "known": len(rows), "few": few}
    if not len(rows):
        return counted
    part = Posterior(posterior.probs[rows], posterior.item_ids.gather(rows), posterior.classes, posterior.covered[rows])
    scores = metrics.score(part, gold[rows], n_bootstrap=0 if few else n_bootstrap, level=level, seed=seed)
    interval = dict(scores.interval)
    if few:
        z = NormalDist().inv_cdf((1 + level) / 2)
        _, *bounds = wilson(scores.value["accuracy"], len(rows), z)
        interval["accuracy"] = (bounds[0], bounds[1])
    counted["coverage"] = scores.coverage
    for name, value in scores.value.items():
        lower, upper = interval[name]
        counted |= {name: value, f"{name}_lower": lower, f"{name}_upper": upper}
    return counted
