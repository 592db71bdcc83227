"""What people said: every version of every annotation, only ever added to."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from weaklabel.artefacts import Annotation, RemoteTask
from weaklabel.review.formats.names import UNKNOWN
from weaklabel.review.journal.database import Database, now, packed
from weaklabel.review.journal.events import Event, Events
from weaklabel.review.journal.ledger import label_of
from weaklabel.review.moments import moment

Identity = tuple[str, str, str]  # task, remote id, time of making: Label Studio on SQLite gives an id out again

SCHEMA = {
    "item": pl.String,
    "annotator": pl.String,
    "skipped": pl.Boolean,
    "seconds": pl.Float64,
    "suggestion": pl.String,
    "model": pl.String,
}

_SELECT = "SELECT annotations.*, tasks.item FROM {} AS annotations JOIN tasks ON tasks.key = annotations.task"


@dataclass(frozen=True)
class _Version:
    """An annotation as it was at one time, in one copy of its task."""

    number: int
    kind: str
    copy: str
    annotation: Annotation

    @property
    def identity(self) -> Identity:
        return self.annotation.key, self.annotation.remote_id, self.annotation.created_at


class Answers:
    """Each answer is recorded once: a change of it is a new version, and a deletion is a version too."""

    def __init__(self, database: Database, events: Events) -> None:
        self._db, self._events = database, events

    def record(self, tasks: Sequence[RemoteTask]) -> list[Event]:
        """Take down what has changed in these tasks since it was last recorded; returns exactly that.

        Tasks that the ledger does not know are passed over. Where something cannot be read, nothing counts as deleted.
        """
        happened: list[Event] = []
        with self._db.transaction():
            ours = self._ours([task.key for task in tasks])
            known = self._newest(list(ours))
            for task in (task for task in tasks if task.key in ours):
                newest = known[task.key]
                for version in _news(task, newest):
                    happened += self._add(version, newest.get(version.identity))
                    newest[version.identity] = version
                happened += self._malformed(task)
        return happened

    def current(self) -> list[Annotation]:
        """The answers and skips that stand, each as it was last changed, in the order in which they were made."""
        rows = self._db.rows(f"{_SELECT.format('current_annotations')} ORDER BY annotations.id")
        return [_annotation(row) for row in rows]

    def frame(self) -> pl.DataFrame:
        """The same at a glance: item, annotator, skipped, seconds, suggestion, model."""
        rows = self._db.rows(
            "SELECT tasks.item, annotator, said.kind = 'skip', lead_time, suggestion, said.model "
            "FROM current_annotations AS said JOIN tasks ON tasks.key = said.task ORDER BY said.id"
        )
        return pl.DataFrame([tuple(row) for row in rows], schema=SCHEMA, orient="row")

    def copies(self, keys: Iterable[str]) -> set[str]:
        """Remote ids of those copies of these tasks in which something stands."""
        rows = self._db.rows(
            "SELECT DISTINCT remote_task FROM current_annotations WHERE task IN (SELECT value FROM json_each(?))",
            packed(list(keys)),
        )
        return {row["remote_task"].partition(" ")[0] for row in rows}

    def _ours(self, keys: Sequence[str]) -> set[str]:
        rows = self._db.rows("SELECT key FROM tasks WHERE key IN (SELECT value FROM json_each(?))", packed(keys))
        return {row["key"] for row in rows}

    def _newest(self, keys: Sequence[str]) -> dict[str, dict[Identity, _Version]]:
        """Of each task, the newest version of each of its annotations."""
        rows = self._db.rows(
            f"{_SELECT.format('annotations')} WHERE task IN (SELECT value FROM json_each(?)) ORDER BY version",
            packed(keys),
        )
        found: dict[str, dict[Identity, _Version]] = defaultdict(dict)
        for row in rows:
            version = _Version(row["version"], row["kind"], row["remote_task"], _annotation(row))
            found[row["task"]][version.identity] = version
        return found

    def _malformed(self, task: RemoteTask) -> list[Event]:
        found = [Event("malformed", task.key, problem) for problem in task.problems]
        return [self._events.add(event) for event in found if not self._events.known(event)]

    def _add(self, version: _Version, before: _Version | None) -> list[Event]:
        said = version.annotation
        self._db.write("INSERT OR IGNORE INTO annotators VALUES (?, ?)", said.annotator, now())
        number = self._db.insert("annotations", _columns(version) | {"recorded_at": now()})
        if before is not None and _content(version) == _content(before):
            return []  # touched, and says what it said
        return [self._events.add(Event(_what(version, before), said.key, said.annotator), number)]


def _news(task: RemoteTask, known: Mapping[Identity, _Version]) -> Iterator[_Version]:
    """The versions that this task adds to those known of it: changes first, then deletions."""
    copy = f"{task.remote_id} {task.made_at}"  # which task, of several with one key, this is
    for annotation in task.annotations:
        version = _Version(1, "skip" if annotation.skipped else "answer", copy, annotation)
        before = known.get(version.identity)
        if before is None:
            yield version
        elif _is_newer(signed := _signed(version, before), before, task.whole):
            yield replace(signed, number=before.number + 1)
    there = {(task.key, one.remote_id, one.created_at) for one in task.annotations}
    for identity, before in list(known.items()):
        missing = before.copy == copy and before.kind != "deleted" and identity not in there
        if missing and task.whole and not task.problems:
            yield replace(before, number=before.number + 1, kind="deleted")


def _signed(version: _Version, before: _Version) -> _Version:
    """With the name of who made it: a server forgets it when that person leaves, and people without names are one."""
    if _is_named(version.annotation.annotator) or not _is_named(before.annotation.annotator):
        return version
    return replace(version, annotation=replace(version.annotation, annotator=before.annotation.annotator))


def _is_named(annotator: str) -> bool:
    return annotator != UNKNOWN and not annotator.isdecimal()


def _is_newer(version: _Version, before: _Version, whole: bool) -> bool:
    """It was changed later.

    Files may lie beside each other in any order: the same time decides nothing, so there the greater content stays,
    whichever was read first.
    """
    if before.kind == "deleted":
        return whole
    says, said = _content(version), _content(before)
    then, at = moment(before.annotation.updated_at), moment(version.annotation.updated_at)
    return at > then or (at == then and (says > said or (whole and says != said)))


def _content(version: _Version) -> tuple[str, str, bool, str]:
    said = version.annotation
    return version.kind, packed(said.label), _is_named(said.annotator), said.annotator


def _what(version: _Version, before: _Version | None) -> str:
    if version.kind == "deleted":
        return "deleted"
    if before is None:
        return {"answer": "answered", "skip": "skipped"}[version.kind]
    return "restored" if before.kind == "deleted" else "edited"


def _columns(version: _Version) -> dict[str, Any]:
    said = version.annotation
    return {
        "task": said.key,
        "remote_task": version.copy,
        "remote_id": said.remote_id,
        "created_at": said.created_at,
        "version": version.number,
        "kind": version.kind,
        "annotator": said.annotator,
        "label": None if said.label is None else packed(said.label),
        "lead_time": said.lead_time,
        "suggestion": said.suggestion,
        "model": said.model_version,
        "updated_at": said.updated_at,
    }


def _annotation(row: sqlite3.Row) -> Annotation:
    return Annotation(
        row["remote_id"],
        row["task"],
        row["item"],
        label_of(row["label"]),
        row["annotator"],
        row["lead_time"],
        row["updated_at"],
        row["created_at"],
        row["suggestion"],
        row["model"],
    )
