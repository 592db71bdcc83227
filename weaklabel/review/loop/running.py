"""The loop, step after step."""

import logging
import time
from collections.abc import Callable
from itertools import count

from weaklabel.errors import JournalError, ServerError
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.loop.options import Loop
from weaklabel.review.loop.rounds import Round
from weaklabel.review.loop.stepping import review_step
from weaklabel.review.simulated import keep_apart

EVERY = 30.0  # seconds between two looks whether the batch is answered
PATIENCE = 20  # failed looks, one after the other, before it gives up

_log = logging.getLogger(__name__)


def review_run(
    loop: Loop | Callable[[], Loop],
    journal: Journal,
    backend: AnnotationBackend,
    *,
    every: float = EVERY,
    tell: Callable[[Round], None] | None = None,
    answer: Callable[[], object] | None = None,
    rounds: int | None = None,
) -> Round:
    """Step until the loop stops.

    Parameters
    ----------
    loop, journal, backend
        As for `review_step`.
    every
        Seconds between two looks while people answer.
    tell
        Called with each round that asked or stopped, and when it begins to wait.
    answer
        Answers the open questions in the place of people, such as `SimulatedPeople.answer_file`: for trying it out.
    rounds
        Return after so many batches at most, and also where people have not answered the last one yet. None: when it
        stops.

    Returns
    -------
    Round
        The last one.

    Raises
    ------
    JournalError
        Another loop is at work, or simulated answers would meet real ones.
    ServerError
        The server refuses, or cannot be reached, twenty times on end, or once with `rounds`.
    """
    keep_apart(journal, simulated=answer is not None)
    asked, before = 0, ""
    while True:
        found = _patient(loop, journal, backend, every, PATIENCE if rounds is None else 0)
        if tell is not None and not found.state == before == "waiting":
            tell(found)
        if found.state == "stopped":
            return found
        if answer is not None:
            _check_answered(found, before)
            answer()
        asked += found.state == "asked"
        if rounds is not None and (asked >= rounds or (found.state == "waiting" and answer is None)):
            return found
        if answer is None:
            time.sleep(every)
        before = found.state


def _patient(
    loop: Loop | Callable[[], Loop], journal: Journal, backend: AnnotationBackend, every: float, patience: int
) -> Round:
    """A step; tried again where the server was not there, which may pass."""
    for failed in count(1):
        try:
            return review_step(loop, journal, backend)
        except ServerError as error:
            if failed > patience:
                raise
            _log.warning("%s; tried again in %g s", error, every)
            time.sleep(every)
    raise AssertionError("count does not end")


def _check_answered(found: Round, before: str) -> None:
    if found.state == before == "waiting":
        raise JournalError(f"{found.open} questions stay open, as the simulated people do not answer them")
