"""A folder in the place of a server: task files out, export files in."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklabel.artefacts import Changes, RemoteTask, Seen, Task
from weaklabel.errors import AnswerError
from weaklabel.files import replacing
from weaklabel.review.formats import Page, read_export

__all__ = ["LocalFile"]

EXPORTS = ("export*.json", "project-*.json")  # the second is what Label Studio calls a download


@dataclass
class LocalFile:
    """Tasks in a folder, to be imported into Label Studio by hand; answers in the exports that are put beside them.

    Make a project with `label_config.xml` and import `tasks.json`. A later push adds to `tasks.json` and also writes
    the new tasks alone to `tasks-from-N.json`: import that one, because Label Studio adds whatever it imports, also
    what it has already. Export as "JSON" into the folder, under the name Label Studio gives or as `export*.json`.

    Exports may overlap: of each annotation the version that was changed last counts. One that is missing from a later
    export is not taken for deleted.

    Parameters
    ----------
    folder
        Made by the first push. One question (fields and classes) has one folder.
    """

    folder: str | Path

    def prepare(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """See that the tasks ask what those there ask.

        Raises
        ------
        AnswerError
            A task shows other fields or has other classes than those there, or `tasks.json` is damaged.
        """
        page = self._page(tasks)
        for task in tasks:
            page.encode(task)
        return {"folder": str(Path(self.folder).resolve())}

    def ready(self) -> None:
        """Nothing to wait for."""

    def find(self, keys: Iterable[str]) -> dict[str, str]:
        """Which of these tasks are there already.

        Raises
        ------
        AnswerError
            `tasks.json` is damaged.
        """
        return {key: key for key in set(keys) & _keys(self._there())}

    def send(self, tasks: Sequence[Task]) -> list[str]:
        """Add the tasks that are not there yet. Those there stay as they are.

        The label config is written with the first tasks, and never again: it may be edited.

        Raises
        ------
        AnswerError
            A task shows other fields or has other classes than those there, or the files cannot be read or written.
        """
        there, page = self._there(), self._page(tasks)
        known = _keys(there)
        new = {task.key: page.encode(task) for task in tasks if task.key not in known}
        if there and new:
            self._write(f"tasks-from-{len(there) + 1}.json", _json(list(new.values())))
        elif new:
            self._write("label_config.xml", page.label_config())
        if new:
            self._write("tasks.json", _json(there + list(new.values())))
        return [task.key for task in tasks]

    def suggest(self, tasks: Mapping[str, Task]) -> list[str]:
        """None: whoever imported the files sees the pre-labels that were in them."""
        return []

    def changed(self, since: str = "", after: str = "") -> Iterator[Changes]:
        """Every answer and every skip in the folder's exports, one page an export.

        Raises
        ------
        AnswerError
            An export cannot be read, or answers a question that was not asked from this folder.
        """
        known = _keys(self._there())
        for path in self._exports():
            yield Changes(_answered(path, known), path.name, clock="")

    def survey(self) -> Iterator[Seen]:
        """Every task there is."""
        answered = {task.key for page in self.changed() for task in page.tasks}
        for key in [task["data"]["wl_key"] for task in self._there()]:
            yield Seen(key, key, key in answered)

    def mark(self) -> str:
        """Nothing: to read the files again is cheap."""
        return ""

    def remove(self, remote_ids: Sequence[str]) -> list[str]:
        """Nothing: what was imported by hand is deleted by hand."""
        return []

    def _exports(self) -> list[Path]:
        return sorted({path for pattern in EXPORTS for path in Path(self.folder).glob(pattern)})

    def _page(self, tasks: Sequence[Task]) -> Page:
        there = self._there()
        return Page.stored(there[0]["data"], self._config()) if there else Page.of(tasks)

    def _there(self) -> list[dict[str, Any]]:
        path = Path(self.folder, "tasks.json")
        if not path.exists():
            return []
        try:
            there: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            _keys(there)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnswerError(
                f"{path} is not as weaklabel wrote it ({type(error).__name__}: {error}): "
                "restore it, or push to another folder"
            ) from error
        return there

    def _config(self) -> str:
        path = Path(self.folder, "label_config.xml")
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise AnswerError(f"cannot read {path}, the page for the tasks beside it: {error}") from error

    def _write(self, name: str, text: str) -> None:
        path = Path(self.folder, name)
        try:
            with replacing(path) as file:
                file.write(text.encode())
        except OSError as error:
            raise AnswerError(f"cannot write {path}: {error.strerror or error}") from error


def _keys(encoded: Iterable[dict[str, Any]]) -> set[str]:
    return {task["data"]["wl_key"] for task in encoded}


def _answered(path: Path, known: set[str]) -> list[RemoteTask]:
    """The tasks of an export with its answers; what an export lacks was not deleted."""
    answers: dict[str, list[Any]] = {}
    for annotation in read_export(path):
        if annotation.key not in known:
            raise AnswerError(
                f"{path} answers a question about item {annotation.item_id!r} that tasks.json does not ask "
                f"(wl_key {annotation.key}): is it the export of another project?"
            )
        answers.setdefault(annotation.key, []).append(annotation)
    return [RemoteTask(key, key, tuple(given), whole=False) for key, given in answers.items()]


def _json(encoded: list[dict[str, Any]]) -> str:
    return json.dumps(encoded, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
