"""Votes where a text matches a pattern."""

import re
from typing import Any

import polars as pl

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if, votes_where
from weaklabel.labeling.kinds._labels import class_number
from weaklabel.labeling.kinds._search import regex_search


def regex(name: str, pattern: str, label: int, *, column: str = "text", flags: int = 0) -> LabelingFunction:
    r"""A labeling function that votes where the pattern is found anywhere in the text.

    Parameters
    ----------
    name
        Of the function.
    pattern
        As for `re.search`; begin it with (?i) to ignore case.
    label
        The class number it votes.
    column
        Where the text stands; a missing text abstains.
    flags
        Of the `re` module.

    Raises
    ------
    LabelingFunctionError
        The pattern is no regular expression, or the label is no number.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> phone = regex("phone", r"\b0\d{10}\b", label=1)
    >>> phone(Row(text="call 08001950382")), phone(Row(text="call me"))
    (1, -1)
    """
    try:
        compiled = re.compile(pattern, flags)
    except re.error as error:
        raise LabelingFunctionError(
            f"labeling function {name!r}: {pattern!r} is no regular expression: {error}"
        ) from error

    label, search = class_number(name, label, "it"), regex_search(compiled)

    def matches(x: Any) -> int:
        text = x[column]
        return vote_if(text is not None and compiled.search(text) is not None, label)

    def match(rows: pl.DataFrame) -> Any:
        return votes_where(search.found(rows, column), label)

    return LabelingFunction(name, matches, columns=(column,), batch=match)
