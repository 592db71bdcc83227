"""One step of the loop: whatever can be done now."""

import logging
from collections.abc import Callable
from typing import Any

import polars as pl

from weaklabel.protocols import AnnotationBackend
from weaklabel.review.audit.repair import repair
from weaklabel.review.audit.score import AuditScore
from weaklabel.review.journal import Journal
from weaklabel.review.loop.composing import Composed, bar, composed
from weaklabel.review.loop.evidence import Evidence, gathered
from weaklabel.review.loop.judging import Judgement, judged
from weaklabel.review.loop.options import Loop
from weaklabel.review.loop.results import write
from weaklabel.review.loop.rounds import Round, number_of
from weaklabel.review.pull import pull
from weaklabel.review.push import push
from weaklabel.review.tasks import make_tasks

_log = logging.getLogger(__name__)


def review_step(loop: Loop | Callable[[], Loop], journal: Journal, backend: AnnotationBackend) -> Round:
    """Take in what people answered; once a batch is answered, learn, judge, and ask the next or stop.

    All that is remembered stands in the journal: a step that was cut off, at whatever moment, is done by the next one,
    and asks nothing twice. A batch is written down whole before any of it is sent, and counts as spent from then on.

    Parameters
    ----------
    loop
        How the review is led; or what gives that, and is called only once no question is open: to read the pool and
        to fit a label model takes seconds, and to see that people are not ready yet needs neither.
    journal, backend
        What was asked and said, and where.

    Returns
    -------
    Round
        "waiting" for answers, "asked" a new batch, or "stopped". After the last two the folder holds what is believed:
        `beliefs.parquet`, `labels.parquet` and `training.parquet`.

    Raises
    ------
    JournalError
        Another loop, push or pull is at work on the journal.
    ServerError
        The server cannot be reached or refuses; the next step goes on from there.
    AnswerError
        An answer names no class.
    """
    with journal.exclusive("loop"):
        if journal.setting("place") is not None:
            push([], journal, backend)
            pull(journal, backend)
        waiting = len(journal.ledger.open())
        if waiting:
            return Round("waiting", number_of(journal), waiting, {})
        return _next(loop() if callable(loop) else loop, journal, backend)


def _next(loop: Loop, journal: Journal, backend: AnnotationBackend) -> Round:
    number = number_of(journal)
    known = gathered(loop, journal)
    _warn_of_silence(known)
    found = judged(loop, known, journal)
    stop = found.verdict is not None and found.verdict.stop
    ready = None if stop else composed(loop, known)
    record = _record(loop, journal, known, found, ready)
    write(loop, journal, known, record)
    journal.note_round(number, record)
    if ready is None:
        return Round("stopped", number, 0, record, known.learned)
    beliefs = known.learned.beliefs
    made = make_tasks(
        ready.batch,
        loop.learner.table,
        beliefs,
        loop.learner.L,
        attempts=ready.attempts,
        model_version=f"round {number}",
        **loop.tasks,
    )
    push(made, journal, backend, batch=ready.batch)
    return Round("asked", number, len(made), record, known.learned)


def _warn_of_silence(known: Evidence) -> None:
    """Say it where a whole batch was skipped: the next one would be, too."""
    last = known.tasks.filter(pl.col("batch") == pl.col("batch").max())["item"]
    if len(last) and last.is_in(list(known.skipped)).all():
        _log.warning(
            "people skipped all %d questions of the last batch: see whether they understand what is asked, and see "
            "enough of each item",
            len(last),
        )


def _record(loop: Loop, journal: Journal, known: Evidence, found: Judgement, ready: Composed | None) -> dict[str, Any]:
    """The round as JSON, as it stands in the journal and on the page."""
    asked, said = len(known.tasks), found.verdict
    return {
        "answers": len(known.answers),
        "asked": asked,
        "skipped": len(known.skipped),
        "audited": len(known.audit),
        "score": _score(found.score),
        "agreement": None if found.plain is None else found.plain.value,
        "target": loop.target,
        "verdict": None if said is None else vars(said),
        "batch": None if ready is None else ready.counts,
        "strategy": loop.strategy_name,
        "lf_accuracy": None if ready is None else ready.lf_accuracy,
        "how": known.learned.how,
        "audit_error": known.settled.audit_error,
        "people": dict(known.settled.people.select("annotator", "accuracy").iter_rows()),
        "flags": _flags(loop, known),
        "simulated": bool(journal.setting("simulated")),
        "spent": None if loop.budget is None else loop.budget.spent(asked),
    }


def _score(score: AuditScore | None) -> dict[str, Any] | None:
    names = ("measure", "value", "lower", "upper", "level")
    return None if score is None else {name: getattr(score, name) for name in names}


def _flags(loop: Loop, known: Evidence) -> list[dict[str, Any]]:
    if loop.learner.L is None:
        return []
    flags = repair(loop.learner.L, known.by_people, skipped=known.skipped, bar=bar(loop, known), seed=loop.seed)
    names = ("lf", "precision", "lower", "upper", "action")
    return [{name: getattr(flag, name) for name in names} for flag in flags]
