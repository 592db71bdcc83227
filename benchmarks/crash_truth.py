"""What the crash campaign compares: the server's own word, the people's notebooks, and the journal."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from crash_people import Janitor, Person

from weaklabel.artefacts import Task
from weaklabel.review.journal import Journal

Answer = tuple[str, str, str | None, str]  # task key, annotation id, label or None for a skip, email


def tasks_there(client: httpx.Client, project: int) -> list[dict[str, Any]]:
    """Every task of the project with its answers and predictions, as the server tells it."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        query = {"project": project, "page": page, "page_size": 500, "fields": "all"}
        answer = client.get("/api/tasks", params=query).raise_for_status().json()
        found += answer["tasks"]
        if len(found) >= answer["total"]:
            return found
        page += 1


def differences(
    tasks: Sequence[Task],
    remote: Sequence[dict[str, Any]],
    journal: Journal,
    people: Sequence[Person],
    janitor: Janitor,
    answered_twins: Sequence[str],
) -> list[str]:
    """Everything in which the journal, the server and the people disagree; nothing is what is wanted."""
    answers = _answers(remote, {person.email for person in people}, people)
    return [
        *_tasks(tasks, remote, journal, janitor, answered_twins),
        *_predictions(tasks, remote),
        *_same_answers(answers, journal, _untold(people, journal)),
        *_promises(answers, people),
        *_events(journal, people),
    ]


def _tasks(
    tasks: Sequence[Task],
    remote: Sequence[dict[str, Any]],
    journal: Journal,
    janitor: Janitor,
    answered_twins: Sequence[str],
) -> Iterator[str]:
    copies: dict[str, list[dict[str, Any]]] = {}
    for task in remote:
        copies.setdefault(task["data"]["wl_key"], []).append(task)
    states = journal.ledger.states()
    if missing := {task.key for task in tasks} ^ set(states):
        yield f"the journal has other tasks than were pushed: {sorted(missing)[:5]}"
    for key, state in states.items():
        count = len(copies.pop(key, ()))
        if state not in ("pushed", "tombstone"):
            yield f"task {key} is {state}"
        if (state == "pushed") != (count > 0):
            yield f"task {key} is {state} and there {count} times"
        if state == "tombstone" and key not in janitor.deleted:
            yield f"task {key} was lost: nobody deleted it"
        if count > 1 and key not in answered_twins:
            yield f"task {key} is there {count} times"
    if copies:
        yield f"{len(copies)} tasks are there that nobody pushed"


def _predictions(tasks: Sequence[Task], remote: Sequence[dict[str, Any]]) -> Iterator[str]:
    blind = {task.key for task in tasks if task.blind}
    newest = tasks[-1].prelabel.model_version if tasks[-1].prelabel else ""
    for task in remote:
        versions = Counter(prediction["model_version"] for prediction in task["predictions"])
        if any(count > 1 for count in versions.values()):
            yield f"task {task['id']} has predictions twice: {dict(versions)}"
        if task["data"]["wl_key"] in blind and versions:
            yield f"task {task['id']} was to be blind and has predictions: {dict(versions)}"
        if task["data"]["wl_key"] not in blind and not task["annotations"] and newest not in versions:
            yield f"task {task['id']} is open and lacks the newest prediction: {dict(versions)}"


def _answers(remote: Sequence[dict[str, Any]], emails: set[str], people: Sequence[Person]) -> set[Answer]:
    names = {person.number: person.email for person in people}
    return {
        (task["data"]["wl_key"], str(said["id"]), _label(said), names[said["completed_by"]])
        for task in remote
        for said in task["annotations"]
    }


def _label(said: dict[str, Any]) -> str | None:
    return None if said["was_cancelled"] else str(said["result"][0]["value"]["choices"][0])


def _untold(people: Sequence[Person], journal: Journal) -> set[str]:
    """Answers that were taken back and whose tasks were deleted before a pull: nothing there tells of them any more."""
    gone = {key for key, state in journal.ledger.states().items() if state == "tombstone"}
    return {
        str(number)
        for person in people
        for number, said in person.notebook.items()
        if not said.there and said.key in gone
    }


def _same_answers(answers: set[Answer], journal: Journal, untold: set[str]) -> Iterator[str]:
    rows = [(said.key, said.remote_id, said.label, said.annotator) for said in journal.annotations()]
    if len(rows) != len(set(rows)):
        yield f"{len(rows) - len(set(rows))} answers count twice in the journal"
    for answer in sorted(answers - set(rows), key=str):
        yield f"the server has {answer}, the journal does not"
    states = journal.ledger.states()
    for row in sorted(set(rows) - answers, key=str):
        if row[1] not in untold:
            yield f"the journal has {row} in a task that is {states[row[0]]}, the server does not"


def _promises(answers: set[Answer], people: Sequence[Person]) -> Iterator[str]:
    """What was confirmed to a person must be there."""
    there = {int(number): (key, label, email) for key, number, label, email in answers}
    for person in people:
        if person.error:
            yield f"{person.email} stopped: {person.error}"
        for number, said in person.notebook.items():
            kept = there.pop(number, None)
            if said.sure and said.there and kept != (said.key, said.label, person.email):
                yield f"{person.email} said {said.label} on {said.key}, and the server has {kept}"
            if said.sure and not said.there and kept is not None:
                yield f"{person.email} took annotation {number} back, and the server has {kept}"
    unheard = Counter((key, person.email) for person in people for key in person.unknown)
    for key, _, email in there.values():
        if unheard[key, email] <= 0:
            yield f"the server has an answer of {email} on {key} that was never given"
        unheard[key, email] -= 1


def _events(journal: Journal, people: Sequence[Person]) -> Iterator[str]:
    """Each thing that was done is one event, and no more."""
    kinds = Counter(journal.frame("events")["kind"])
    rows = journal.frame("annotations")
    last = rows.sort("version").group_by("task", "remote_id", "created_at").last()
    gone = int((last["kind"] == "deleted").sum())
    if kinds["answered"] + kinds["skipped"] != len(last):
        yield f"{len(last)} annotations were recorded with {kinds['answered']} answers and {kinds['skipped']} skips"
    if kinds["deleted"] != gone or kinds["restored"] or kinds["malformed"]:
        yield f"{gone} annotations are gone, and the events are {dict(kinds)}"
    edits = journal.database.rows(
        "SELECT remote_id, count(*) AS times FROM events JOIN annotations ON annotations.id = events.annotation "
        "WHERE events.kind = 'edited' GROUP BY annotations.task, remote_id, created_at"
    )
    done = {str(number): said.edits for person in people for number, said in person.notebook.items()}
    for row in edits:
        if row["times"] > done.get(row["remote_id"], 0):
            yield f"annotation {row['remote_id']}: {row['times']} edits, {done.get(row['remote_id'], 0)} were made"


def file_differences(database: Path, project: int, journal: Journal) -> list[str]:
    """The same read from the file of the stopped server."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        (health,) = file.execute("PRAGMA integrity_check").fetchone()
        keys = Counter(
            key
            for (key,) in file.execute(
                "SELECT json_extract(data, '$.wl_key') FROM task WHERE project_id = ?", (project,)
            )
        )
        answers = file.execute(
            "SELECT count(*) FROM task_completion JOIN task ON task.id = task_completion.task_id "
            "WHERE task.project_id = ?",
            (project,),
        ).fetchone()[0]
        twice = file.execute(
            "SELECT count(*) FROM (SELECT 1 FROM prediction WHERE project_id = ? "
            "GROUP BY task_id, model_version HAVING count(*) > 1)",
            (project,),
        ).fetchone()[0]
    pushed = {key for key, state in journal.ledger.states().items() if state == "pushed"}
    found = [] if health == "ok" else [f"the server's file is damaged: {health}"]
    found += [f"in the file {twice} tasks have a prediction twice"] if twice else []
    found += [f"in the file are other tasks: {len(set(keys) ^ pushed)}"] if set(keys) != pushed else []
    standing = len([said for said in journal.annotations() if said.key in keys])
    found += [f"in the file are {answers} answers, in the journal {standing}"] if answers != standing else []
    return found
