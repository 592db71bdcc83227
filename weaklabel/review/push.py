"""Push: tasks to where people answer, each once, whatever breaks on the way."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weaklabel import progress
from weaklabel.artefacts import Batch, Task
from weaklabel.errors import InDoubtError, ServerError
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.place import recognise, remember
from weaklabel.review.settle import adopt, settle
from weaklabel.review.sweep import Swept, sweep

SIZE = 250  # tasks a request: short transactions on the server, so that people who answer meanwhile are not held up
LARGEST = 16_000_000  # bytes a request: the server takes 250 MB, and 250 images as text can be more
ATTEMPTS = 3


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes
    ----------
    new
        Tasks that are there now and were not before.
    known
        Tasks given that were there already.
    tombstones
        Tasks given that somebody deleted there, and that were left out for it.
    refreshed
        Open tasks that show a newer pre-label now.
    swept
        What looking through all tasks afterwards found.
    """

    new: int
    known: int
    tombstones: int
    refreshed: int
    swept: Swept


def push(
    tasks: Sequence[Task],
    journal: Journal,
    backend: AnnotationBackend,
    *,
    batch: Batch | None = None,
    again: bool = False,
) -> Pushed:
    """Put tasks where people answer; a task that is there already is not put there a second time.

    The journal marks tasks before they are sent. After a crash, or an error that leaves open whether they arrived, they
    are looked up there, and sent again only if they are missing. An import that the server finishes minutes later can
    still double a task: each push and pull looks for such twins and deletes those that nobody has answered.

    Parameters
    ----------
    tasks
        All of one kind, with the same fields and classes as those pushed before from this journal. Pre-labels of tasks
        that are there and still open are replaced where they have changed.
    journal
        Remembers what is where.
    backend
        Where people answer.
    batch
        How the tasks were chosen, for the record.
    again
        Also tasks that somebody deleted there.

    Returns
    -------
    Pushed

    Raises
    ------
    JournalError
        Another push or pull is at work on the journal.
    ServerError
        The server cannot be reached or refuses; what was not sent stays pending, and the next push sends it.
    AnswerError
        The tasks ask another question than those before them.
    """
    with journal.exclusive():
        if tasks:
            remember(journal, backend, tasks)
        else:
            recognise(journal, backend)
        journal.ledger.plan(tasks, batch, again=again)
        settle(journal, backend)
        adopt(journal, backend)
        sent = _deliver(journal, backend)
        refreshed = _refresh(journal, backend) - sent
        states = journal.ledger.states()
        swept = sweep(journal, backend)
    rest = [states[key] for key in {task.key for task in tasks} - sent]
    return Pushed(len(sent), rest.count("pushed"), rest.count("tombstone"), len(refreshed), swept)


def _deliver(journal: Journal, backend: AnnotationBackend) -> set[str]:
    pending = journal.ledger.tasks("pending")
    chunks = list(_chunks(pending))
    for chunk in progress.track(chunks, "tasks sent, in batches", len(chunks)):
        _send(chunk, journal, backend)
    return {task.key for task in pending}


def _chunks(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """So many tasks in a request as are neither too many nor too large together."""
    chunk: list[Task] = []
    total = 0
    for task in tasks:
        size = len(json.dumps(dict(task.data)))
        if chunk and (len(chunk) == SIZE or total + size > LARGEST):
            yield chunk
            chunk, total = [], 0
        chunk.append(task)
        total += size
    if chunk:
        yield chunk


def _send(tasks: Sequence[Task], journal: Journal, backend: AnnotationBackend) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        keys = [task.key for task in tasks]
        journal.ledger.fly(keys)
        try:
            arrived = dict(zip(keys, backend.send(tasks), strict=True))
        except InDoubtError:
            settle(journal, backend)
            states = journal.ledger.states()
            tasks = [task for task in tasks if states[task.key] == "pending"]
            if not tasks:
                return
            if attempt == ATTEMPTS:
                raise
        except ServerError:
            journal.ledger.move(keys, "pending")  # it certainly did not take them
            raise
        else:
            journal.ledger.arrived(arrived)
            return


def _refresh(journal: Journal, backend: AnnotationBackend) -> set[str]:
    stale = journal.ledger.stale()
    shown = {stale[remote_id].key for remote_id in (backend.suggest(stale) if stale else [])}
    journal.ledger.suggested(shown)
    return shown
