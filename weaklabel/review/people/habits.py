"""How people work: how much, how long, and what they do with pre-labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from weaklabel.artefacts import Annotation
from weaklabel.review.people.answers import current_answers, newest

FATES = ("accepted", "changed", "ignored")
HASTY = 1.0  # seconds
MOST_HASTY = 20  # pre-labels accepted in less: more of them are no accident
FEWEST_HASTY = 5  # of fewer, "most" says nothing


@dataclass(frozen=True)
class Habits:
    """One person's answers and skips.

    Attributes
    ----------
    answers
        Each person's latest to an item.
    skips
        Items skipped and not answered.
    lead_median, lead_total
        Seconds for an answer, and for all answers and skips; None where no time is known.
    suggested
        Answers that were given with a pre-label in view.
    accepted, changed, ignored
        Shares of those, in [0, 1]; None where there are none.
    hasty
        Pre-labels accepted in under a second.
    timed
        Pre-labels accepted in a known time.
    """

    answers: int
    skips: int
    lead_median: float | None
    lead_total: float | None
    suggested: int
    accepted: float | None
    changed: float | None
    ignored: float | None
    hasty: int
    timed: int

    @property
    def accepts_hastily(self) -> bool:
        """More than 20 pre-labels were accepted in under a second, or most of five or more."""
        return self.hasty > MOST_HASTY or (self.timed >= FEWEST_HASTY and 2 * self.hasty > self.timed)


def habits(annotations: Iterable[Annotation]) -> dict[str, Habits]:
    """Annotator -> habits, of all who answered or skipped anything, in the order of their names."""
    latest = newest(annotations)
    answered: dict[str, list[Annotation]] = {}
    for given in current_answers(latest).values():
        for who, said in given.items():
            answered.setdefault(who, []).append(said)
    skipped: dict[str, dict[str, Annotation]] = {}
    for said in latest:
        if said.skipped:
            skipped.setdefault(said.annotator, {})[said.item_id] = said
    return {who: _habits(answered.get(who, []), skipped.get(who, {})) for who in sorted({*answered, *skipped})}


def _habits(answers: Sequence[Annotation], skipped: dict[str, Annotation]) -> Habits:
    seen = {said.item_id for said in answers}
    skips = [said for item, said in skipped.items() if item not in seen]
    times = [said.lead_time for said in answers if said.lead_time is not None]
    lost = [said.lead_time for said in skips if said.lead_time is not None]
    fates = [said.suggestion for said in answers if said.suggestion in FATES]
    accepted, changed, ignored = (fates.count(fate) / len(fates) if fates else None for fate in FATES)
    taken = [said.lead_time for said in answers if said.suggestion == "accepted" and said.lead_time is not None]
    return Habits(
        len(answers),
        len(skips),
        median(times) if times else None,
        sum(times + lost) if times + lost else None,
        len(fates),
        accepted,
        changed,
        ignored,
        hasty=sum(time < HASTY for time in taken),
        timed=len(taken),
    )
