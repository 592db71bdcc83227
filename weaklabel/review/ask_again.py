"""Ask again: another task for what was skipped."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from weaklabel.artefacts import Task
from weaklabel.errors import JournalError
from weaklabel.review.journal import Journal
from weaklabel.review.journal.events import Event
from weaklabel.review.tasks import key


def ask_again(journal: Journal, item_ids: Iterable[str] | None = None) -> list[Task]:
    """Plan another task about each item that was skipped, for the next push, unless one waits for an answer already.

    Parameters
    ----------
    item_ids
        Which items; by default all that somebody skipped and nobody answered.

    Returns
    -------
    list of Task
        Those newly planned; each asks what the last task about the item asked, under a key of its own.

    Raises
    ------
    JournalError
        An item was never asked about.
    """
    with journal.exclusive():
        wanted = journal.skipped() if item_ids is None else list(dict.fromkeys(item_ids))
        asked = journal.ledger.about(wanted)
        if unknown := [item for item in wanted if item not in asked]:
            raise JournalError(f"item {unknown[0]!r} was never asked about: push a task about it first")
        sending = (task for state in ("pending", "in_flight") for task in journal.ledger.tasks(state))
        waiting = {task.item_id for task in (*journal.ledger.open().values(), *sending)}
        new = [_another(asked[item]) for item in wanted if item not in waiting]
        with journal.database.transaction():
            journal.ledger.plan(new)
            for task in new:
                journal.events.add(Event("asked_again", task.key))
    return new


def _another(asked: list[Task]) -> Task:
    last, known = asked[-1], {task.key for task in asked}
    keys = (key(last.item_id, last.data, attempt) for attempt in count(len(asked) + 1))
    return replace(last, key=next(name for name in keys if name not in known))
