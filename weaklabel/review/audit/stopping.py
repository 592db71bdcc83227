"""When to stop asking, and how far that is away."""

from dataclasses import dataclass, replace
from math import ceil, isfinite
from typing import Literal

from weaklabel.errors import TableError
from weaklabel.review.audit.budget import Budget
from weaklabel.review.audit.gain import Gain
from weaklabel.review.audit.measures import measure
from weaklabel.review.audit.permutation import SHARE
from weaklabel.review.audit.score import AuditScore

Reason = Literal["target reached", "not worth its price", "budget spent", "nothing left to ask", "go on"]

LEVEL = 0.975  # of the intervals to stop on: see `verdict`
FARTHEST = 10**7  # labels; beyond, the answer is "out of reach"


@dataclass(frozen=True)
class Verdict:
    """Whether to go on asking.

    Attributes
    ----------
    stop
        Whether to stop.
    reason
        Why.
    labels_left
        About how many more answers until the target is shown to be reached, the audit's and the others together; 0
        when it is; None where that cannot be told, as the score is below the target and does not visibly rise, or
        where more answers would be needed than items are left to ask about.
    said
        The same in a sentence with its numbers.
    """

    stop: bool
    reason: Reason
    labels_left: int | None
    said: str


def verdict(
    score: AuditScore,
    *,
    target: float | None = None,
    gain: Gain | None = None,
    least_gain: float | None = None,
    budget: Budget | None = None,
    asked: int = 0,
    open_items: int | None = None,
    share: float = SHARE,
) -> Verdict:
    """Stop where the target is surely reached, where more answers are surely not worth it, or where nothing is left.

    The rules look at intervals, never at estimates: a score that only seems good stops nothing. With few audit items
    they are wide (90 items: 5 to 9 points to each side), so the verdict says how many answers away a certain one is.

    Parameters
    ----------
    score
        Of the end model, by `audit_score(held, level=LEVEL)`. The more often an interval is looked at, the likelier it
        is to be wrong once: one of level 0.95, looked at after each of 30 batches, falsely stops 6 to 10 in 100 loops
        that stay just below their target; one of level 0.975 at most 5 (both simulated).
    target
        The score to reach; its interval's worse end must be there. Of a loss: the loss to get down to.
    gain
        Of the last rounds, by `audit_gain`; needed for `least_gain`.
    least_gain
        The gain per answer that pays: the price of an answer by what the score is worth. One cent an answer, a hundred
        a point of accuracy (0.01): 0.01 / 100 * 0.01 = 0.000001. Stop where even the upper end of the gain is less.
    budget
        What may be spent.
    asked
        Questions sent so far, open and skipped ones too.
    open_items
        Items that nobody was asked about; 0 ends the loop.
    share
        Of answers that go to the audit, in (0, 1].

    Raises
    ------
    TableError
        `share` is out of range, `target` is not finite or comes with a score of a lower level, or `least_gain` comes
        without `gain`.
    """
    if not 0 < share <= 1:
        raise TableError(
            f"a share of {share} of the answers goes to the audit: without any nothing is known; give 0.25"
        )
    if target is not None and not isfinite(target):
        raise TableError(f"the target is {target}: give a score that can be reached")
    if target is not None and score.level < LEVEL:
        raise TableError(
            f"the score's interval is of level {score.level:g}, and looked at after every batch it is wrong too often: "
            f"give audit_score(held, level={LEVEL})"
        )
    if least_gain is not None and gain is None:
        raise TableError(f"least_gain is {least_gain}, and there is no gain to compare it with: give audit_gain(...)")
    left = None if target is None else labels_left(score, target, gain, share)
    too_few = left is not None and open_items is not None and left > open_items
    left = None if too_few else left
    reason: Reason = "go on"
    if left == 0:
        reason = "target reached"
    elif gain is not None and least_gain is not None and gain.upper_per_label < least_gain:
        reason = "not worth its price"
    else:
        reason = nothing_more(budget, asked, open_items) or reason
    ended = reason == "nothing left to ask"
    outlook = "" if ended else _outlook(score, target, left, share, open_items if too_few else None)
    return Verdict(reason != "go on", reason, left, _sentence(score, reason, gain, outlook))


def nothing_more(budget: Budget | None, asked: int, open_items: int | None) -> Reason | None:
    """Why nothing more can be asked, however good the model is; None where something can."""
    if budget is not None and not budget.left(asked):
        return "budget spent"
    return "nothing left to ask" if open_items == 0 else None


def reached(score: AuditScore, target: float) -> bool:
    """Whether the worse end of the interval is at the target or beyond."""
    return score.lower >= target if measure(score.measure).is_share else score.upper <= target


def labels_left(score: AuditScore, target: float, gain: Gain | None = None, share: float = SHARE) -> int | None:
    """About how many answers until the interval lies beyond the target.

    If the score stays as it is, its interval shrinks with the root of the audit: that is all it takes where the
    estimate is beyond the target. Where it is not, the score has to rise first, at the pace of the last `gain`.

    Returns
    -------
    int or None
        0 where the target is reached; None where nothing says that it will be.
    """
    if reached(score, target):
        return 0
    pace = 0.0 if gain is None else max(gain.value / gain.labels, 0.0)
    enough = 1
    while not reached(_later(score, enough, pace, share), target):
        enough *= 2
        if enough > FARTHEST:
            return None
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if reached(_later(score, middle, pace, share), target) else (middle, enough)
    return _rounded(enough)


def audit_labels_for(score: AuditScore, half_width: float) -> int:
    """How many audit items in all it takes to know a score like this to plus or minus that.

    Raises
    ------
    TableError
        `half_width` is not above 0.
    """
    if not half_width > 0:
        raise TableError(f"an interval of half width {half_width} cannot be reached: give one above 0, such as 0.03")
    return ceil(score.audited * (score.width / 2 / half_width) ** 2)


def _later(score: AuditScore, labels: int, pace: float, share: float) -> AuditScore:
    """The score as it may be after so many more answers, in its own interval's shape."""
    shrink = (score.audited / (score.audited + labels * share)) ** 0.5
    better = 1.0 if measure(score.measure).is_share else -1.0
    value = score.value + better * pace * labels
    lower, upper = value - (score.value - score.lower) * shrink, value + (score.upper - score.value) * shrink
    return replace(score, value=value, lower=lower, upper=upper)


def _rounded(labels: int) -> int:
    """Two significant digits: more would pretend."""
    return round(labels, 2 - len(str(labels)))


def _sentence(score: AuditScore, reason: Reason, gain: Gain | None, outlook: str) -> str:
    parts = [
        f"{reason}: {score.measure} {score.value:.3f} ({score.lower:.3f} to {score.upper:.3f}, "
        f"{score.audited} audit items)"
    ]
    if gain is not None:
        parts.append(
            f"the last {gain.labels} answers brought {gain.value:+.3f} ({gain.lower:+.3f} to {gain.upper:+.3f})"
        )
    return "; ".join([*parts, outlook] if outlook else parts)


def _outlook(score: AuditScore, target: float | None, left: int | None, share: float, too_few: int | None) -> str:
    if target is None:
        half = score.width / 2
        more = ceil((audit_labels_for(score, half / 2) - score.audited) / share)
        return f"about {_rounded(more)} labels would halve the interval"
    if left == 0:
        return f"the target {target:g} is reached"
    if too_few is not None:
        return f"the {too_few} items left are too few to show that the target {target:g} is reached"
    if left is None:
        return f"the target {target:g} is out of reach at this pace: the score itself has to get better"
    return f"about {left} labels left to the target {target:g}"
