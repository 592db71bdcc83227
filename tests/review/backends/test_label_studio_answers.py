"""What people did since the last time."""

import time
from datetime import datetime, timedelta

import pytest

from weaklabel.review.backends._studio_people import People


def read(backend, since="", after=""):
    return [task for page in backend.changed(since, after) for task in page.tasks]


def answers(task):
    return [(entry.annotator, entry.label, entry.suggestion, entry.model_version) for entry in task.annotations]


def now(backend):
    """The server's time, and nothing that happened before is in the same second."""
    time.sleep(1.1)
    return next(backend.changed("2999-01-01T00:00:00+00:00")).clock


def test_answers_and_skips_are_read_with_who_how_long_and_what_was_shown(backend, ask, pushed, annotator):
    accepted, changed, skipped, open_task = pushed(4)
    ada, bob = annotator("ada@weaklabel.test"), annotator("bob@weaklabel.test")
    made = ada.answer(accepted, "spam", origin="prediction", lead_time=3.5)
    bob.answer(changed, "ham", origin="prediction-changed")
    bob.skip(skipped, "spam")

    tasks = {task.remote_id: task for task in read(backend)}

    assert answers(tasks[accepted]) == [("ada@weaklabel.test", "spam", "accepted", "lm-1")]
    assert answers(tasks[changed]) == [("bob@weaklabel.test", "ham", "changed", "lm-1")]
    assert answers(tasks[skipped]) == [("bob@weaklabel.test", None, "ignored", "lm-1")]
    assert tasks[open_task].annotations == ()
    (first,) = tasks[accepted].annotations
    assert (first.remote_id, first.key, first.item_id) == (str(made["id"]), ask(0).key, "item-0")
    assert (first.lead_time, first.created_at) == (3.5, made["created_at"])


def test_an_edit_a_deletion_and_a_new_skip_are_seen_and_nothing_else(backend, pushed, annotator):
    edited, deleted, skipped, left = pushed(4)
    ada = annotator("ada@weaklabel.test")
    first, second = (ada.answer(number, "spam")["id"] for number in (edited, deleted))
    ada.answer(left, "spam")
    since = now(backend)
    ada.edit(first, "ham")
    ada.delete(second)
    ada.skip(skipped)

    tasks = {task.remote_id: task for task in read(backend, since)}

    assert set(tasks) == {edited, deleted, skipped}
    assert [entry.label for entry in tasks[edited].annotations] == ["ham"]
    assert tasks[deleted].annotations == ()
    assert tasks[deleted].whole
    assert [entry.skipped for entry in tasks[skipped].annotations] == [True]


def test_a_draft_is_no_answer(backend, pushed, annotator):
    (number,) = pushed(1)
    annotator("ada@weaklabel.test").draft(number, "ham")

    assert [task.annotations for task in read(backend)] == [()]


def test_where_nothing_changed_the_servers_time_still_comes(backend, pushed):
    pushed(1)
    since = now(backend)

    pages = list(backend.changed(since, "12"))

    assert [(list(page.tasks), page.position) for page in pages] == [([], "12")]
    assert abs(datetime.fromisoformat(pages[0].clock) - datetime.fromisoformat(since)) < timedelta(minutes=1)


def test_a_scan_goes_on_after_its_position(backend, pushed):
    first, *others = pushed(3)

    assert [task.remote_id for task in read(backend, after=first)] == others


def test_two_people_answer_one_task(backend, ask, annotator, look):
    backend.overlap = 2
    backend.prepare([ask(0)])
    (number,) = backend.send([ask(0)])
    for email, label in (("ada@weaklabel.test", "spam"), ("bob@weaklabel.test", "ham")):
        annotator(email).answer(number, label, origin="manual")

    (task,) = read(backend)

    assert [(entry.annotator, entry.label) for entry in task.annotations] == [
        ("ada@weaklabel.test", "spam"),
        ("bob@weaklabel.test", "ham"),
    ]
    assert look(f"/api/tasks/{number}/")["is_labeled"] is True


def test_a_label_that_the_page_does_not_offer_survives(backend, pushed, annotator):
    (number,) = pushed(1)
    annotator("ada@weaklabel.test").answer(number, "eggs")

    (task,) = read(backend)

    assert [entry.label for entry in task.annotations] == ["eggs"]
    assert task.problems == ()


def test_a_malformed_annotation_hides_no_other(backend, pushed, annotator, tell):
    broken, good = pushed(2)
    tell("POST", f"/api/tasks/{broken}/annotations/", {"result": [{"from_name": "label", "type": "choices"}]})
    annotator("ada@weaklabel.test").answer(good, "spam")

    tasks = {task.remote_id: task for task in read(backend)}

    assert len(tasks[broken].problems) == 1
    assert [entry.label for entry in tasks[good].annotations] == ["spam"]


def test_a_task_made_by_hand_has_no_key(backend, pushed, tell):
    pushed(1)
    tell("POST", f"/api/projects/{backend.project}/import", [{"data": {"text": "by hand", "wl_votes": ""}}])

    assert [bool(task.key) for task in read(backend)] == [True, False]


def test_a_task_that_has_the_number_of_a_deleted_one_was_made_at_another_time(backend, ask, pushed):
    _, last = pushed(2)
    before = {task.remote_id: task.made_at for task in read(backend)}
    backend.remove([last])
    (new,) = backend.send([ask(1)])

    after = {task.remote_id: task.made_at for task in read(backend)}

    assert after[new] > before[last]  # its number may be the same: Label Studio counts on from the highest there is


def test_the_prelabel_seen_is_known_for_hundreds_of_answers_and_one_given_meanwhile(
    backend, ask, pushed, tell, annotator
):
    numbers = pushed(505)
    body = {"selectedItems": {"all": True, "excluded": [int(numbers[-1])]}, "model_version": "lm-1"}
    tell("POST", f"/api/dm/actions?id=predictions_to_annotations&project={backend.project}", body)
    pages = backend.changed()
    first = next(pages).tasks
    backend.suggest({numbers[-1]: ask(504, "ham", 0.8, "lm-2")})
    annotator("ada@weaklabel.test").answer(numbers[-1], "ham", origin="prediction")

    (*_, last) = next(pages).tasks

    assert len(first) == 500
    assert {entry.model_version for task in first for entry in task.annotations} == {"lm-1"}
    assert {entry.suggestion for task in first for entry in task.annotations} == {"accepted"}
    assert answers(last) == [("ada@weaklabel.test", "ham", "accepted", "lm-2")]


@pytest.mark.parametrize("number", [987654321])
def test_somebody_who_left_is_called_by_number(backend, number):
    people = People(backend._api)

    assert people.emails([number])[number] == "987654321"
