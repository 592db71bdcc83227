"""Votes on the rows that hold all that a rule reads."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import ABSTAIN


def votes_on_complete(rows: pl.DataFrame, columns: Sequence[str], vote: Callable[[pl.DataFrame], Any]) -> pl.Series:
    """The votes of a rule that sees only rows without a null or a NaN in the columns; on others it abstains.

    Parameters
    ----------
    rows
        b rows.
    columns
        Those that the rule reads.
    vote
        Takes at least one complete row and returns a vote for each.

    Returns
    -------
    pl.Series
        Length b.
    """
    complete = rows.select(pl.all_horizontal(_is_there(name, rows.schema[name]) for name in columns)).to_series()
    votes = np.full(len(rows), ABSTAIN, np.int64)
    if complete.any():
        votes[complete.to_numpy()] = vote(rows.filter(complete))
    return pl.Series(votes)


def _is_there(name: str, kind: pl.DataType) -> pl.Expr:
    there = pl.col(name).is_not_null()
    return there & pl.col(name).is_not_nan() if kind.is_float() else there
