"""Votes what a dictionary says about a value."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction
from weaklabel.labeling.kinds._labels import class_numbers


def lookup(name: str, column: str, labels: Mapping[Any, int]) -> LabelingFunction:
    """A labeling function that votes the label its dictionary has for the value, and abstains on others.

    Parameters
    ----------
    name
        Of the function.
    column
        Where the value stands: a sender, a domain, a category.
    labels
        Value -> class number.

    Raises
    ------
    LabelingFunctionError
        The dictionary is empty, or a label in it is no number.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> sender = lookup("sender", "sender", {"mum": 0, "88600": 1})
    >>> sender(Row(sender="88600")), sender(Row(sender="somebody"))
    (1, -1)
    """
    if not labels:
        raise LabelingFunctionError(f"labeling function {name!r}: the dictionary is empty, so it would never vote")
    table = class_numbers(name, labels)
    keys = sorted(table) if all(isinstance(value, str) for value in table) else []
    table = {key: table[key] for key in keys} or table  # in one order, which says nothing here
    texts, votes = pl.Series(keys, dtype=pl.String), pl.Series([table[key] for key in keys], dtype=pl.Int64)

    def known(x: Any) -> int:
        return table.get(x[column], ABSTAIN)

    def all_known(rows: pl.DataFrame) -> pl.Series:
        values = rows[column]
        if keys and values.dtype == pl.String and len(values) > len(keys):  # else polars' index costs too much
            return values.replace_strict(texts, votes, default=ABSTAIN)
        # A value that is no text is found as Python finds it: 1, 1.0 and True are one key.
        return pl.Series([table.get(value, ABSTAIN) for value in values.to_list()], dtype=pl.Int64)

    return LabelingFunction(name, known, columns=(column,), batch=all_known)
