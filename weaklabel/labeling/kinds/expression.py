"""Votes where a polars expression is true."""

from typing import Any

import polars as pl

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, from_batch, votes_where
from weaklabel.labeling.kinds._labels import class_number


def expression(name: str, expr: pl.Expr, label: int | None = None) -> LabelingFunction:
    """A labeling function from a polars expression over the columns of the table.

    Parameters
    ----------
    name
        Of the function.
    expr
        Gives true or false for each row (a missing value abstains), or, without a label, the votes themselves: a class
        number, or -1 or a missing value to abstain. Each row's must follow from that row alone, not, say, from a mean.
    label
        The class number it votes where the expression is true.

    Raises
    ------
    LabelingFunctionError
        It is no expression, or the label is no number.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> bargain = expression("bargain", (pl.col("price") < 10) & pl.col("text").str.contains("sale"), label=1)
    >>> bargain(Row(price=5, text="on sale")), bargain(Row(price=50, text="on sale"))
    (1, -1)
    """
    if not isinstance(expr, pl.Expr):
        raise LabelingFunctionError(
            f"labeling function {name!r}: {expr!r} is no polars expression, such as pl.col('n') > 1"
        )
    columns = tuple(dict.fromkeys(expr.meta.root_names()))
    if label is not None:
        label = class_number(name, label, "it")

    def evaluate(rows: pl.DataFrame) -> Any:
        # with_columns, not select, which would give a constant a single row
        found = rows.with_columns(expr.alias(_OWN))[_OWN]
        if label is None:
            return found.fill_null(ABSTAIN)
        if found.dtype not in (pl.Boolean, pl.Null):
            raise TypeError(f"the expression gives {found.dtype}; with a label it must give true or false")
        return votes_where(found.cast(pl.Boolean), label)

    return from_batch(name, evaluate, columns)


_OWN = "__vote__"
