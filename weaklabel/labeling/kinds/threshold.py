"""Votes where a number lies above, below or between bounds."""

from typing import Any

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if


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
        There is no bound, or nothing lies between them.

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

    def lies_within(x: Any) -> int:
        value = x[column]
        if value is None:
            return ABSTAIN
        # A NaN is neither above nor below anything; an infinity is, where only one side is bounded.
        return vote_if((above is None or value > above) and (below is None or value < below), label)

    return LabelingFunction(name, lies_within, columns=(column,))
