"""Tasks with their annotations as Label Studio's API and its exports give them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from weaklabel.artefacts import Annotation, Label, RemoteTask
from weaklabel.errors import AnswerError
from weaklabel.review.formats.names import CONTROL, GONE, KIND, UNKNOWN
from weaklabel.review.formats.sides import LEFT, from_side
from weaklabel.review.formats.suggested import shown_to, suggestion
from weaklabel.review.moments import moment

Json = Mapping[str, Any]


def remote_task(task: Json, names: Mapping[int, str] | None = None) -> RemoteTask:
    """One task with every answer and every skip.

    A skip is none the less a skip where Label Studio stored the pre-filled label with it; an annotation in which
    nothing is chosen counts as a skip, unless several or none may be chosen; drafts are left out. Labels that the
    page no longer offers are kept. The names in a label of several are sorted, so that equal answers are equal.

    Parameters
    ----------
    task
        As JSON. The API gives `predictions` whole and exports give their ids; exports and webhooks give each
        annotation a copy of the `prediction` that was shown.
    names
        User id -> email, where `completed_by` is a number.

    Returns
    -------
    RemoteTask
        What cannot be read stands in its `problems`, each with task and annotation, and hides no other annotation.
        A task that is not one of weaklabel's has the key "" and no annotations.

    Raises
    ------
    AnswerError
        This is not a task at all: it has no id, or its data are no object.
    """
    if not isinstance(task, Mapping) or "id" not in task or not isinstance(task.get("data"), Mapping):
        raise AnswerError(f"this is no task of Label Studio, which has an id and data: {str(task)[:80]}")
    data = task["data"]
    if "wl_key" not in data or "wl_item" not in data:
        return RemoteTask(str(task["id"]), "")
    entries = task.get("annotations", ())
    if not isinstance(entries, list | tuple):
        return RemoteTask(
            str(task["id"]), str(data["wl_key"]), problems=(f"task {task['id']} has no list of annotations",)
        )
    found, problems = [], []
    for entry in entries:
        try:
            found.append(_annotation(entry, task, names or {}))
        except AnswerError as error:
            problems.append(str(error))
    return RemoteTask(str(task["id"]), str(data["wl_key"]), tuple(found), problems=tuple(problems))


def _annotation(entry: Any, task: Json, names: Mapping[int, str]) -> Annotation:
    where = f"task {task['id']}, annotation {entry.get('id') if isinstance(entry, Mapping) else '?'}"
    try:
        return _read(entry, task, names, where)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, AnswerError):
            raise
        raise AnswerError(f"{where} is not as Label Studio gives it ({type(error).__name__}: {error})") from error


def _read(entry: Json, task: Json, names: Mapping[int, str], where: str) -> Annotation:
    data, shown = task["data"], shown_to(entry, task)
    regions = _regions(entry, where)
    label = None if entry.get("was_cancelled") else _label(_chosen(regions), data, where)
    created = str(entry.get("created_at") or "")
    updated = str(entry.get("updated_at") or created)
    moment(updated)
    return Annotation(
        remote_id=str(entry["id"]),
        key=str(data["wl_key"]),
        item_id=str(data["wl_item"]),
        label=label,
        annotator=_annotator(entry.get("completed_by"), names),
        lead_time=_seconds(entry.get("lead_time")),
        updated_at=updated,
        created_at=created,
        suggestion=suggestion(regions, shown, skipped=label is None),
        model_version=str(shown.get("model_version") or "") if shown else "",
    )


def _regions(entry: Json, where: str) -> list[Json]:
    """Our own part of the result; notes and other controls are passed over."""
    result = entry["result"]
    if not isinstance(result, list):
        raise TypeError(f"the result is {type(result).__name__}, not a list")
    ours = [region for region in result if region.get("from_name") == CONTROL]
    if odd := [region for region in ours if region["type"] != "choices"]:
        raise AnswerError(f"{where} holds {odd[0]['type']!r} in {CONTROL!r}, where only choices are offered")
    if not ours and (others := [region for region in result if region.get("type") == "choices"]):
        raise AnswerError(
            f"{where} was answered in {others[0]['from_name']!r}, not in {CONTROL!r}: "
            "set up the project with weaklabel's label_config.xml"
        )
    return ours


def _chosen(regions: Sequence[Json]) -> list[str]:
    chosen = [region["value"]["choices"] for region in regions]
    if not all(isinstance(names, list) for names in chosen):
        raise TypeError("the choices are no list")
    return [str(name) for names in chosen for name in names]


def _label(chosen: Sequence[str], data: Json, where: str) -> Label | None:
    if data.get(KIND) == "choices":
        return tuple(sorted(set(chosen)))
    if len(set(chosen)) > 1:
        raise AnswerError(f"{where} was answered with {len(chosen)} labels at once: {', '.join(chosen)}; one is needed")
    if not chosen:
        return None
    return from_side(chosen[0], data[LEFT]) if LEFT in data else chosen[0]


def _annotator(completed_by: Any, names: Mapping[int, str]) -> str:
    """A number, or in some exports the user's record; by their numbers those who left are told apart."""
    if completed_by is None:
        return UNKNOWN
    if isinstance(completed_by, Mapping):
        email, number = completed_by.get("email"), completed_by.get("id")
    else:
        email, number = names.get(completed_by), completed_by
    return str(number if email in (None, "", GONE) and number is not None else email)


def _seconds(lead_time: Any) -> float | None:
    """None where it is no time: a browser's clock that was set back makes it negative, and the answer counts still."""
    known = isinstance(lead_time, int | float) and math.isfinite(lead_time) and lead_time >= 0
    return float(lead_time) if known else None
