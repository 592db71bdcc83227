from dataclasses import replace

import polars as pl
import pytest

from weaklabel.artefacts import Annotation, Batch, Prelabel, RemoteTask, Task
from weaklabel.review.journal import Journal


def task(n, label="spam", version="m1", **changes):
    prelabel = None if label is None else Prelabel(label, 0.75, version)
    given = Task(f"k{n}", f"c-{n}", {"text": f"Win {n}", "price": 1.5}, ("ham", "spam"), prelabel, {"prize": "spam"}, n)
    return replace(given, **changes)


@pytest.fixture
def ledger(tmp_path):
    return Journal(tmp_path).ledger


def test_tasks_come_back_as_they_were_taken_up(ledger):
    tasks = [
        task(1),
        task(2, None),
        task(3, ("a", "b"), kind="choices", classes=("a", "b", "c"), probs={"a": 0.75, "b": 0.5, "c": 0.1}),
        task(4, blind=True, data={"text": "Köln ☃", "row": {"x": None}}),
    ]

    assert ledger.plan(tasks) == 4

    assert ledger.tasks("pending") == tasks


def test_a_task_known_already_is_not_taken_up_again_but_takes_the_new_prelabel(ledger):
    ledger.plan([task(1), task(2)])

    assert ledger.plan([task(2, "ham", "m2"), task(3)]) == 1

    assert [one.prelabel.model_version for one in ledger.tasks("pending")] == ["m1", "m2", "m1"]


def test_a_task_given_twice_is_taken_up_once(ledger):
    assert ledger.plan([task(1), task(1)]) == 1


def test_a_batch_and_its_models_are_recorded(tmp_path):
    journal = Journal(tmp_path)
    batch = Batch(pl.Series(["c-1"]), [0.5], "margin", {"seed": 3, "labels": {"model": "majority"}})

    journal.ledger.plan([task(1)], batch)
    journal.ledger.plan([task(1)], batch)  # nothing new, so no new batch

    assert journal.frame("batches").select("strategy", "size").rows() == [("margin", 1)]
    assert journal.frame("models")["version"].to_list() == ["m1"]
    assert "majority" in journal.frame("models")["provenance"][0]
    assert journal.frame("tasks")["batch"].to_list() == [1]


def test_tasks_go_from_pending_to_in_flight_to_pushed(ledger):
    ledger.plan([task(1), task(2)])

    ledger.fly(["k1"])
    assert ledger.states() == {"k1": "in_flight", "k2": "pending"}
    ledger.arrived({"k1": "101"})

    assert ledger.states() == {"k1": "pushed", "k2": "pending"}
    assert ledger.remote_ids() == {"k1": "101"}
    assert list(ledger.open()) == ["101"]


def test_a_tombstone_stays_one_unless_it_is_to_be_asked_again(ledger):
    ledger.plan([task(1)])
    ledger.move(["k1"], "tombstone")

    ledger.plan([task(1)])
    assert ledger.states() == {"k1": "tombstone"}
    ledger.plan([task(1)], again=True)

    assert ledger.states() == {"k1": "pending"}


def test_a_new_prelabel_is_stale_until_it_was_sent(ledger):
    ledger.plan([task(1), task(2), task(3, blind=True)])
    ledger.fly(["k1", "k2", "k3"])
    ledger.arrived({"k1": "101", "k2": "102", "k3": "103"})
    assert ledger.stale() == {}

    ledger.plan([task(1, "ham", "m2"), task(3, "ham", "m2", blind=True)])

    assert list(ledger.stale()) == ["101"]  # the blind one shows none
    ledger.suggested(["k1"])
    assert ledger.stale() == {}


def test_an_answered_task_is_neither_open_nor_stale(tmp_path):
    journal = Journal(tmp_path)
    journal.ledger.plan([task(1)])
    journal.ledger.fly(["k1"])
    journal.ledger.arrived({"k1": "101"})
    journal.answers.record([RemoteTask("101", "k1", (Annotation("7", "k1", "c-1", "spam", "ada"),))])

    journal.ledger.plan([task(1, "ham", "m2")])

    assert journal.ledger.open() == {}
    assert journal.ledger.stale() == {}


def test_the_order_is_that_of_the_batches_and_in_each_the_best_first(ledger):
    first = Batch(pl.Series(["c-2"]), [0.5], "margin")
    ledger.plan([task(9, rank=2), task(8, rank=1)], first)
    ledger.plan([task(1, rank=1)], first)

    assert [one.key for one in ledger.tasks("pending")] == ["k8", "k9", "k1"]
