"""Opinions: what people's answers say of each class, weighed by how well each person agrees with the others."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Posterior
from weaklabel.errors import AnswerError
from weaklabel.numerics import Floats
from weaklabel.review.people.answers import current_answers

# Before anything is known of a person, or of all: as if 9 of 10 comparisons had agreed.
AGREED, COMPARED = 9.0, 10.0
LEAST = 0.05  # of a weight, relative to that of somebody who is always right, and of what is left to chance


@dataclass(frozen=True, eq=False)
class Opinions:
    """The evidence of people and the weight of a model beside them; the average person weighs 1.

    Attributes
    ----------
    said
        Shape (n, k): of each item, the weights of those who answered, spread over the classes: each puts onto the class
        he chose the share with which answers agree with what most say, and the rest evenly onto the others. An item
        that nobody answered has zeros.
    model_weight
        How many average people the model weighs, above 0.
    """

    said: Floats
    model_weight: float


def opinions(annotations: Iterable[Annotation], posterior: Posterior) -> Opinions:
    """What people say, weighed by agreement.

    A person's weight is how far his agreement with others exceeds that of always naming the most common class, the
    model's is the same of its agreement with what most say, times the root of the answers an item has. Few comparisons
    count little: ten that agree nine times are added to each. The model's probabilities of answered items should come
    from one that has not learned those answers (cross-fitted), or it is trusted too much.

    Parameters
    ----------
    annotations
        Answers and skips; of each person the latest answer to an item counts.
    posterior
        What the model believes of n items; answers about other items are left out.

    Raises
    ------
    AnswerError
        An answer names a class that the posterior lacks, or several.

    Source: Goh, Tkachenko and Mueller, CROWDLAB, 2022; here with the prior comparisons and the floor of 0.05.
    """
    table = _table(annotations, posterior)
    k, chosen = len(posterior.classes), np.zeros((len(posterior.item_ids), len(posterior.classes)))
    np.add.at(chosen, (table.row, table.label), 1)
    # Ties go to the class that the model finds more probable: it adds less than one answer.
    most = (chosen + posterior.probs / 2).argmax(axis=1)
    answered = chosen.sum(axis=1)
    chance = _chance(most[answered > 0], k)
    skill = np.maximum(1 - (1 - table.agreements(chosen)) / (1 - chance), LEAST)
    agreed, several = table.label == most[table.row], answered[table.row] > 1
    share = (agreed[several].sum() + AGREED) / (several.sum() + COMPARED)
    said = np.zeros_like(chosen)
    weight = skill / skill.mean() if len(skill) else skill
    spread = np.full((len(table.row), k), (1 - share) / (k - 1))
    spread[np.arange(len(table.row)), table.label] = share
    np.add.at(said, table.row, weight[table.person][:, None] * spread)
    return Opinions(said, _model_weight(posterior, most, answered, chance) / (skill.mean() if len(skill) else 1.0))


@dataclass(frozen=True, eq=False)
class _Table:
    """One entry an answer: the item's row, the person's number, the class; and how many people there are."""

    row: NDArray[np.intp]
    person: NDArray[np.intp]
    label: NDArray[np.intp]
    people: int

    def agreements(self, chosen: Floats) -> Floats:
        """Of each person, the share of others' answers to the same items that say the same, shape (people,)."""
        others = chosen[self.row].sum(axis=1) - 1
        same = chosen[self.row, self.label] - 1
        compared = np.bincount(self.person, others, self.people) + COMPARED
        return np.asarray((np.bincount(self.person, same, self.people) + AGREED) / compared)


def _table(annotations: Iterable[Annotation], posterior: Posterior) -> _Table:
    given = current_answers(annotations)
    places = pl.DataFrame({"id": posterior.item_ids}).with_row_index("row")
    here = dict(places.filter(pl.col("id").is_in(list(given))).iter_rows())  # row -> id
    people = sorted({person for item in here.values() for person in given[item]})
    number = {person: i for i, person in enumerate(people)}
    answers = [
        (row, number[person], _class(said, posterior))
        for row, item in here.items()
        for person, said in given[item].items()
    ]
    row, person, label = np.array(answers, np.intp).reshape(-1, 3).T
    return _Table(row, person, label, len(people))


def _class(said: Annotation, posterior: Posterior) -> int:
    if said.label not in posterior.classes:
        raise AnswerError(
            f"{said.annotator!r} answered {said.label!r} about item {said.item_id!r}; the classes are "
            f"{', '.join(posterior.classes)}"
        )
    return posterior.classes.index(said.label)


def _chance(most: NDArray[np.intp], k: int) -> float:
    """How often always naming the most common class would be right."""
    return min(float(np.bincount(most, minlength=k).max() / len(most)), 1 - LEAST) if len(most) else 1 / k


def _model_weight(posterior: Posterior, most: NDArray[np.intp], answered: Floats, chance: float) -> float:
    known = answered > 0
    agreed = (posterior.probs.argmax(axis=1) == most)[known].sum()
    share = (agreed + AGREED) / (known.sum() + COMPARED)
    people = float(answered[known].mean()) if known.any() else 1.0
    return float(max(1 - (1 - share) / (1 - chance), LEAST) * np.sqrt(people))
