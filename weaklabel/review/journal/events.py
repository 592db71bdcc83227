"""What happened, in order."""

from dataclasses import dataclass

from weaklabel.review.journal.database import Database, now


@dataclass(frozen=True)
class Event:
    """One thing that happened in a review.

    Attributes
    ----------
    kind
        answered, skipped, edited, deleted or restored (an annotation); pushed, task_deleted, task_restored,
        twin_removed or asked_again (a task); malformed (something there that cannot be read).
    key
        The task's.
    detail
        What else there is to say.
    """

    kind: str
    key: str
    detail: str = ""


class Events:
    """The record of them, which only grows."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, event: Event, annotation: int | None = None) -> Event:
        self._db.write(
            "INSERT INTO events (at, kind, task, annotation, detail) VALUES (?, ?, ?, ?, ?)",
            now(),
            event.kind,
            event.key or None,
            annotation,
            event.detail,
        )
        return event

    def known(self, event: Event) -> bool:
        """It was recorded before."""
        query = "SELECT 1 FROM events WHERE kind = ? AND task IS ? AND detail = ? LIMIT 1"
        return bool(self._db.rows(query, event.kind, event.key or None, event.detail))
