"""The tasks of a review, and how far each has come: pending, in flight, pushed, or a tombstone."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weaklabel.artefacts import Batch, Prelabel, Task
from weaklabel.review.journal.database import Database, now, packed
from weaklabel.review.journal.events import Event, Events

STATES = ("pending", "in_flight", "pushed", "tombstone")


class Ledger:
    """Which tasks there are, and what is known of where they are.

    A task is `pending` until it is to be sent, `in_flight` from just before it is sent until the answer is recorded,
    then `pushed`; a `tombstone` was pushed and has been deleted there.
    """

    def __init__(self, database: Database, events: Events) -> None:
        self._db, self._events = database, events

    def plan(self, tasks: Sequence[Task], batch: Batch | None = None, *, again: bool = False) -> int:
        """Take up tasks; returns how many were not known. Those known keep their state.

        They take the new pre-label, unless somebody has answered: then what stood beside the answer stays on record.

        Parameters
        ----------
        tasks
            To be pushed.
        batch
            How they were chosen.
        again
            Ask those once more that somebody deleted where they were asked.
        """
        with self._db.transaction():
            known = self.states()
            new = list({task.key: task for task in tasks if task.key not in known}.values())
            number = self._add_batch(batch) if batch is not None and new else None
            self._add_models(tasks, batch)
            self._add(new, number)
            self._refresh([task for task in tasks if task.key in known])
            if again:
                self.move([task.key for task in tasks if known.get(task.key) == "tombstone"], "pending")
        return len(new)

    def states(self) -> dict[str, str]:
        """Key -> state of every task."""
        return {row["key"]: row["state"] for row in self._db.rows("SELECT key, state FROM tasks")}

    def tasks(self, state: str) -> list[Task]:
        """The tasks in a state, in the order in which they were taken up, the best of a batch first."""
        rows = self._db.rows(f"SELECT * FROM tasks WHERE state = ? ORDER BY {_ORDER}", state)
        return [_task(row) for row in rows]

    def about(self, item_ids: Sequence[str]) -> dict[str, list[Task]]:
        """Item id -> its tasks, in the order in which they were taken up."""
        rows = self._db.rows(
            "SELECT * FROM tasks WHERE item IN (SELECT value FROM json_each(?)) ORDER BY rowid", packed(item_ids)
        )
        found: dict[str, list[Task]] = {}
        for row in rows:
            found.setdefault(row["item"], []).append(_task(row))
        return found

    def open(self) -> dict[str, Task]:
        """Remote id -> task of those pushed that nobody has answered or skipped."""
        rows = self._db.rows(
            "SELECT * FROM tasks WHERE state = 'pushed' "
            f"AND key NOT IN (SELECT task FROM current_annotations) ORDER BY {_ORDER}"
        )
        return {row["remote_id"]: _task(row) for row in rows}

    def stale(self) -> dict[str, Task]:
        """Those open tasks that may show a pre-label, and whose newest has not been sent."""
        query = "SELECT key FROM tasks WHERE NOT blind AND model IS NOT NULL AND sent_model IS NOT model"
        stale = {row["key"] for row in self._db.rows(query)}
        return {remote_id: task for remote_id, task in self.open().items() if task.key in stale}

    def move(self, keys: Iterable[str], state: str) -> None:
        """Put tasks into a state."""
        with self._db.transaction():
            self._db.write_many(
                "UPDATE tasks SET state = ?, moved_at = ? WHERE key = ?", [(state, now(), key) for key in keys]
            )

    def fly(self, keys: Sequence[str]) -> None:
        """These tasks, with the pre-labels they have now, are about to be sent."""
        with self._db.transaction():
            self.move(keys, "in_flight")
            self.suggested(keys)

    def arrived(self, remote_ids: Mapping[str, str]) -> None:
        """Tasks are there: key -> remote id."""
        with self._db.transaction():
            self._db.write_many(
                "UPDATE tasks SET state = 'pushed', remote_id = ?, moved_at = ? WHERE key = ?",
                [(remote_id, now(), key) for key, remote_id in remote_ids.items()],
            )
            self._events.add(Event("pushed", "", f"{len(remote_ids)} tasks"))

    def suggested(self, keys: Iterable[str]) -> None:
        """The newest pre-labels of these tasks are shown there now."""
        with self._db.transaction():
            self._db.write_many("UPDATE tasks SET sent_model = model WHERE key = ?", [(key,) for key in keys])

    def unsuggested(self, keys: Iterable[str]) -> None:
        """It is not known whether the pre-labels of these tasks are shown there."""
        with self._db.transaction():
            self._db.write_many("UPDATE tasks SET sent_model = NULL WHERE key = ?", [(key,) for key in keys])

    def remote_ids(self) -> dict[str, str]:
        """Key -> remote id of the tasks that are, or once were, there."""
        rows = self._db.rows("SELECT key, remote_id FROM tasks WHERE remote_id IS NOT NULL")
        return {row["key"]: row["remote_id"] for row in rows}

    def _add_batch(self, batch: Batch) -> int:
        provenance = packed(dict(batch.provenance))
        row = {"strategy": batch.strategy, "size": len(batch), "provenance": provenance, "added_at": now()}
        return self._db.insert("batches", row)

    def _add_models(self, tasks: Sequence[Task], batch: Batch | None) -> None:
        provenance = packed({} if batch is None else batch.provenance.get("labels", {}))
        versions = sorted({task.prelabel.model_version for task in tasks if task.prelabel is not None})
        self._db.write_many(
            "INSERT OR IGNORE INTO models VALUES (?, ?, ?)", [(version, provenance, now()) for version in versions]
        )

    def _add(self, tasks: Sequence[Task], batch: int | None) -> None:
        self._db.write_many("INSERT OR IGNORE INTO items VALUES (?, ?)", [(task.item_id, now()) for task in tasks])
        for task in tasks:
            added = {"batch": batch, "state": "pending", "added_at": now(), "moved_at": now()}
            self._db.insert("tasks", {**_asked(task), **_suggested(task), **added})

    def _refresh(self, tasks: Sequence[Task]) -> None:
        answered = {row["task"] for row in self._db.rows("SELECT DISTINCT task FROM current_annotations")}
        for task in (task for task in tasks if task.key not in answered):
            columns = _suggested(task)
            changes = ", ".join(f"{name} = ?" for name in columns)
            # A model that was fitted again may keep its name.
            self._db.write(
                f"UPDATE tasks SET {changes}, "
                "sent_model = CASE WHEN label IS ? AND probability IS ? THEN sent_model END WHERE key = ?",
                *(*columns.values(), columns["label"], columns["probability"], task.key),
            )


_ORDER = "batch IS NULL, batch, rank, key"


def _asked(task: Task) -> dict[str, Any]:
    """The columns that stay as they are; fields keep their order, in which people see them."""
    return {
        "key": task.key,
        "item": task.item_id,
        "kind": task.kind,
        "data": json.dumps(dict(task.data), ensure_ascii=False),
        "classes": packed(task.classes),
        "rank": task.rank,
        "blind": task.blind,
    }


def _suggested(task: Task) -> dict[str, Any]:
    """The columns that each round renews."""
    known = task.prelabel
    return {
        "label": None if known is None else packed(known.label),
        "probability": None if known is None else known.probability,
        "model": None if known is None else known.model_version,
        "votes": json.dumps(dict(task.votes), ensure_ascii=False),
        "probs": json.dumps(dict(task.probs)),
    }


def label_of(text: str | None) -> str | tuple[str, ...] | None:
    """A label back from its JSON."""
    value = None if text is None else json.loads(text)
    return tuple(value) if isinstance(value, list) else value


def _task(row: sqlite3.Row) -> Task:
    label = label_of(row["label"])
    return Task(
        row["key"],
        row["item"],
        json.loads(row["data"]),
        tuple(json.loads(row["classes"])),
        None if label is None else Prelabel(label, row["probability"], row["model"]),
        json.loads(row["votes"]),
        row["rank"],
        row["kind"],
        bool(row["blind"]),
        json.loads(row["probs"]),
    )
