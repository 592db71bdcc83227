"""Every kind of question, asked on a real server and answered there."""

import uuid

import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.review.formats import Page, remote_task, same_question

URL = "https://example.com/a.png"
CASES = {
    "choice": (Task("k1" * 16, "i", {"text": "hi"}, ("ham", "spam")), "spam", "ham"),
    "choices": (Task("k2" * 16, "i", {"text": "hi"}, ("x", "y", "z"), kind="choices"), ("x", "z"), ("y",)),
    "grade": (Task("k3" * 16, "i", {"q": "hi", "d": "ho", "n": 1}, tuple("01234"), kind="grade"), "3", "0"),
    "pairwise": (Task("k4" * 16, "i", {"one": "A", "two": "B"}, ("a", "same", "b"), kind="pairwise"), "a", "b"),
    "image": (Task("k5" * 16, "i", {"photo": URL, "text": "hi"}, ("cat", "dog")), "dog", "cat"),
    "row": (Task("k6" * 16, "i", {"amount": 9.5, "ok": True, "größe": None}, ("fine", "fraud")), "fraud", "fine"),
}


@pytest.fixture
def project(studio):
    """Makes projects, which go with the test."""
    with studio.client() as admin:
        made = []

        def make(config):
            body = {"title": f"formats {uuid.uuid4().hex[:12]}", "label_config": config}
            made.append(admin.post("/api/projects/", json=body).raise_for_status().json()["id"])
            return admin, made[-1]

        yield make
        for number in made:
            admin.delete(f"/api/projects/{number}/")


def suggesting(task, label):
    return Task(
        task.key, task.item_id, task.data, task.classes, Prelabel(label, 0.75, "m"), {"lf": "x"}, kind=task.kind
    )


def imported(admin, number, encoded):
    answer = admin.post(f"/api/projects/{number}/import?return_task_ids=true", json=encoded).raise_for_status().json()
    assert (answer["task_count"], answer["prediction_count"]) == (len(encoded), len(encoded))
    return answer["task_ids"]


@pytest.mark.parametrize("kind", CASES)
def test_what_is_asked_is_stored_and_the_answer_comes_back(project, kind):
    task, right, other = CASES[kind]
    asked = [suggesting(task, label) for label in (right, other)]
    page = Page.of(asked)
    admin, number = project(page.label_config())

    ids = imported(admin, number, [page.encode(one) for one in asked])
    for one in ids:  # both are answered with the first suggestion: accepted there, changed here
        body = {"result": page.prediction(asked[0])[0]["result"], "lead_time": 2.0}
        admin.post(f"/api/tasks/{one}/annotations/", json=body).raise_for_status()
    read = [remote_task(admin.get(f"/api/tasks/{one}/").json()) for one in ids]
    exported = admin.get(f"/api/projects/{number}/export?exportType=JSON").json()

    assert [one.problems for one in read] == [(), ()]
    assert [(a.label, a.suggestion, a.model_version) for one in read for a in one.annotations] == [
        (right, "accepted", "m"),
        (right, "changed", "m"),
    ]
    assert sorted(a.suggestion for one in exported for a in remote_task(one).annotations) == ["accepted", "changed"]
    assert same_question(page.label_config(), admin.get(f"/api/projects/{number}/").json()["label_config"]) == ""
