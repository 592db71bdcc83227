"""What a user wrote as labels, as class numbers."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError

Labels = Mapping[Any, int] | Sequence[Any]


def class_numbers(name: str, labels: Labels) -> dict[Any, int]:
    """Value -> class number, of a mapping or of the class names in their order.

    Parameters
    ----------
    name
        Of the labeling function, for messages.
    labels
        Value -> class number (or -1), or a list of values, each of which is the class of its place in it.

    Raises
    ------
    LabelingFunctionError
        There are none, or one is no class number.
    """
    if isinstance(labels, str) or not labels:
        raise LabelingFunctionError(
            f"labeling function {name!r}: labels are a dictionary such as {{'ham': 0, 'spam': 1}}, not {labels!r}"
        )
    pairs = labels if isinstance(labels, Mapping) else {value: y for y, value in enumerate(labels)}
    return {value: class_number(name, y, f"{value!r}") for value, y in pairs.items()}


def class_number(name: str, label: Any, what: str) -> int:
    """The label as an integer from -1 on; `what` has it.

    Raises
    ------
    LabelingFunctionError
        It is none.
    """
    try:
        number = operator.index(label)
    except TypeError:
        number = ABSTAIN - 1
    if number < ABSTAIN:
        raise LabelingFunctionError(
            f"labeling function {name!r}: {what} has the label {label!r}; a label is a class number (0, 1, ...) or -1"
        )
    return number
