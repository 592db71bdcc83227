"""Votes what a dictionary says about a value."""

from collections.abc import Mapping
from typing import Any

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction


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
        The dictionary is empty.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> sender = lookup("sender", "sender", {"mum": 0, "88600": 1})
    >>> sender(Row(sender="88600")), sender(Row(sender="somebody"))
    (1, -1)
    """
    if not labels:
        raise LabelingFunctionError(f"labeling function {name!r}: the dictionary is empty, so it would never vote")
    table: dict[Any, int] = dict(labels)

    def known(x: Any) -> int:
        return table.get(x[column], ABSTAIN)

    return LabelingFunction(name, known, columns=(column,))
