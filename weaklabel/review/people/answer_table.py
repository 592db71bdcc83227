"""Answers as arrays: one row for each person's answer to an item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Label
from weaklabel.numerics import Floats
from weaklabel.review.people.answers import current_answers, labels


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """The current answers, sorted by item and annotator.

    Attributes
    ----------
    items, annotators, values
        The distinct items, annotators and labels, each in the order of their names.
    item, annotator, value
        Shape (a,): for each answer where it stands in those.
    """

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    values: tuple[Label, ...]
    item: NDArray[np.int64]
    annotator: NDArray[np.int64]
    value: NDArray[np.int64]

    @classmethod
    def of(cls, annotations: Iterable[Annotation]) -> Self:
        """The table of each person's latest answer to each item.

        Raises
        ------
        AnswerError
            The time of an answer cannot be read, or some answers name one class and others several.
        """
        answers = current_answers(annotations)
        rows = [(item, who, label) for item, given in answers.items() for who, label in labels(given).items()]
        items, item = _coded([row[0] for row in rows])
        annotators, annotator = _coded([row[1] for row in rows])
        values, value = _coded([row[2] for row in rows])
        return cls(items, annotators, values, item, annotator, value)

    @cached_property
    def counts(self) -> Floats:
        """Shape (items, values): how many people gave each answer to each item."""
        shape = len(self.items), len(self.values)
        cells = np.bincount(self.item * shape[1] + self.value, minlength=shape[0] * shape[1])
        return cells.reshape(shape).astype(np.float64)


def _coded(entries: Sequence[Any]) -> tuple[tuple[Any, ...], NDArray[np.int64]]:
    """The distinct entries in their order, and of each entry its place among them."""
    names = tuple(sorted(set(entries)))
    place = {name: i for i, name in enumerate(names)}
    return names, np.array([place[entry] for entry in entries], np.int64)
