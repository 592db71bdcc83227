"""What people, servers and disks do that nobody asked them to."""

import importlib
import shutil
import time
import uuid
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from weaklabel.artefacts import Annotation, Batch, Prelabel, RemoteTask, Task
from weaklabel.errors import JournalError
from weaklabel.review import push as pushing
from weaklabel.review.ask_again import ask_again
from weaklabel.review.journal import Journal
from weaklabel.review.people.anchoring import anchoring
from weaklabel.review.pull import pull
from weaklabel.review.push import push
from weaklabel.review.tasks import key, make_tasks

CLASSES = ("ham", "spam")
AT = "2026-01-01T00:00:0{}Z"


def task(n, label="spam", version="m1", **changes):
    data = {"text": f"Win a prize, number {n}"}
    prelabel = None if label is None else Prelabel(label, 0.75, version)
    return replace(Task(key(f"c-{n}", data), f"c-{n}", data, CLASSES, prelabel, {"prize": "spam"}, n), **changes)


def remote(journal, n):
    return int(journal.ledger.remote_ids()[task(n).key])


def answer(label="spam", at=1, who="ada@x.org", number="7", key="k1"):
    return Annotation(number, key, "c-1", label, who, 2.5, AT.format(at), AT.format(0), "accepted", "m1")


def arrived(journal, *tasks):
    journal.ledger.plan(tasks)
    journal.ledger.fly([one.key for one in tasks])
    journal.ledger.arrived({one.key: str(100 + n) for n, one in enumerate(tasks)})


def test_an_export_of_many_answers_is_recorded_in_the_time_that_its_size_takes(journal):
    n = 6000
    journal.ledger.plan([Task(f"k{i}", f"c-{i}", {"text": "x"}, CLASSES) for i in range(n)])
    given = [RemoteTask(f"{i}", f"k{i}", (answer(key=f"k{i}", number=str(i)),), whole=False) for i in range(n)]

    start = time.process_time()
    journal.answers.record(given)
    journal.answers.record(given)

    assert time.process_time() - start < 3  # 0.3; 12 when each task looked through the answers of all


def test_who_answered_is_remembered_when_the_server_has_forgotten(journal):
    journal.ledger.plan([Task("k1", "c-1", {"text": "x"}, CLASSES)])
    both = answer(who="ada@x.org"), answer("ham", who="bob@x.org", number="8")
    journal.answers.record([RemoteTask("101", "k1", both)])

    forgotten = answer(who="unknown"), answer("ham", at=2, who="17", number="8")
    events = journal.answers.record([RemoteTask("101", "k1", forgotten)])

    assert events == []
    assert {one.annotator: one.label for one in journal.annotations()} == {"ada@x.org": "spam", "bob@x.org": "ham"}


def test_the_answers_of_people_who_left_stay_theirs(journal, backend, studio, annotator):
    left = [annotator(f"left-{uuid.uuid4().hex[:8]}@weaklabel.test") for _ in range(2)]
    push([task(1), task(2)], journal, backend)
    left[0].answer(remote(journal, 1), "ham")
    pull(journal, backend)
    left[1].answer(remote(journal, 1), "spam")  # seen only after both have left
    left[0].answer(remote(journal, 2), "spam")
    with studio.client() as admin:
        for person in left:
            number = person.said("GET", "/api/current-user/whoami")["id"]
            admin.delete(f"/api/organizations/1/memberships/{number}/").raise_for_status()

    anew = replace(backend)  # another process, which does not know them
    pull(journal, anew, full=True)

    said = [(one.item_id, one.annotator, one.label) for one in journal.annotations()]
    assert said[0] == ("c-1", left[0].email, "ham")
    assert [who.isdecimal() for _, who, _ in said] == [False, True, True]
    assert len({who for _, who, _ in said}) == 3


def test_an_answer_after_the_servers_clock_was_set_back_is_not_lost(journal, backend, ada, monkeypatch):
    monkeypatch.setattr(importlib.import_module("weaklabel.review.pull"), "OVERLAP", timedelta(0))  # two minutes
    push([task(1)], journal, backend)
    pull(journal, backend)
    journal.remember("cursor", "2100-01-01T00:00:00+00:00")  # as the clock was when the last pull asked for the time
    ada.answer(remote(journal, 1), "ham")
    time.sleep(2)

    pull(journal, backend)
    pull(journal, backend)

    assert [one.label for one in journal.annotations()] == ["ham"]


@pytest.mark.parametrize("files", [("unknown", "ada@x.org"), ("ada@x.org", "unknown")])
def test_a_name_counts_more_than_none_in_whatever_order_exports_are_read(journal, files):
    journal.ledger.plan([Task("k1", "c-1", {"text": "x"}, CLASSES)])

    for who in files:
        journal.answers.record([RemoteTask("k1", "k1", (answer(who=who),), whole=False)])

    assert [one.annotator for one in journal.annotations()] == ["ada@x.org"]


def test_a_model_fitted_again_under_its_old_name_renews_the_prelabels_that_changed(journal):
    arrived(journal, task(1), task(2))

    journal.ledger.plan([task(1, "ham"), task(2)])

    assert list(journal.ledger.stale()) == ["100"]


def test_what_stood_beside_an_answer_stays_on_record(journal):
    arrived(journal, task(1))
    said = Annotation("7", task(1).key, "c-1", "spam", "ada", 2.5, AT.format(1), AT.format(1), "accepted", "m1")
    journal.answers.record([RemoteTask("100", task(1).key, (said,))])

    journal.ledger.plan([task(1, "ham")])  # the same model, fitted again

    found = anchoring(journal.annotations(), journal.ledger.tasks("pushed"))
    assert (found.shown, found.agree_shown) == (1, 1.0)


def test_an_item_that_is_just_being_asked_about_again_is_not_asked_a_third_time(journal):
    arrived(journal, task(1))
    skip = Annotation("7", task(1).key, "c-1", None, "ada", 2.5, AT.format(1), AT.format(1))
    journal.answers.record([RemoteTask("100", task(1).key, (skip,))])
    (second,) = ask_again(journal)
    journal.ledger.fly([second.key])  # a push was killed here

    assert ask_again(journal) == []


def test_asking_again_finds_an_attempt_that_was_not_made_yet(journal):
    arrived(journal, task(1))
    data = task(1).data
    third = task(1, key=key("c-1", data, 3))
    arrived(journal, third)
    skips = [
        RemoteTask(number, one.key, (Annotation("7", one.key, "c-1", None, "ada", 2.5, AT.format(1), AT.format(1)),))
        for number, one in (("100", task(1)), ("101", third))
    ]
    journal.answers.record(skips)

    asked = ask_again(journal)

    assert [one.key for one in journal.ledger.tasks("pending")] == [one.key for one in asked]


def test_a_fraction_elsewhere_in_the_column_makes_no_new_question_of_whole_numbers():
    batch = Batch(pl.Series(["a"]), [1.0], "margin")

    (before,) = make_tasks(batch, {"id": ["a", "b"], "price": [1, 2]}, None, classes=CLASSES)
    (after,) = make_tasks(batch, {"id": ["a", "b"], "price": [1.0, 2.5]}, None, classes=CLASSES)

    assert before.key == after.key


def test_large_tasks_travel_in_smaller_batches(monkeypatch):
    monkeypatch.setattr(pushing, "LARGEST", 1000)
    small, large = [task(n) for n in range(300)], task(301, data={"text": "x" * 5000})

    chunks = list(pushing._chunks([large, *small[:5], large, *small[5:]]))

    assert [len(chunk) for chunk in chunks[:3]] == [1, 5, 1]
    assert sum(len(chunk) for chunk in chunks) == 302


def test_a_full_disk_is_said_to_be_one_and_leaves_the_journal_as_it_was(journal):
    journal.database.write("PRAGMA max_page_count = 40")  # SQLite's own limit, which ends a transaction as a disk does

    with pytest.raises(JournalError, match="database or disk is full; nothing was changed"):
        journal.ledger.plan([task(n, data={"text": "x" * 5000}) for n in range(100)])

    assert journal.ledger.states() == {}


def test_what_is_read_together_is_of_one_moment_while_another_process_writes(journal):
    with Journal(journal.folder) as other:
        with journal.database.snapshot():
            before = journal.frame("tasks")
            other.ledger.plan([task(1)])
            during = journal.frame("tasks"), journal.frame("items")

        assert [len(frame) for frame in (before, *during)] == [0, 0, 0]
        assert len(journal.frame("tasks")) == 1


def test_a_journal_restored_from_an_older_copy_takes_over_what_is_there_with_its_answers(tmp_path, backend, ada):
    with Journal(tmp_path / "review") as journal:
        push([task(1)], journal, backend)
    shutil.copytree(tmp_path / "review", tmp_path / "old")
    with Journal(tmp_path / "review") as journal:
        push([task(2), task(3)], journal, backend)
        ada.answer(remote(journal, 2), "ham")

    with Journal(tmp_path / "old") as old:
        pull(old, backend)
        old.remember("cursor", "2100-01-01T00:00:00+00:00")  # it was pulled from long after that answer
        pushed = push([task(2), task(3)], old, backend)
        pull(old, backend)

        assert len(list(backend.survey())) == 3
        assert (pushed.new, pushed.swept.events) == (0, ())
        assert [(one.item_id, one.label) for one in old.annotations()] == [("c-2", "ham")]
