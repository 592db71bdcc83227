"""Votes where a text matches a pattern."""

import re
from typing import Any

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if


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
        The pattern is no regular expression.

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

    def matches(x: Any) -> int:
        text = x[column]
        return vote_if(text is not None and compiled.search(text) is not None, label)

    return LabelingFunction(name, matches, columns=(column,))
