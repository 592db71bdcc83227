"""Pre-labels as Label Studio holds them: predictions, each with a score and a model version."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError, ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends._studio_tasks import LONG, Entry, act, lookup

Prediction = dict[str, Any]


def check(shown: Iterable[tuple[Task, Sequence[Prediction]]], label_config: str) -> None:
    """Refuse what the server would drop, or store and never show, without a word.

    Raises
    ------
    AnswerError
        Names the item.
    """
    view = ET.fromstring(label_config)
    names = {element.get("name") for element in view.iter()}
    choices = {element.get("alias") or element.get("value") for element in view.iter("Choice")}
    for task, predictions in shown:
        for prediction in predictions:
            if problem := _problem(prediction, names, choices):
                raise AnswerError(f"the pre-label of item {task.item_id!r} cannot be shown: {problem}")


def versions(predictions: Sequence[Prediction]) -> list[str]:
    """The model versions, each once, in the order in which they come."""
    return list(dict.fromkeys(prediction["model_version"] for prediction in predictions))


def store(api: StudioApi, project: int, wanted: Mapping[int, tuple[str, Prediction]]) -> list[int]:
    """Give tasks these predictions, each once however often this is called; the tasks that have theirs.

    A prediction of the same model version that says something else is replaced.

    Parameters
    ----------
    wanted
        Task number -> the key it must have (numbers are used again), and its prediction.
    """
    there = lookup(api, project, "id", list(wanted), "id,data")
    right = [task["id"] for task in there if task["data"].get("wl_key") == wanted[task["id"]][0]]
    held = _held(api, project, {number: wanted[number][1] for number in right})
    outdated = [number for number, current in held.items() if not current]
    act(api, project, "delete_tasks_predictions", outdated)
    new = [wanted[number][1] | {"task": number} for number in right if not held.get(number)]
    if new:
        _add(api, project, new)
    return right


def listed(api: StudioApi, project: int) -> list[Prediction]:
    """All predictions of a project, with their tasks' numbers: 15 of them cost what one does in a list of tasks."""
    found: list[Prediction] = api.read("api/predictions/", task__project=project)
    return found


def show(api: StudioApi, project: int, version: str) -> None:
    """Have the pre-labels of this model version shown; Label Studio shows one version and keeps quiet about others."""
    path = f"api/projects/{project}/"
    if api.read(path)["model_version"] != version:
        api.write(path, {"model_version": version}, method="PATCH")


def _held(api: StudioApi, project: int, wanted: Mapping[int, Prediction]) -> dict[int, bool]:
    """Task number -> whether its prediction says what is wanted, of those that have one of the same version."""
    held: dict[int, list[Prediction]] = {}
    for entry in listed(api, project) if wanted else ():
        if entry["task"] in wanted and entry["model_version"] == wanted[entry["task"]]["model_version"]:
            held.setdefault(entry["task"], []).append(entry)
    return {number: [_said(entry) for entry in found] == [_said(wanted[number])] for number, found in held.items()}


def _said(prediction: Prediction) -> tuple[Any, ...]:
    regions = [(region["from_name"], region["value"]) for region in prediction["result"]]
    return regions, prediction["score"]


def _add(api: StudioApi, project: int, predictions: Sequence[Entry]) -> None:
    # In one call: each call makes the server count all predictions of the project again.
    answer = api.write(f"api/projects/{project}/import/predictions", list(predictions), timeout=LONG)
    if answer["created"] != len(predictions):
        raise ServerError(
            f"{api.url} stored {answer['created']} of {len(predictions)} pre-labels and did not say why: "
            "do its label config and the classes still agree?"
        )


def _problem(prediction: Prediction, names: set[str | None], choices: set[str | None]) -> str:
    score = prediction.get("score")
    if not isinstance(score, int | float) or not math.isfinite(score) or not 0 <= score <= 1:
        return f"its probability is {score!r}, not a number in [0, 1]"
    if not prediction.get("model_version"):
        return "it has no model version"
    for region in prediction["result"]:
        if missing := {region["from_name"], region["to_name"]} - names:
            return f"the page has nothing called {missing.pop()!r}"
        if unknown := set(region["value"].get("choices", ())) - choices:
            return f"{min(unknown)!r} is none of the choices ({', '.join(sorted(map(str, choices)))})"
    return ""
