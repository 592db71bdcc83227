"""A task as Label Studio imports it."""

import json
from typing import TYPE_CHECKING, Any

from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats.config import answered
from weaklabel.review.formats.images import address, is_address
from weaklabel.review.formats.names import BLIND, CONTROL, KIND, PAIRED, ROW, VOTES
from weaklabel.review.formats.sides import LEFT, SIDES, left_of, names_of, to_side
from weaklabel.review.formats.votes import panel

if TYPE_CHECKING:
    from weaklabel.review.formats.page import Page


def encode(task: Task, page: "Page") -> dict[str, Any]:
    """Its data, the way back, and the suggestion as a prediction."""
    _check(task, page)
    data: dict[str, Any] = {
        name: _value(task, name, page) for name in (*page.texts, *page.images) if name not in page.pair
    }
    if page.row:
        data[ROW] = {name: _text(task.data[name]) for name in page.row}
    if page.pair:
        data |= _sides(task, page)
    ours = {"wl_key": task.key, "wl_item": task.item_id}
    data |= ours | {"wl_rank": task.rank, VOTES: panel(task)}
    data |= {KIND: task.kind} if task.kind != "choice" else {}
    data |= {BLIND: True} if task.blind else {}
    return {"data": data, "meta": ours, "predictions": predictions(task, page)}


def predictions(task: Task, page: "Page") -> list[dict[str, Any]]:
    """The suggestion as one prediction; none where there is none or the task is blind."""
    if task.prelabel is None or task.blind:
        return []
    left = left_of(task.key)
    chosen = [to_side(name, left) if page.pair else name for name in names_of(task.prelabel.label)]
    region = {
        "id": task.key[:10],
        "from_name": CONTROL,
        "to_name": answered(page),
        "type": "choices",
        "value": {"choices": chosen},
    }
    version, score = task.prelabel.model_version, task.prelabel.probability
    return [{"model_version": version, "score": score, "result": [region] if chosen else []}]


def _check(task: Task, page: "Page") -> None:
    if task.kind != page.kind:
        raise AnswerError(
            f"item {task.item_id!r} is asked by {task.kind!r}, the tasks before it by {page.kind!r}: "
            "use a folder or project of its own for another question"
        )
    if set(task.data) != set(page.fields):
        raise AnswerError(
            f"item {task.item_id!r} shows {', '.join(task.data)}; the tasks before it show "
            f"{', '.join(page.fields)}: use a folder of its own for another question"
        )
    if lost := [name for name in task.classes if name not in page.classes]:
        raise AnswerError(
            f"item {task.item_id!r} may be {lost[0]!r}; the tasks before it offer {', '.join(page.classes)}: "
            "use a folder of its own for other classes"
        )


def _sides(task: Task, page: "Page") -> dict[str, Any]:
    left = left_of(task.key)
    ordered = page.pair if left == "a" else page.pair[::-1]
    return {PAIRED: list(page.pair), LEFT: left} | {
        side: _value(task, name, page) for side, name in zip(SIDES, ordered, strict=True)
    }


def _value(task: Task, name: str, page: "Page") -> str:
    value = address(task.data[name])
    if name in page.images and not is_address(value):
        raise AnswerError(
            f"item {task.item_id!r} has no image in {name!r} but {value!r}: a browser loads http(s)://, data:image/ "
            "and paths on the server that begin with /"
        )
    return _text(value)


def _text(value: Any) -> str:
    """The value as a person reads it: Label Studio refuses a text that is null, and shows no booleans in a table."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
