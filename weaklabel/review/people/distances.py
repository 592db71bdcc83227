"""How far apart two answers are: the distances under which agreement is measured."""

from collections.abc import Sequence

import numpy as np

from weaklabel.artefacts import Label
from weaklabel.errors import AnswerError
from weaklabel.numerics import Floats
from weaklabel.review.people.answers import spelled

LEVELS = ("nominal", "ordinal", "interval")


def distances(values: Sequence[Label], counts: Floats, level: str, classes: Sequence[str] | None = None) -> Floats:
    """The distance of each label to each other, shape (v, v), 0 on the diagonal.

    Parameters
    ----------
    values
        The v labels.
    counts
        Shape (v,): how often each was given; it sets the distances of ordered labels.
    level
        "nominal": 0 or 1, and MASI's distance where several classes may be chosen. "ordinal": the square of how many
        answers lie between the two. "interval": the square of the difference of the numbers that the labels are.
    classes
        Their order, for "ordinal"; by default that of the numbers that the labels are.

    Raises
    ------
    AnswerError
        There is no such level, or the labels have no order or are no numbers.

    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011; Passonneau, Measuring Agreement on
    Set-valued Items (MASI), LREC 2006.
    """
    if level not in LEVELS:
        raise AnswerError(f"the level is {level!r}; it is one of {', '.join(LEVELS)}")
    if level == "nominal":
        return np.array([[_apart(a, b) for b in values] for a in values], np.float64).reshape(len(values), len(values))
    if level == "interval":
        return _squared(np.array([_number(value, level) for value in values]))
    place = _places(values, classes)
    order = np.argsort(place)
    middle = np.empty(len(values))
    middle[order] = counts[order].cumsum() - counts[order] / 2  # of the answers in their order, where each label lies
    return _squared(middle)


def _apart(one: Label, other: Label) -> float:
    return masi(one, other) if isinstance(one, tuple) and isinstance(other, tuple) else float(one != other)


def masi(one: Sequence[str], other: Sequence[str]) -> float:
    """The distance of two sets of classes, in [0, 1]: 1 - Jaccard's index x 1, 2/3 (one holds the other), or 1/3."""
    a, b = set(one), set(other)
    if a == b:
        return 0.0
    monotone = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - len(a & b) / len(a | b) * monotone


def _squared(place: Floats) -> Floats:
    return np.asarray((place[:, None] - place[None, :]) ** 2)


def _places(values: Sequence[Label], classes: Sequence[str] | None) -> Floats:
    if classes is None:
        return np.array([_number(value, "ordinal") for value in values])
    if unknown := [value for value in values if value not in classes]:
        raise AnswerError(f"the answer {spelled(unknown[0])!r} has no place among the classes {', '.join(classes)}")
    return np.array([float(classes.index(str(value))) for value in values])


def _number(value: Label, level: str) -> float:
    try:
        number = float(value) if isinstance(value, str) else np.nan
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise AnswerError(
            f"the answer {spelled(value)!r} is no number, so there is no {level} agreement: "
            'measure it with level="nominal", or give the classes in their order to level="ordinal"'
        )
    return number
