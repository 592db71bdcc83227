"""Pull: what people said since the last time, each thing once."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from weaklabel import progress
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.journal.events import Event
from weaklabel.review.moments import moment
from weaklabel.review.place import recognise
from weaklabel.review.settle import settle
from weaklabel.review.sweep import Swept, sweep, sweep_if_needed

OVERLAP = timedelta(seconds=120)  # a change that was being written while the last pull read is seen by the next

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pulled:
    """What a pull brought.

    Attributes
    ----------
    events
        What happened to annotations: answered, skipped, edited, deleted, restored; and what could not be read.
    swept
        What happened to tasks.
    """

    events: tuple[Event, ...]
    swept: Swept

    def count(self, kind: str) -> int:
        """How many events are of a kind."""
        return sum(event.kind == kind for event in (*self.events, *self.swept.events))


def pull(journal: Journal, backend: AnnotationBackend, *, full: bool = False) -> Pulled:
    """Record every answer, skip, edit and deletion since the last pull; nothing twice, nothing lost.

    Each page of answers and the place where the next begins are recorded together: a pull that was cut off goes on
    there. Afterwards all tasks are looked through for twins and deletions, unless none can have come or gone.

    Parameters
    ----------
    journal
        Remembers what was read.
    backend
        Where people answer.
    full
        Read all answers from the first on, and look through all tasks in any case: finds, too, what the server stored
        without noting that it did, because it was killed at that moment. Not on a server that was restored from an
        older backup: what it lacks would count as deleted.

    Raises
    ------
    JournalError
        Another push or pull is at work on the journal.
    ServerError
        The server cannot be reached or refuses; what was read before is recorded.
    """
    with journal.exclusive():
        recognise(journal, backend)
        settle(journal, backend)
        if full:
            _forget(journal)
        events = tuple(_read(journal, backend))
        swept = sweep(journal, backend) if full else sweep_if_needed(journal, backend)
    malformed = [event for event in events if event.kind == "malformed"]
    for event in malformed:
        logger.warning("%s: not recorded, and left where it is", event.detail)
    return Pulled(events, swept)


def _read(journal: Journal, backend: AnnotationBackend) -> list[Event]:
    scan = journal.setting("scan") or {"since": _since(journal), "after": "", "clock": ""}
    events: list[Event] = []
    for page in progress.track(backend.changed(scan["since"], scan["after"]), "pages of answers", None):
        if scan["since"] and page.clock and moment(page.clock) < moment(scan["since"]):
            logger.warning("the server's clock was set back to %s: all answers are read again", page.clock)
            _forget(journal)
            return events + _read(journal, backend)
        with journal.database.transaction():
            events += journal.answers.record(page.tasks)
            scan = scan | {"after": page.position, "clock": scan["clock"] or page.clock}
            journal.remember("scan", scan)
    with journal.database.transaction():
        if scan["clock"]:
            journal.remember("cursor", scan["clock"])
        journal.remember("scan", None)
    return events


def _forget(journal: Journal) -> None:
    """Begin with the first answer again; those that are recorded are known."""
    with journal.database.transaction():
        journal.remember("scan", None)
        journal.remember("cursor", "")


def _since(journal: Journal) -> str:
    cursor = journal.setting("cursor", "")
    return (moment(cursor) - OVERLAP).isoformat() if cursor else ""
