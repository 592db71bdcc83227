"""What the people of the tests do is what the server keeps."""

import pytest

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="single-radio">'
    '<Choice value="spam"/><Choice value="ham"/></Choices></View>'
)


@pytest.fixture
def tasks(studio):
    """Three tasks with a pre-label, in a project that goes with the test."""
    region = {"id": "r0", "from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["spam"]}}
    predictions = [{"model_version": "m1", "score": 0.8, "result": [region]}]
    with studio.client() as admin:
        project = admin.post("/api/projects/", json={"title": "people", "label_config": CONFIG}).json()["id"]
        body = [{"data": {"text": f"t{i}"}, "predictions": predictions} for i in range(3)]
        made = admin.post(f"/api/projects/{project}/import?return_task_ids=true", json=body)
        yield made.raise_for_status().json()["task_ids"]
        admin.delete(f"/api/projects/{project}/").raise_for_status()


def test_two_people_answer_under_their_own_names(annotator, tasks):
    ada, bob = annotator("ada@weaklabel.test"), annotator("bob@weaklabel.test")

    said = [ada.answer(tasks[0], "spam"), bob.answer(tasks[0], "ham")]

    assert said[0]["completed_by"] != said[1]["completed_by"]
    assert said[1]["result"][0]["value"] == {"choices": ["ham"]}


def test_an_accepted_pre_label_says_so(annotator, tasks):
    ada = annotator("ada@weaklabel.test")

    said = ada.answer(tasks[0], "spam", origin="prediction", lead_time=1.5)

    assert said["result"][0]["origin"] == "prediction"
    assert said["result"][0]["id"] == "r0"
    assert said["parent_prediction"] == ada.task(tasks[0])["predictions"][0]["id"]
    assert said["lead_time"] == 1.5


def test_a_skip_keeps_the_label_that_was_pre_filled(annotator, tasks):
    said = annotator("ada@weaklabel.test").skip(tasks[0], "spam")

    assert said["was_cancelled"]
    assert said["result"][0]["value"] == {"choices": ["spam"]}


def test_a_person_changes_an_answer_and_takes_it_back(annotator, tasks):
    ada = annotator("ada@weaklabel.test")
    first = ada.answer(tasks[0], "spam")

    second = ada.edit(first["id"], "ham")
    ada.delete(first["id"])

    assert second["result"][0]["value"] == {"choices": ["ham"]}
    assert ada.task(tasks[0])["annotations"] == []


def test_a_draft_is_no_answer(annotator, tasks):
    ada = annotator("ada@weaklabel.test")

    ada.draft(tasks[0], "ham")

    assert len(ada.task(tasks[0])["drafts"]) == 1
    assert ada.task(tasks[0])["annotations"] == []
