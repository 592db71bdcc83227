"""How good the end model is, and whether to go on."""

from dataclasses import dataclass

from weaklabel.artefacts import Posterior
from weaklabel.review.audit.gain import Gain, audit_gain
from weaklabel.review.audit.held_out import HeldOut, held_out
from weaklabel.review.audit.score import AuditScore, audit_score
from weaklabel.review.audit.stopping import LEVEL, Verdict, nothing_more, verdict
from weaklabel.review.journal import Journal
from weaklabel.review.loop.evidence import Evidence, gathered
from weaklabel.review.loop.options import REPAIR, Loop
from weaklabel.review.loop.rounds import number_of
from weaklabel.review.second.freed import freed_score

FEWEST = 10  # audit items before anything is said of the score
BACK = 3  # rounds over which a gain is measured


@dataclass(frozen=True)
class Judgement:
    """What the audit says.

    Attributes
    ----------
    score
        Freed of people's errors where it is known how often they err. None: the audit is too small.
    plain
        The same with every answer taken for right.
    verdict
        None for the same reason, unless the budget is spent or nothing is left to ask.
    """

    score: AuditScore | None
    plain: AuditScore | None
    verdict: Verdict | None


def judged(loop: Loop, known: Evidence, journal: Journal) -> Judgement:
    """The score on the audit slice, held out, and the verdict."""
    asked = len(known.tasks)
    open_items = len(loop.learner.item_ids) - len(known.asked)
    if len(known.audit) < FEWEST:
        return Judgement(None, None, _without_score(loop, asked, open_items, len(known.audit)))
    now = _held(loop, known, known)
    plain = audit_score(now, loop.measure, level=LEVEL)
    score = freed_score(plain, known.settled, len(loop.learner.classes))
    gain = _gain(loop, known, now, journal)
    said = verdict(
        score,
        target=loop.target,
        gain=gain,
        least_gain=None if gain is None or loop.worth is None else loop.price / loop.worth * 0.01,
        budget=loop.budget,
        asked=asked,
        open_items=open_items,
        share=loop.share * (1 - REPAIR) if loop.learner.L is not None else loop.share,
    )
    return Judgement(score, plain, said)


def _without_score(loop: Loop, asked: int, open_items: int, audited: int) -> Verdict | None:
    reason = nothing_more(loop.budget, asked, open_items)
    said = f"{reason}: of the audit's items {audited} are answered, too few to score the model"
    return None if reason is None else Verdict(True, reason, None, said)


def _held(loop: Loop, learned_from: Evidence, now: Evidence) -> HeldOut:
    """Today's audit slice beside a model that knows the answers of `learned_from`, but for those held out."""

    def fit(left_out: frozenset[str]) -> Posterior:
        if not left_out:  # the model that is judged, which was fitted before
            return learned_from.learned.beliefs
        return loop.learner.fit(learned_from.answers, learned_from.audit, left_out).beliefs

    return held_out(fit, now.audit, now.by_people, folds=loop.folds, unseen=learned_from.learned.unseen)


def _gain(loop: Loop, known: Evidence, now: HeldOut, journal: Journal) -> Gain | None:
    """What the last rounds brought; None where it does not matter, or there are too few."""
    number = number_of(journal)
    if loop.worth is None or number <= BACK:
        return None
    earlier = gathered(loop, journal, number - BACK)
    more = len(known.answers) - len(earlier.answers)
    if more < 1:
        return None
    return audit_gain(now, _held(loop, earlier, known), more, loop.measure, level=LEVEL)
