"""The tasks of a project, as the server's Data Manager lists, filters and deletes them."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from weaklabel.errors import ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.moments import moment

Condition = dict[str, Any]
Entry = dict[str, Any]

SAID = {
    "id", "result", "was_cancelled", "completed_by", "lead_time", "created_at", "updated_at", "parent_prediction",
}  # fmt: skip
IN_A_URL = 300  # keys of 32 characters; 500 make a URL that the server refuses
PAGE = 1000
LONG = 900.0  # seconds; the server deletes some 250 predictions a second
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"  # the one way in which the server reads a time in a filter


def condition(field: str, operator: str, value: Any, kind: str) -> Condition:
    """One filter of the Data Manager."""
    return {"filter": f"filter:tasks:{field}", "operator": operator, "value": value, "type": kind}


DRAFTED = condition("draft_exists", "equal", True, "Boolean")  # by anybody; the API shows people only their own drafts
OPENED = condition("locks", "empty", False, "Number")  # the label stream gave it to somebody
UNTOUCHED = (
    condition("total_annotations", "equal", 0, "Number"),
    condition("cancelled_annotations", "equal", 0, "Number"),
    condition("draft_exists", "equal", False, "Boolean"),
    condition("locks", "empty", True, "Number"),
)


def since(time: str) -> Condition:
    """Whatever of a task or its answers changed at that time or later."""
    at = moment(time).astimezone(UTC).strftime(TIME)
    return condition("updated_at", "greater_or_equal", at, "Datetime")


def scan(
    api: StudioApi,
    project: int,
    conditions: Sequence[Condition],
    include: str,
    *,
    after: int = 0,
    size: int = PAGE,
    **options: str,
) -> Iterator[list[Entry]]:
    """Pages of the tasks that meet all conditions, in the order of their ids.

    Each page begins after the last id of the one before: pages by number skip tasks while others are deleted.
    """
    fixed = {"fields": "task_only", "page": 1, "page_size": size, "resolve_uri": "false", "include": include}
    while True:
        answer = api.read(
            "api/tasks",
            project=project,
            query=_query([condition("id", "greater", after, "Number"), *conditions]),
            **(fixed | options),
        )
        tasks: list[Entry] = answer["tasks"]
        yield tasks
        if not tasks or len(tasks) >= answer["total"]:  # fewer than asked for need not be the last
            return
        after = tasks[-1]["id"]


def first(api: StudioApi, project: int) -> Entry | None:
    """The oldest task of weaklabel's, if there is one."""
    for page in scan(api, project, [], "id,data", size=10):
        for task in page:
            if "wl_key" in task["data"]:
                return task
    return None


def with_annotations(
    api: StudioApi, project: int, conditions: Sequence[Condition], after: int
) -> Iterator[list[Entry]]:
    """Pages of tasks with all that people said of each.

    Raises
    ------
    ServerError
        Something that was asked for is missing: taken for nothing, it would count as deleted, or a skip as an answer.
    """
    # Expanded, and each name with its parent's, the server writes them four times as fast as without.
    include = ",".join(["id,data,created_at", *(f"annotations.{name}" for name in sorted(SAID))])
    for page in scan(api, project, conditions, include, after=after, size=500, fields="all", expand="annotations"):
        for task in page:
            if not all(SAID.issubset(annotation) for annotation in task.get("annotations", [{}])):
                raise ServerError(f"{api.url} does not list the annotations of task {task['id']} as 1.23 does")
        yield page


def lookup(
    api: StudioApi, project: int, field: str, values: Sequence[Any], include: str, *conditions: Condition
) -> Iterator[Entry]:
    """The tasks in which the field has one of these values, and that meet the conditions."""
    kind = "Number" if field == "id" else "String"
    fields = "all" if "predictions" in include else "task_only"
    for start in range(0, len(values), IN_A_URL):
        wanted = condition(field, "in_list", list(values[start : start + IN_A_URL]), kind)
        for page in scan(api, project, [wanted, *conditions], include, fields=fields):
            yield from page


def begun(api: StudioApi, project: int) -> set[int]:
    """The tasks that somebody has drafted an answer to, or opened."""
    return {task["id"] for state in (DRAFTED, OPENED) for page in scan(api, project, [state], "id") for task in page}


def delete_untouched(api: StudioApi, project: int, ids: Sequence[int]) -> None:
    """Delete those of these tasks that nobody has answered, skipped, drafted or opened.

    Raises
    ------
    ServerError
        The server would delete others: its filters work differently from those of the version that this was made for.
    """
    free = [task["id"] for task in lookup(api, project, "id", ids, "id", *UNTOUCHED)]
    if strange := set(free) - set(ids):
        raise ServerError(f"{api.url} lists task {min(strange)}, which was not asked for: nothing is deleted there")
    # With the conditions again: a task may have been answered since it was listed.
    act(api, project, "delete_tasks", free, UNTOUCHED)


def act(api: StudioApi, project: int, action: str, ids: Sequence[int], conditions: Sequence[Condition] = ()) -> None:
    """Have the server do something with those of these tasks that meet the conditions."""
    filters = {"filters": {"conjunction": "and", "items": list(conditions)}} if conditions else {}
    for start in range(0, len(ids), PAGE):  # without ids there is no call: to the server, no choice means all tasks
        body = {"selectedItems": {"all": False, "included": list(ids[start : start + PAGE])}, **filters}
        api.write("api/dm/actions", body, timeout=LONG, id=action, project=project)


def mark(api: StudioApi, project: int) -> str:
    """The number of tasks, and the number and time of making of the newest."""
    answer = api.read(
        "api/tasks",
        project=project,
        query=_query([], "-tasks:id"),
        include="id,created_at",
        fields="task_only",
        page=1,
        page_size=1,
        resolve_uri="false",
    )
    newest = [f"{task['id']} made at {task['created_at']}" for task in answer["tasks"]]
    return f"{answer['total']} tasks, newest {' '.join(newest) or 'none'}"


def _query(conditions: Sequence[Condition], ordering: str = "tasks:id") -> str:
    filters = {"conjunction": "and", "items": list(conditions)}
    return json.dumps({"filters": filters, "ordering": [ordering]}, separators=(",", ":"))
