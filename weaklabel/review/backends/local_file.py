"""A folder of files that Label Studio imports and exports; needs no server."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklabel.artefacts import Annotation, Task
from weaklabel.errors import AnswerError
from weaklabel.files import replacing
from weaklabel.review.fold import newest
from weaklabel.review.formats import Page, read_export

__all__ = ["LocalFile"]

EXPORTS = ("export*.json", "project-*.json")  # the second is what Label Studio calls a download


@dataclass
class LocalFile:
    """Tasks in a folder, to be imported into Label Studio by hand; answers in the exports that are put beside them.

    Make a project with `label_config.xml` and import `tasks.json`. A later push adds to `tasks.json` and also writes
    the new tasks alone to `tasks-from-N.json`: import that one, because Label Studio adds whatever it imports, also
    what it has already. Export as "JSON" into the folder, under the name Label Studio gives or as `export*.json`.

    Parameters
    ----------
    folder
        Made by the first push. One question (fields and classes) has one folder.
    """

    folder: str | Path

    def find(self, keys: Iterable[str]) -> set[str]:
        """Which of these tasks are there already.

        Raises
        ------
        AnswerError
            `tasks.json` is damaged.
        """
        return set(keys) & _keys(self._there())

    def push(self, tasks: Sequence[Task]) -> int:
        """Add the tasks that are not there yet; returns how many were new. Those there stay as they are.

        The label config is written with the first tasks, and never again: it may be edited.

        Raises
        ------
        AnswerError
            A task shows other fields or has other classes than those there, or the files cannot be read or written.
        """
        there = self._there()
        known = _keys(there)
        new = list({task.key: task for task in tasks if task.key not in known}.values())
        if not new:
            return 0
        page = Page.stored(there[0]["data"], self._config()) if there else Page.of(new)
        encoded = [page.encode(task) for task in new]
        if there:
            self._write(f"tasks-from-{len(there) + 1}.json", _json(encoded))
        else:
            self._write("label_config.xml", page.label_config())
        self._write("tasks.json", _json(there + encoded))
        return len(new)

    def pull(self) -> list[Annotation]:
        """Every answer and every skip in the folder's exports, each once, as it was last changed.

        Raises
        ------
        AnswerError
            An export cannot be read, or answers a question that was not asked from this folder.
        """
        known = _keys(self._there())
        paths = sorted({path for pattern in EXPORTS for path in Path(self.folder).glob(pattern)})
        return newest(annotation for path in paths for annotation in _answers(path, known))

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


def _answers(path: Path, known: set[str]) -> list[Annotation]:
    annotations = read_export(path)
    for annotation in annotations:
        if annotation.key not in known:
            raise AnswerError(
                f"{path} answers a question about item {annotation.item_id!r} that tasks.json does not ask "
                f"(wl_key {annotation.key}): is it the export of another project?"
            )
    return annotations


def _json(encoded: list[dict[str, Any]]) -> str:
    return json.dumps(encoded, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
