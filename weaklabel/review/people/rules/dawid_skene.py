"""Each person weighed by how he confuses the classes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, Label, LabelMatrix
from weaklabel.errors import AnswerError
from weaklabel.labeling.models.dawid_skene import DawidSkene
from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.people.answers import Answers, labels
from weaklabel.review.people.rules.majority import Majority
from weaklabel.review.people.verdict import Verdict

__all__ = ["DawidSkeneRule"]

FEWEST_KNOWN = 3  # people: of two who differ nothing tells which is right
FEWEST_A_CLASS = 5  # answers for each class, besides `least_items`
DIGITS = 6  # of a probability: beyond them the order of the sums shows, and the same input must give the same bytes

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DawidSkeneRule:
    """Assumes that people confuse classes independently, each at rates of his own, and that most do so seldom.

    A person is known from items that two other known people answered, too: only triples tell who is right. Whoever has
    fewer than `least_items` of them is taken to confuse classes as the known people do on average, so that a stranger's
    answer counts, but is never certain. Where too few people are known, or the confusions found are worse than chance
    would bring, the majority decides; `Verdict.by` says so, and a warning why.

    Measured on three real crowds (accuracy of what is decided, share decided; majority in brackets): bird .90 of all
    (.76 of all), rte .93 of .99 (.93 of .92), product .95 of .96 (.90 of all).

    Parameters
    ----------
    least_items
        From which a person is known; for many classes it is five for each class.
    least_probability
        A label less probable than this stays open, in [0.5, 1].

    Source: Dawid and Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, 1979.
    """

    least_items: int = 10
    least_probability: float = 0.75
    version: ClassVar[int] = 1

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        """Item -> verdict; the support is the probability of the most probable label.

        Raises
        ------
        AnswerError
            Answers name several classes, or a parameter is outside its range.
        """
        self._check()
        L, classes, items = _matrix(answers)
        known = self._known(L, len(classes))
        fallback = Majority()(answers)
        if known.sum() < FEWEST_KNOWN or len(classes) < 2:
            return _majority_instead(fallback, f"{int(known.sum())} people share enough items, and it needs 3")
        model = DawidSkene().fit(LabelMatrix.from_array(L[:, known], classes))
        average = model.confusion_.mean(axis=0)
        if (average.argmax(axis=0) != np.arange(len(classes))).any():
            return _majority_instead(fallback, "the confusions it found are worse than chance")
        confusion = np.tile(average, (L.shape[1], 1, 1))
        confusion[known] = model.confusion_
        probs = _probabilities(L, confusion, model.prior_)
        return {item: self._verdict(row, classes) for item, row in zip(items, probs, strict=True)}

    def _check(self) -> None:
        if self.least_items < 1 or not 0.5 <= self.least_probability <= 1:
            raise AnswerError(
                f"the rule 'dawid_skene' was given least_items {self.least_items}, which must be at least 1, and "
                f"least_probability {self.least_probability}, which must lie in [0.5, 1]"
            )

    def _known(self, L: NDArray[np.int8], k: int) -> NDArray[np.bool_]:
        """Shape (m,): has answered enough items that two others of the known ones answered."""
        least = max(self.least_items, FEWEST_A_CLASS * k)
        known = np.ones(L.shape[1], bool)
        while True:
            answered = (L != ABSTAIN) & known
            tripled = answered & (answered.sum(axis=1, keepdims=True) >= FEWEST_KNOWN)
            fewer = known & (tripled.sum(axis=0) >= least)
            if (fewer == known).all():
                return known
            known = fewer

    def _verdict(self, row: Floats, classes: Sequence[str]) -> Verdict:
        best = int(row.argmax())
        probability = round(float(row[best]), DIGITS)
        if probability >= self.least_probability and (row > row[best] - 10**-DIGITS).sum() == 1:
            return Verdict(classes[best], probability, "dawid_skene")
        reason = f"{classes[best]} is only {100 * probability:.0f} % probable"
        return Verdict(None, probability, "dawid_skene", reason)


def _matrix(answers: Answers) -> tuple[NDArray[np.int8], tuple[str, ...], list[str]]:
    """The answers as votes, shape (items, people), the classes seen, and the items."""
    said = {item: labels(given) for item, given in answers.items()}
    classes = tuple(sorted({_one(label) for given in said.values() for label in given.values()}))
    people = {who: j for j, who in enumerate(sorted({who for given in said.values() for who in given}))}
    place = {label: y for y, label in enumerate(classes)}
    L = np.full((len(said), len(people)), ABSTAIN, np.int8)
    for i, given in enumerate(said.values()):
        for who, label in given.items():
            L[i, people[who]] = place[_one(label)]
    return L, classes, list(said)


def _one(label: Label) -> str:
    if isinstance(label, str):
        return label
    raise AnswerError(
        f"an answer names several classes, {label!r}, and the rule 'dawid_skene' needs one: decide class by class with "
        "for_class(annotations, name), or by the majority"
    )


def _probabilities(L: NDArray[np.int8], confusion: Floats, prior: Floats) -> Floats:
    """P(class | answers) of each item, shape (n, k), from each person's P(answer | class), shape (m, k, k)."""
    scores = np.tile(np.log(prior), (len(L), 1))
    item, person = np.nonzero(L != ABSTAIN)
    np.add.at(scores, item, np.log(confusion)[person, L[item, person]])
    return normalise_log(scores)


def _majority_instead(verdicts: dict[str, Verdict], why: str) -> dict[str, Verdict]:
    if verdicts:
        _log.warning("the majority decides instead of Dawid and Skene's model: %s", why)
    return verdicts
