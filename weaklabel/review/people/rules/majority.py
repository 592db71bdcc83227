"""The answer that most people gave."""

from dataclasses import dataclass
from typing import ClassVar

from weaklabel.review.people.answers import Answers, labels
from weaklabel.review.people.verdict import Verdict, most_votes

__all__ = ["Majority"]


@dataclass(frozen=True)
class Majority:
    """Assumes that everybody's answer is worth the same; a tie stays open.

    Where several classes may be chosen, each class is voted on by itself, and a tie on any leaves the item open.
    """

    version: ClassVar[int] = 1

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        return {item: most_votes(labels(given).values(), "majority") for item, given in answers.items()}
