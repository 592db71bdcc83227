"""The loop against a real server: push, answer as several people, pull, the next round."""

from dataclasses import replace

import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError, JournalError, ServerError
from weaklabel.review import place
from weaklabel.review.ask_again import ask_again
from weaklabel.review.backends.label_studio import LabelStudio
from weaklabel.review.journal import Journal
from weaklabel.review.pull import pull
from weaklabel.review.push import push
from weaklabel.review.resuggest import resuggest
from weaklabel.review.tasks import key

CLASSES = ("ham", "spam")


def task(n, label="spam", version="m1", **changes):
    data = {"text": f"Win a prize, number {n}"}
    prelabel = None if label is None else Prelabel(label, 0.75, version)
    return replace(Task(key(f"c-{n}", data), f"c-{n}", data, CLASSES, prelabel, {"prize": "spam"}, n), **changes)


def tasks(n, start=1):
    return [task(i) for i in range(start, start + n)]


def remote(journal, n):
    return int(journal.ledger.remote_ids()[task(n).key])


def kinds(pulled):
    return sorted(event.kind for event in (*pulled.events, *pulled.swept.events))


@pytest.fixture
def bob(annotator):
    return annotator("bob@weaklabel.test")


def test_a_push_makes_the_tasks_and_a_second_one_makes_none(journal, backend):
    first = push(tasks(5), journal, backend)
    second = push(tasks(7), journal, backend)

    assert (first.new, first.known) == (5, 0)
    assert (second.new, second.known) == (2, 5)
    assert sorted(seen.key for seen in backend.survey()) == sorted(one.key for one in tasks(7))


def test_a_backend_made_by_its_title_alone_is_recognised_by_a_pull_and_by_a_push_of_nothing(journal, backend, ada):
    push(tasks(2), journal, backend)
    ada.answer(remote(journal, 1), "spam")
    fresh, other = (LabelStudio(title=backend.title, url=backend.url, token=backend.token) for _ in range(2))

    pulled, pushed = pull(journal, fresh), push([], journal, other)

    assert kinds(pulled) == ["answered"]
    assert (pushed.new, fresh.project, other.project) == (0, backend.project, backend.project)


def test_answers_of_several_people_come_back_once_each(journal, backend, ada, bob):
    push(tasks(4), journal, replace(backend, overlap=2))
    ada.answer(remote(journal, 1), "spam", origin="prediction", lead_time=3.5)
    bob.answer(remote(journal, 1), "ham", origin="prediction-changed")
    ada.answer(remote(journal, 2), "ham", origin="manual")
    bob.skip(remote(journal, 3), "spam")

    first, second = pull(journal, place.find(journal, token=backend.token)), pull(journal, backend_of(journal, backend))

    assert kinds(first) == ["answered", "answered", "answered", "skipped"]
    assert kinds(second) == []
    found = {(one.item_id, one.annotator): (one.label, one.suggestion) for one in journal.annotations()}
    assert found == {
        ("c-1", "ada@weaklabel.test"): ("spam", "accepted"),
        ("c-1", "bob@weaklabel.test"): ("ham", "changed"),
        ("c-2", "ada@weaklabel.test"): ("ham", "ignored"),
        ("c-3", "bob@weaklabel.test"): (None, "ignored"),
    }
    seen = {one.item_id: (one.model_version, one.lead_time) for one in journal.annotations() if "ada" in one.annotator}
    assert seen["c-1"] == ("m1", 3.5)


def backend_of(journal, backend):
    return place.find(journal, token=backend.token)


def test_edits_deletions_skips_and_deleted_tasks_give_exactly_those_events(journal, backend, ada):
    push(tasks(6), journal, backend)
    given = {n: ada.answer(remote(journal, n), "spam") for n in (1, 2, 3, 4)}
    pull(journal, backend)

    ada.edit(given[1]["id"], "ham")
    ada.delete(given[2]["id"])
    ada.skip(remote(journal, 5))
    backend.remove([str(remote(journal, 6))])  # nobody had answered it
    pulled = pull(journal, backend)

    assert kinds(pulled) == ["deleted", "edited", "skipped", "task_deleted"]
    assert {one.item_id: one.label for one in journal.annotations()} == {
        "c-1": "ham", "c-3": "spam", "c-4": "spam", "c-5": None
    }  # fmt: skip
    assert kinds(pull(journal, backend)) == []


def test_a_task_that_somebody_deleted_is_not_pushed_again_unless_asked(journal, backend):
    push(tasks(2), journal, backend)
    backend.remove([str(remote(journal, 1))])
    pull(journal, backend)

    assert push(tasks(2), journal, backend).tombstones == 1
    assert push(tasks(2), journal, backend, again=True).new == 1

    assert len(list(backend.survey())) == 2


def test_what_was_answered_in_a_task_that_was_deleted_stays_answered(journal, backend, ada, studio):
    push(tasks(1), journal, backend)
    ada.answer(remote(journal, 1), "spam")
    pull(journal, backend)

    with studio.client() as admin:
        admin.delete(f"/api/tasks/{remote(journal, 1)}/").raise_for_status()
    pulled = pull(journal, backend)

    assert kinds(pulled) == ["task_deleted"]
    assert [one.label for one in journal.annotations()] == ["spam"]


def test_a_skip_that_holds_the_prefilled_label_is_no_answer_and_can_be_asked_again(journal, backend, ada):
    push(tasks(2), journal, backend)
    ada.skip(remote(journal, 1), "spam")
    pull(journal, backend)
    assert journal.skipped() == ["c-1"]

    again = ask_again(journal)
    assert ask_again(journal) == []  # it waits already
    assert push([], journal, backend).new == 1
    ada.answer(int(journal.ledger.remote_ids()[again[0].key]), "ham")
    pull(journal, backend)

    assert journal.skipped() == []
    assert [(one.item_id, one.label) for one in journal.annotations()] == [("c-1", None), ("c-1", "ham")]


def test_a_lost_journal_is_made_anew_from_the_same_tasks_with_all_answers(tmp_path, backend, ada):
    with Journal(tmp_path / "lost") as lost:
        push(tasks(3), lost, backend)
        ada.answer(remote(lost, 2), "ham")
        pull(lost, backend)

    with Journal(tmp_path / "new") as new:
        done = push(tasks(4), new, LabelStudio(backend.title, url=backend.url, token=backend.token))
        pull(new, backend)

        assert (done.new, done.known) == (1, 3)
        assert [(one.item_id, one.label) for one in new.annotations()] == [("c-2", "ham")]


def test_the_next_round_shows_the_new_models_suggestions_on_open_tasks_too(journal, backend, ada, studio):
    push(tasks(3), journal, backend)
    ada.answer(remote(journal, 1), "spam")
    pull(journal, backend)

    done = push([task(2, "ham", "m2"), task(3, "ham", "m2"), task(4, "ham", "m2")], journal, backend)

    assert (done.new, done.refreshed) == (1, 2)
    with studio.client() as admin:
        project = admin.get(f"/api/projects/{backend.project}/").json()
        shown = {n: admin.get(f"/api/tasks/{remote(journal, n)}/").json()["predictions"] for n in (2, 3, 4)}
    assert project["model_version"] == "m2"
    assert [[p["model_version"] for p in each] for each in shown.values()] == [["m1", "m2"], ["m1", "m2"], ["m2"]]
    assert push([task(2, "ham", "m2")], journal, backend).refreshed == 0


def test_blind_tasks_show_nothing_and_the_journal_knows_what_was_withheld(journal, backend, ada, studio):
    push([task(1, blind=True), task(2)], journal, backend)

    with studio.client() as admin:
        shown = {n: admin.get(f"/api/tasks/{remote(journal, n)}/").json() for n in (1, 2)}
    ada.answer(remote(journal, 1), "spam")
    pull(journal, backend)

    assert [len(one["predictions"]) for one in shown.values()] == [0, 1]
    assert "prize" not in shown[1]["data"]["wl_votes"]
    assert "prize" in shown[2]["data"]["wl_votes"]
    assert journal.annotations()[0].suggestion == "none"
    assert journal.ledger.about(["c-1"])["c-1"][0].prelabel.label == "spam"


def test_another_question_is_refused_and_nothing_is_changed(journal, backend, studio):
    push(tasks(1), journal, backend)
    with studio.client() as admin:
        before = admin.get(f"/api/projects/{backend.project}/").json()["label_config"]

    with pytest.raises(AnswerError, match="may be .other.; the tasks before it offer ham, spam"):
        push([replace(task(2), classes=("ham", "spam", "other"))], journal, LabelStudio(**_place(backend)))

    with studio.client() as admin:
        assert admin.get(f"/api/projects/{backend.project}/").json()["label_config"] == before
    assert journal.ledger.states().keys() == {task(1).key}


def _place(backend):
    return {"title": backend.title, "url": backend.url, "token": backend.token}


def test_one_journal_is_asked_in_one_place(journal, backend, tmp_path):
    push(tasks(1), journal, backend)
    other = LabelStudio("weaklabel other place", url=backend.url, token=backend.token)

    with pytest.raises(JournalError, match="use a folder of its own"):
        push(tasks(1), journal, other)

    other.delete_project()


def test_a_project_made_by_hand_with_tasks_of_its_own_is_left_alone(journal, backend, studio):
    push(tasks(1), journal, backend)
    with studio.client() as admin:
        by_hand = [{"data": {"text": "by hand", "wl_votes": ""}}]
        admin.post(f"/api/projects/{backend.project}/import", json=by_hand).raise_for_status()

    pulled = pull(journal, backend)

    assert pulled.swept.foreign == 1
    assert kinds(pulled) == []


def test_what_the_open_tasks_wait_with_is_suggested_anew_from_a_posterior(journal, backend, ada):
    import numpy as np
    import polars as pl

    from weaklabel.artefacts import Posterior

    push(tasks(3), journal, backend)
    ada.answer(remote(journal, 3), "spam")
    pull(journal, backend)
    probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    posterior = Posterior(probs, pl.Series(["c-1", "c-2", "c-3"]), CLASSES, np.ones(3, bool))

    anew = resuggest(journal, posterior, model_version="m2")

    assert {one.item_id: one.prelabel.label for one in anew} == {"c-1": "ham", "c-2": "spam"}
    assert push(anew, journal, backend).refreshed == 2


def test_a_column_that_is_empty_in_a_later_batch_does_not_make_it_another_question(journal, backend):
    def noted(n, note):
        data = {"text": f"Win {n}", "note": note}
        return Task(key(f"c-{n}", data), f"c-{n}", data, CLASSES)

    push([noted(1, "seen twice")], journal, backend)

    assert push([noted(2, None)], journal, LabelStudio(**_place(backend))).new == 1


def test_a_project_that_was_renamed_there_is_found_again(journal, backend, studio):
    push(tasks(1), journal, backend)
    with studio.client() as admin:
        admin.patch(f"/api/projects/{backend.project}/", json={"title": "Renamed"}).raise_for_status()

    push(tasks(2), journal, LabelStudio(**_place(backend)))

    assert len(list(backend.survey())) == 2
    backend.delete_project()


def test_the_project_of_the_same_number_on_another_server_is_not_taken_for_this_one(journal, backend, own_studio):
    push(tasks(2), journal, backend)
    with own_studio.client() as elsewhere:
        project = None
        while project is None or project["id"] < backend.project:
            project = elsewhere.post("/api/projects/", json={"title": "elsewhere"}).json()
    there = place.find(journal, url=own_studio.url, token=own_studio.token)

    with pytest.raises(ServerError, match="is this the right server"):
        pull(journal, there)

    assert set(journal.ledger.states().values()) == {"pushed"}


def test_an_answer_taken_back_in_a_task_that_is_deleted_at_once_stays(journal, backend, ada):
    push(tasks(1), journal, backend)
    given = ada.answer(remote(journal, 1), "spam")
    pull(journal, backend)

    ada.delete(given["id"])
    backend.remove([str(remote(journal, 1))])

    assert kinds(pull(journal, backend)) == ["task_deleted"]  # nothing there tells of the answer any more
    assert [one.label for one in journal.annotations()] == ["spam"]
