"""The answer that was given last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from weaklabel.artefacts import Annotation
from weaklabel.review.people.answers import Answers, labels, moment
from weaklabel.review.people.verdict import Verdict, unanimous

__all__ = ["Latest"]


@dataclass(frozen=True)
class Latest:
    """Assumes that whoever answers later knows what was said before; two answers of one moment that differ stay open.

    An answer without a time is older than any with one.
    """

    version: ClassVar[int] = 1

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        return {item: _last(given) for item, given in answers.items()}


def _last(given: Mapping[str, Annotation]) -> Verdict:
    newest = max(moment(said) for said in given.values())
    last = {annotator: said for annotator, said in given.items() if moment(said) == newest}
    verdict = unanimous(labels(last).values(), "latest")
    if verdict.label is None:
        return Verdict(None, verdict.support, "latest", f"of the same moment: {verdict.reason}")
    share = sum(label == verdict.label for label in labels(given).values()) / len(given)
    return Verdict(verdict.label, share, "latest")
