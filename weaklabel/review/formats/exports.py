"""Files that Label Studio exports."""

import json
from pathlib import Path
from typing import Any

from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.formats.decode import remote_task


def read_export(path: str | Path) -> list[Annotation]:
    """Every answer and every skip in a file that Label Studio exported as "JSON"; see `remote_task`.

    Raises
    ------
    AnswerError
        The file is of another format, cut off, or from a project that was not made from weaklabel's tasks; or an
        annotation cannot be read.
    """
    path = Path(path)
    return [annotation for task in _exported(path) for annotation in _annotations(task, path)]


def _annotations(task: dict[str, Any], path: Path) -> tuple[Annotation, ...]:
    try:
        read = remote_task(task)
    except AnswerError as error:
        raise AnswerError(f"{path}: {error}") from error
    if not read.key:
        raise AnswerError(
            f"{path}, task {read.remote_id} has no wl_key and wl_item in its data: "
            "the project was not made from weaklabel's tasks.json"
        )
    if read.problems:
        raise AnswerError(f"{path}, {read.problems[0]}")
    return read.annotations


def _exported(path: Path) -> list[dict[str, Any]]:
    hint = 'export the project again and choose the format "JSON"'
    try:
        text = path.read_text(encoding="utf-8-sig")
        tasks = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(f"cannot read {path}: {error}") from error
    except json.JSONDecodeError as error:
        seems = "is cut off or damaged" if text.lstrip().startswith(("[", "{")) else "is not JSON (CSV, perhaps)"
        raise AnswerError(f"{path} {seems}; line {error.lineno}: {error.msg}. Please {hint}") from error
    if not isinstance(tasks, list):
        raise AnswerError(f"{path} is not a list of tasks (COCO, perhaps). Please {hint}")
    for task in tasks:
        if not isinstance(task, dict) or "annotations" not in task:
            raise AnswerError(f"{path} {_guess(task)}. Please {hint}")
    return tasks


def _guess(task: Any) -> str:
    if not isinstance(task, dict):
        return f"is a list of {type(task).__name__}, not of tasks"
    if "predictions" in task:
        return "holds tasks to import, which nobody has answered"
    if "annotation_id" in task or "annotator" in task:
        return "seems to be in the format JSON_MIN, which leaves out skips"
    return "holds tasks without annotations"
