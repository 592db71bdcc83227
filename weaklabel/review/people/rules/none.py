"""No resolution: only what nobody disputes."""

from dataclasses import dataclass
from typing import ClassVar

from weaklabel.review.people.answers import Answers, labels
from weaklabel.review.people.verdict import Verdict, unanimous

__all__ = ["Unanimous"]


@dataclass(frozen=True)
class Unanimous:
    """Takes an answer only where all agree; every disagreement stays open."""

    version: ClassVar[int] = 1

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        return {item: unanimous(labels(given).values(), "none") for item, given in answers.items()}
