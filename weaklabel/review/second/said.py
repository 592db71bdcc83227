"""People's answers beside what a model expects, as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import Annotation, Posterior
from weaklabel.errors import AnswerError
from weaklabel.numerics import Floats
from weaklabel.review.people.answers import current_answers

LEAST = 1e-4  # of a model's probability: no model is surer than that about what it has not seen


@dataclass(frozen=True, eq=False)
class Said:
    """The current answers about the items of a posterior; items and people stand in the order of their names.

    Attributes
    ----------
    items, people
        The answered items, g of them, and those who answered, p of them.
    item, person, label
        Shape (a,): for each answer the item's place, the person's, and the class.
    log_beliefs
        Shape (g, k): logarithms of what the model expects of the items.
    asked
        Shape (g,): how many people were asked; those who skipped the item count.
    """

    items: tuple[str, ...]
    people: tuple[str, ...]
    item: NDArray[np.intp]
    person: NDArray[np.intp]
    label: NDArray[np.intp]
    log_beliefs: Floats
    asked: NDArray[np.intp]

    @classmethod
    def of(cls, annotations: Iterable[Annotation], beliefs: Posterior) -> Self:
        """The answers and, beside them, the beliefs.

        Raises
        ------
        AnswerError
            An answer is about an item or names a class that the posterior lacks, names several classes, or its time
            cannot be read.
        """
        everything = list(annotations)
        given = current_answers(everything)
        rows = _rows(list(given), beliefs.item_ids)
        people = tuple(sorted({who for by in given.values() for who in by}))
        number, place = ({name: i for i, name in enumerate(names)} for names in (people, beliefs.classes))
        answers = [
            (i, number[who], _class(said, place)) for i, by in enumerate(given.values()) for who, said in by.items()
        ]
        item, person, label = np.array(answers, np.intp).reshape(-1, 3).T
        logs = np.log(np.maximum(beliefs.probs[rows], LEAST))
        asked: dict[str, set[str]] = {}
        for said in everything:
            asked.setdefault(said.item_id, set()).add(said.annotator)
        return cls(
            tuple(given), people, item, person, label, logs, np.array([len(asked[name]) for name in given], np.intp)
        )

    @cached_property
    def votes(self) -> Floats:
        """Shape (g, k): how many people said each class of each item."""
        return self.per_item(np.eye(self.k)[self.label])

    @cached_property
    def compared(self) -> NDArray[np.int64]:
        """Shape (p,): how many of each person's answers are to items that somebody else answered, too."""
        several = self.votes.sum(axis=1)[self.item] > 1
        return np.bincount(self.person[several], minlength=len(self.people))

    @property
    def k(self) -> int:
        """Number of classes."""
        return self.log_beliefs.shape[1]

    def per_item(self, evidence: Floats) -> Floats:
        """The sum over each item's answers, shape (g, k), of numbers for each answer and class, shape (a, k)."""
        total = np.zeros((len(self.items), self.k))
        np.add.at(total, self.item, evidence)
        return total


def _rows(items: list[str], item_ids: pl.Series) -> NDArray[np.intp]:
    rows = tables.rows_of(item_ids, items)
    if rows.null_count():
        first = next(item for item, row in zip(items, rows, strict=True) if row is None)
        raise AnswerError(
            f"{rows.null_count()} of {len(items)} answered items are not in the beliefs, first {first!r}: give the "
            "beliefs about the pool that was asked about"
        )
    return rows.to_numpy().astype(np.intp)


def _class(said: Annotation, place: dict[str, int]) -> int:
    if not isinstance(said.label, str) or said.label not in place:
        raise AnswerError(
            f"{said.annotator!r} answered {said.label!r} about item {said.item_id!r}; it takes one of the classes "
            f"{', '.join(place)}"
        )
    return place[said.label]
