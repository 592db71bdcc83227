"""What a rule makes of the answers to one item, and the votes that several rules count."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from weaklabel.artefacts import Label
from weaklabel.review.people.answers import Answers, spelled


@dataclass(frozen=True)
class Verdict:
    """A label, or the reason why there is none.

    Attributes
    ----------
    label
        None: the item is open, and goes back to review.
    support
        The share of the answers, or the probability, of the label (of the best one, where the item is open); in [0, 1].
    by
        The rule that decided: one that falls back on another names it.
    reason
        Why the item is open; empty where it is not.
    """

    label: Label | None
    support: float
    by: str
    reason: str = ""


class Rule(Protocol):
    """Decides what several people's answers say. The same answers give the same verdicts: no rule draws lots.

    `version` rises whenever a rule comes to decide otherwise.
    """

    version: ClassVar[int]

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        """Item -> verdict, for every item that was answered."""


def most_votes(labels: Iterable[Label], by: str) -> Verdict:
    """The label that most people gave; of several classes, those that more than half of them chose."""
    given = list(labels)
    return _each_class(given, by) if isinstance(given[0], tuple) else _plurality(given, by)


def unanimous(labels: Iterable[Label], by: str) -> Verdict:
    """The label that all gave, if they did."""
    counted = Counter(labels)
    label, most = _ranked(counted)[0]
    support = most / counted.total()
    return Verdict(label, 1.0, by) if len(counted) == 1 else Verdict(None, support, by, tally(counted))


def tally(counted: Counter[Label]) -> str:
    """The votes in words: "2 say ham, 1 says spam"."""
    return ", ".join(f"{n} {'says' if n == 1 else 'say'} {spelled(label)}" for label, n in _ranked(counted))


def _ranked(counted: Counter[Label]) -> list[tuple[Label, int]]:
    """Most votes first, and among equals in the order of their names."""
    return sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))


def _plurality(labels: Sequence[Label], by: str) -> Verdict:
    counted = Counter(labels)
    (label, most), *others = _ranked(counted)
    tied = bool(others) and others[0][1] == most
    return Verdict(None if tied else label, most / len(labels), by, f"a tie: {tally(counted)}" if tied else "")


def _each_class(labels: Sequence[Label], by: str) -> Verdict:
    counted = Counter(name for chosen in labels for name in chosen)
    n = len(labels)
    support = min((max(times, n - times) / n for times in counted.values()), default=1.0)
    if tied := sorted(name for name, times in counted.items() if 2 * times == n):
        return Verdict(None, support, by, f"a tie: {n // 2} of {n} chose {', '.join(tied)}")
    return Verdict(tuple(sorted(name for name, times in counted.items() if 2 * times > n)), support, by)
