"""Whether seeing the pre-label sways people: answers to tasks that show it, beside those that withhold it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from weaklabel.artefacts import Annotation, Task
from weaklabel.labeling.accuracy import wilson
from weaklabel.review.people.answers import current_answers, in_order, spelled

FEWEST = 20  # tasks on either side; of fewer the interval is all there is to say

SCHEMA = {
    "prelabel": pl.String,
    "shown": pl.Int64,
    "agree_shown": pl.Float64,
    "blind": pl.Int64,
    "agree_blind": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Anchoring:
    """How often people give the pre-label, where they see it and where they do not.

    Attributes
    ----------
    verdict
        "seen" (surely more often where it shows), "reversed" (surely less often), "cannot be told", or "too few".
    sentence
        The same for a person, with the figures.
    shown, blind
        Answered tasks whose pre-label showed, and was withheld.
    agree_shown, agree_blind
        The share of the answers to them that equal the pre-label, in [0, 1], each task counting once; None without any.
    difference
        Of the two; None where one is.
    interval
        Newcombe's, of the difference; None where that is.
    by_class
        The same for each pre-label's class: prelabel, shown, agree_shown, blind, agree_blind, difference, lower, upper.
    left_out
        Answers to a pre-label of another model than the task has now, of which nobody can say whether they equal it.
    """

    verdict: str
    sentence: str
    shown: int
    blind: int
    agree_shown: float | None
    agree_blind: float | None
    difference: float | None
    interval: tuple[float, float] | None
    by_class: pl.DataFrame
    left_out: int


@dataclass(frozen=True)
class _Answered:
    """One task: its pre-label, and the share of its answers that equal it."""

    prelabel: str
    blind: bool
    agrees: float


@dataclass(frozen=True)
class _Difference:
    shown: int
    blind: int
    agree_shown: float | None
    agree_blind: float | None
    difference: float | None
    interval: tuple[float, float] | None


def anchoring(annotations: Iterable[Annotation], tasks: Iterable[Task], *, confidence: float = 0.95) -> Anchoring:
    """Compare answers to tasks that show their pre-label with answers to tasks that withhold it.

    Assumes that the blind tasks were drawn at random, and counts a task as it was sent, whatever the person saw of it.
    A task answered by several people counts once. That people agree more with what they see is not in itself wrong: the
    hint may be what makes them right; only answers of known class can say.

    Parameters
    ----------
    annotations
        Answers and skips; of each person the latest answer to an item counts.
    tasks
        Those that were answered; tasks without a pre-label do not count.
    confidence
        Of the intervals, in (0, 1).

    Raises
    ------
    AnswerError
        A time cannot be read, or some answers name one class and others several.

    Source: Newcombe, Interval estimation for the difference between independent proportions, 1998, method 10.
    """
    answered, left_out = _answered(annotations, tasks)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    whole = _compare(answered, z)
    names = sorted({each.prelabel for each in answered})
    rows = [_row(name, _compare([each for each in answered if each.prelabel == name], z)) for name in names]
    verdict = _verdict(whole)
    return Anchoring(
        verdict,
        _sentence(verdict, whole),
        **vars(whole),
        by_class=pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        left_out=left_out,
    )


def _answered(annotations: Iterable[Annotation], tasks: Iterable[Task]) -> tuple[list[_Answered], int]:
    said: dict[str, list[Annotation]] = {}
    for given in current_answers(annotations).values():
        for answer in given.values():
            said.setdefault(answer.key, []).append(answer)
    answered, left_out = [], 0
    for task in sorted({task.key: task for task in tasks if task.prelabel}.values(), key=lambda task: task.key):
        agrees = [_agrees(answer, task) for answer in said.get(task.key, [])]
        told = [each for each in agrees if each is not None]
        left_out += len(agrees) - len(told)
        if told and task.prelabel:
            answered.append(_Answered(spelled(in_order(task.prelabel.label)), task.blind, sum(told) / len(told)))
    return answered, left_out


def _agrees(answer: Annotation, task: Task) -> bool | None:
    """The answer is the pre-label; None where the person saw that of another model, and did not accept it."""
    if task.prelabel is None or answer.label is None:
        return None
    if answer.model_version in ("", task.prelabel.model_version):
        return answer.label == in_order(task.prelabel.label)
    return {"accepted": True, "changed": False}.get(answer.suggestion)


def _compare(answered: Sequence[_Answered], z: float) -> _Difference:
    shown, blind = ([each.agrees for each in answered if each.blind is hidden] for hidden in (False, True))
    one, other = _share(shown, z), _share(blind, z)
    if one is None or other is None:
        return _Difference(len(shown), len(blind), one and one[0], other and other[0], None, None)
    (p, low, high), (q, least, most) = one, other
    interval = (p - q - float(np.hypot(p - low, most - q)), p - q + float(np.hypot(high - p, q - least)))
    return _Difference(len(shown), len(blind), p, q, p - q, interval)


def _share(agrees: Sequence[float], z: float) -> tuple[float, float, float] | None:
    """The mean, and Wilson's interval for as many answers as vary as much as these tasks do."""
    if not agrees:
        return None
    share, spread = float(np.mean(agrees)), float(np.var(agrees))
    alone = share * (1 - share)  # the variance of tasks of one answer each
    size = len(agrees) * max(1.0, alone / spread) if spread > 0 else len(agrees)
    return wilson(share, size, z)


def _row(name: str, found: _Difference) -> tuple[object, ...]:
    ends = found.interval or (None, None)
    return name, found.shown, found.agree_shown, found.blind, found.agree_blind, found.difference, *ends


def _verdict(found: _Difference) -> str:
    if min(found.shown, found.blind) < FEWEST or found.interval is None:
        return "too few"
    lower, upper = found.interval
    return "seen" if lower > 0 else "reversed" if upper < 0 else "cannot be told"


def _sentence(verdict: str, found: _Difference) -> str:
    if verdict == "too few" or found.interval is None or found.agree_shown is None or found.agree_blind is None:
        return (
            f"Whether pre-labels sway people cannot be told from {found.shown} answered tasks with theirs in view and "
            f"{found.blind} blind ones: it takes {FEWEST} of each."
        )
    lower, upper = (100 * end for end in found.interval)
    figures = (
        f"people gave the pre-label to {100 * found.agree_shown:.0f} % of {found.shown} tasks that showed it and "
        f"{100 * found.agree_blind:.0f} % of {found.blind} that did not, a difference of {lower:+.0f} to {upper:+.0f} "
        "points"
    )
    said = {
        "seen": f"Anchoring is seen: {figures}.",
        "reversed": f"Seeing the pre-label puts people off it: {figures}.",
        "cannot be told": f"Whether pre-labels sway people cannot be told: {figures}.",
    }
    return said[verdict]
