"""Votes where a number lies above, below or between bounds."""

import math
from typing import Any

import polars as pl

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if, votes_where
from weaklabel.labeling.kinds._labels import class_number


def threshold(
    name: str, column: str, label: int, *, above: float | None = None, below: float | None = None
) -> LabelingFunction:
    """A labeling function that votes where `above < value < below`; a bound left out does not bind.

    Parameters
    ----------
    name
        Of the function.
    column
        Where the number stands; a missing or NaN one abstains.
    label
        The class number it votes.
    above, below
        The bounds, exclusive, in the column's own units.

    Raises
    ------
    LabelingFunctionError
        There is no bound, or nothing lies between them; or the label is no number.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> large = threshold("large", "mean_radius", label=1, above=16)
    >>> large(Row(mean_radius=20.1)), large(Row(mean_radius=11.0))
    (1, -1)
    """
    low = float("-inf") if above is None else above
    high = float("inf") if below is None else below
    if (above is None and below is None) or not low < high:  # NaN too
        raise LabelingFunctionError(
            f"labeling function {name!r}: above={above}, below={below} leaves nothing or everything"
        )
    label = class_number(name, label, "it")

    def lies_within(x: Any) -> int:
        return vote_if(_is_within(x[column], above, below), label)

    def lie_within(rows: pl.DataFrame) -> Any:
        return votes_where(_are_within(rows[column], above, below), label)

    return LabelingFunction(name, lies_within, columns=(column,), batch=lie_within)


def _is_within(value: Any, above: float | None, below: float | None) -> bool:
    # A NaN is neither above nor below anything; an infinity is, where only one side is bounded.
    return value is not None and (above is None or value > above) and (below is None or value < below)


def _are_within(values: pl.Series, above: float | None, below: float | None) -> pl.Series:
    """The same for a column; polars compares where it does so exactly, as Python would."""
    kind, bounds = values.dtype, [bound for bound in (above, below) if bound is not None]
    whole = kind.is_integer() and kind not in (pl.UInt64, pl.Int128) and all(abs(bound) < 2**63 for bound in bounds)
    if not whole and not (kind.is_float() and all(float(bound) == bound for bound in bounds)):
        return pl.Series([_is_within(value, above, below) for value in values.to_list()], dtype=pl.Boolean)
    numbers = values.cast(pl.Int64 if whole else pl.Float64)
    inside = numbers.is_not_null() if whole else numbers.is_not_nan()  # polars has NaN above every number
    if above is not None:
        inside &= numbers > (math.floor(above) if whole else float(above))
    if below is not None:
        inside &= numbers < (math.ceil(below) if whole else float(below))
    return inside
