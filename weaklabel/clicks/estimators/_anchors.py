"""Anchors matched to what was shown."""

from typing import Any

import numpy as np
import polars as pl

from weaklabel.clicks.anchors import PAIR, as_anchors
from weaklabel.errors import TableError
from weaklabel.numerics import Floats

MOST = 64.0  # a grade beyond it is an id in the wrong column


def relevance_of(anchors: Any, items: pl.DataFrame) -> Floats:
    """The graded relevance of each item in [0, 1], shape (n,); NaN where there is no grade.

    Parameters
    ----------
    anchors
        As `as_anchors` takes them; a grade counts as (2^grade - 1) / (2^highest - 1).
    items
        query_id and doc_id of what was shown.

    Raises
    ------
    TableError
        The anchors are not what they must be.
    """
    known = as_anchors(anchors)
    worth = known.frame["worth"].to_numpy()
    if known.scale == "grade":
        worth = _gain(worth)
    graded = known.frame.select(*PAIR, relevance=pl.Series(worth))
    found = items.join(graded, on=PAIR, how="left", maintain_order="left")
    return found["relevance"].fill_null(np.nan).to_numpy()


def _gain(grade: Floats) -> Floats:
    highest = float(grade.max(initial=1.0))
    if highest > MOST:
        raise TableError(f"the anchors have grade {highest:g}: a grade is 0 or more, such as 0 to 4")
    return np.asarray((np.exp2(grade) - 1) / (np.exp2(highest) - 1))
