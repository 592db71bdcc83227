"""Where a journal's tasks are asked: remembered, so that a pull needs to be told nothing."""

import os
from collections.abc import Sequence
from typing import Any

from weaklabel import plugins
from weaklabel.artefacts import Task
from weaklabel.errors import JournalError
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal


def remember(journal: Journal, backend: AnnotationBackend, tasks: Sequence[Task]) -> None:
    """Make or find the place for these tasks, and note where it is.

    Raises
    ------
    JournalError
        The journal's tasks are asked elsewhere.
    """
    before = recognise(journal, backend)
    place = {"backend": _name(backend), **_beside(journal, backend.prepare(tasks))}
    if before is not None and _identity(before) != _identity(place):
        raise JournalError(
            f"the tasks of {journal.path} are asked at {_shown(before)}, not at {_shown(place)}: "
            "use a folder of its own for another place"
        )
    journal.remember("place", place)


def find(journal: Journal, **changed: Any) -> AnnotationBackend:
    """The backend to which the journal's tasks were pushed.

    Parameters
    ----------
    changed
        Fields of it that are not as they were, such as the server's address.

    Raises
    ------
    JournalError
        Nothing was pushed yet.
    """
    place = journal.setting("place")
    if place is None:
        raise JournalError(f"nothing was pushed from {journal.folder} yet")
    fields = {name: value for name, value in place.items() if name != "backend"}
    if "folder" in fields:
        fields["folder"] = journal.folder / fields["folder"]
    backend: AnnotationBackend = plugins.build("backend", place["backend"], **fields | changed)
    return backend


def recognise(journal: Journal, backend: Any) -> dict[str, Any] | None:
    """Where the journal's tasks are asked, if anywhere.

    A backend that was made by the title is told which project this was: its title may have been changed there.
    """
    place: dict[str, Any] | None = journal.setting("place")
    before = place or {}
    if before.get("backend") == _name(backend) and before.get("title") == getattr(backend, "title", None):
        for name in ("key", "project"):
            if name in before and not getattr(backend, name):
                setattr(backend, name, before[name])
    return place


def _beside(journal: Journal, place: dict[str, Any]) -> dict[str, Any]:
    """A folder is remembered as seen from the journal's, so that both can be moved together."""
    if "folder" not in place:
        return place
    return place | {"folder": os.path.relpath(place["folder"], journal.folder.resolve())}


def _identity(place: dict[str, Any]) -> tuple[Any, ...]:
    """What may not change; an address may, and where the token lies."""
    return place["backend"], place.get("key") or place.get("project"), place.get("folder")


def _name(backend: AnnotationBackend) -> str:
    return type(backend).__module__.rpartition(".")[2]


def _shown(place: dict[str, Any]) -> str:
    return ", ".join(str(value) for value in place.values() if value)
