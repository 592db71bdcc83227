"""Answers to Label Studio's question which pre-labels some tasks should have."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import Page
from weaklabel.review.serving.current import Suggester

log = logging.getLogger(__name__)


def predictions(asked: Mapping[str, Any], model: Suggester) -> list[list[dict[str, Any]]]:
    """For each task, in order, a list of the one prediction of the model.

    The list is empty for a task that is not ours or is asked blind, and where the model knows nothing of it or gives it
    a class that the question does not offer: a prediction without content would count as a suggestion that was seen.

    Raises
    ------
    AnswerError
        What was asked is not as Label Studio asks it.
    """
    tasks, config = asked.get("tasks"), asked.get("label_config")
    if not isinstance(tasks, list) or not all(isinstance(_data(task), dict) for task in tasks):
        raise AnswerError("a request for predictions needs tasks, a list of objects with data")
    if not isinstance(config, str):
        raise AnswerError("a request for predictions needs the project's label_config, as text")
    open_ = [i for i, task in enumerate(tasks) if _ours(task["data"])]
    answers: list[list[dict[str, Any]]] = [[] for _ in tasks]
    shown = [tasks[i]["data"] for i in open_]
    for i, prelabel in zip(open_, model.suggest(shown) if shown else (), strict=True):
        answers[i] = _encoded(tasks[i]["data"], config, prelabel)
    return answers


def _data(task: Any) -> Any:
    return task.get("data") if isinstance(task, dict) else None


def _ours(data: Mapping[str, Any]) -> bool:
    return all(isinstance(data.get(name), str) for name in ("wl_key", "wl_item")) and not data.get("wl_blind")


def _encoded(data: Mapping[str, Any], config: str, prelabel: Prelabel | None) -> list[dict[str, Any]]:
    page = Page.stored(data, config)
    if prelabel is None:
        return []
    if lost := _unknown(prelabel, page.classes):
        log.warning("item %r is %r to the model, which the question does not offer", data["wl_item"], lost)
        return []
    return page.prediction(Task(data["wl_key"], data["wl_item"], data, page.classes, prelabel))


def _unknown(prelabel: Prelabel, classes: Sequence[str]) -> str:
    names = (prelabel.label,) if isinstance(prelabel.label, str) else prelabel.label
    return next((name for name in names if name not in classes), "")
