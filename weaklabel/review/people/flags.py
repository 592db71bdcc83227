"""Each person's work at a glance, and whose answers need a second look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Label
from weaklabel.labeling.accuracy import wilson
from weaklabel.review.people.answer_table import AnswerTable
from weaklabel.review.people.answers import in_order, spelled
from weaklabel.review.people.habits import Habits, habits
from weaklabel.review.people.others import Others, against_others
from weaklabel.review.people.reasons import FEWEST, accepts_hastily, always_the_same, looks_random

NONE = np.zeros(0, np.int64)

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "annotator": pl.String,
    "answers": pl.Int64,
    "skips": pl.Int64,
    "lead_median": pl.Float64,
    "lead_total": pl.Float64,
    "suggested": pl.Int64,
    "accepted": pl.Float64,
    "changed": pl.Float64,
    "ignored": pl.Float64,
    "shared": pl.Int64,
    "agreement": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "known": pl.Int64,
    "accuracy": pl.Float64,
    "accuracy_lower": pl.Float64,
    "accuracy_upper": pl.Float64,
    "flags": pl.List(pl.String),
}


def annotators(annotations: Iterable[Annotation], gold: Mapping[str, Label | None] | None = None) -> pl.DataFrame:
    """How much each person did, in what time, how far the others and gold agree, and what looks wrong.

    Assumes that most people know something. Flags are reasons to look, not verdicts:

    - "answers look random": the agreement with the others (with gold, where 20 classes are known) is not above what
      shuffling the person's answers would bring, and surely below that of somebody who knows one answer in five and
      guesses the rest, each at 99 %. Needs 20 items in common and others who agree among themselves. Measured: with
      two even classes a random annotator is found nine times in ten from 450 items on (three in ten at 100), with four
      from 120; of honest ones of accuracy 0.6 about one in a hundred is flagged, of better ones none. Where agreement
      is surely below chance, the reason asks whether the classes were mixed up.
    - "accepts in under a second": more than 20 pre-labels, or most of five or more.
    - "always the same answer": 20 answers or more, where the others' answers make that improbable (p < 0.01).

    Parameters
    ----------
    annotations
        Answers and skips; of each person the latest answer to an item counts.
    gold
        Item -> its known class, or None where it is not known.

    Returns
    -------
    polars.DataFrame
        One row per person, by name: annotator; answers; skips; lead_median and lead_total in seconds; suggested,
        answers with a pre-label in view, and the shares accepted, changed, ignored of them; shared, items on which
        most others gave one answer, and agreement with it, with Wilson's 95 % interval lower, upper; known, answers to
        items in gold, and accuracy, accuracy_lower, accuracy_upper; flags, a list of reasons. Null where there is
        nothing to tell.

    Raises
    ------
    AnswerError
        A time cannot be read, or some answers name one class and others several.

    Source: Hoeffding, A combinatorial central limit theorem, 1951 (the spread under shuffling); Spearman 1910 and
    Brown 1910 (how far the others' joint answer can be trusted).
    """
    everything = list(annotations)
    table = AnswerTable.of(everything)
    classes = _classes(table, gold or {})
    answered = {
        name: _about(table, j, others, classes)
        for j, (name, others) in enumerate(zip(table.annotators, against_others(table), strict=True))
    }
    rows = [(name, *_did(habit), *_row(habit, answered.get(name))) for name, habit in habits(everything).items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@dataclass(frozen=True, eq=False)
class _About:
    """One person's answers as numbers: beside the others', and beside what is known.

    `only` is the one answer ever given; empty where there are several.
    """

    others: Others
    mine: NDArray[np.int64]
    gold: NDArray[np.int64]
    only: str
    usual: float  # its share among what the others say of `compared` items
    compared: int


def _classes(table: AnswerTable, gold: Mapping[str, Label | None]) -> NDArray[np.int64]:
    """The number of each item's known class, shape (items,), -1 where unknown."""
    place = {value: i for i, value in enumerate(table.values)}
    known = {item: in_order(label) for item, label in gold.items() if label is not None}
    for label in sorted(set(known.values()) - place.keys(), key=spelled):
        place[label] = len(place)  # a class that nobody answered
    return np.array([place[known[item]] if item in known else -1 for item in table.items], np.int64)


def _about(table: AnswerTable, annotator: int, others: Others, classes: NDArray[np.int64]) -> _About:
    own = table.annotator == annotator
    said, known = table.value[own], classes[table.item[own]]
    only = spelled(table.values[said[0]]) if (said == said[0]).all() else ""
    return _About(others, said[known >= 0], known[known >= 0], only, *_usual(others, int(said[0]), len(said)))


def _usual(others: Others, value: int, answers: int) -> tuple[float, int]:
    """How often the others say so of the same items or, where few are the same, of all; and of how many items."""
    if len(others.theirs) >= FEWEST:
        return float((others.theirs == value).mean()), len(others.theirs)
    return float(others.said[value] / others.said.sum()) if others.said.any() else 1.0, answers


def _did(habit: Habits) -> tuple[float | None, ...]:
    times = habit.lead_median, habit.lead_total
    return habit.answers, habit.skips, *times, habit.suggested, habit.accepted, habit.changed, habit.ignored


def _row(habit: Habits, about: _About | None) -> tuple[object, ...]:
    reasons = [accepts_hastily(habit)]
    if about is None:  # skips alone
        return *_share(NONE, NONE), *_share(NONE, NONE), [reason for reason in reasons if reason]
    others = about.others
    if len(about.gold) >= FEWEST:
        reasons.append(looks_random(about.mine, about.gold, 1.0, "gold"))
    else:
        reasons.append(looks_random(others.mine, others.theirs, others.reliability, "the others"))
    if about.only:
        reasons.append(always_the_same(about.only, habit.answers, about.usual, about.compared))
    shares = *_share(others.mine, others.theirs), *_share(about.mine, about.gold)
    return *shares, [reason for reason in reasons if reason]


def _share(mine: NDArray[np.int64], theirs: NDArray[np.int64]) -> tuple[int, float | None, float | None, float | None]:
    if not len(mine):
        return 0, None, None, None
    return len(mine), *wilson(float((mine == theirs).mean()), len(mine), NormalDist().inv_cdf(0.975))
