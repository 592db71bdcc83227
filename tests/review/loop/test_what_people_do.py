"""What people do on a real server besides answering, and what the loop makes of it."""

import numpy as np
import polars as pl
import pytest

import weaklabel as wl


@pytest.fixture
def asked(backend, journal, pool):
    """A loop on a server that has asked its first batch; `step` leads it on."""
    table, L, gold = pool(120)
    loop = wl.Loop(wl.Learner(table, L), size=8, second=0.0, folds=2)

    def step():
        return wl.review_step(loop, journal, backend)

    assert step().state == "asked"
    return loop, step, gold


def open_tasks(journal):
    return {task.item_id: remote for remote, task in journal.ledger.open().items()}


def test_a_question_that_somebody_deleted_does_not_stop_the_audit(asked, backend, journal, ada):
    loop, step, gold = asked
    first = wl.audit_next(loop.learner.item_ids, 1)[0]
    there = open_tasks(journal)
    backend.remove([there.pop(first)])
    for item, task in there.items():
        ada.answer(int(task), gold[item])

    found = step()

    assert (found.state, found.record["answers"], found.record["skipped"]) == ("asked", 7, 1)
    assert found.record["audited"] > 0
    assert journal.frame("tasks").filter(pl.col("item") == first).height == 1  # it is not asked again


def test_an_answer_that_is_taken_back_is_waited_for_and_one_that_is_changed_counts_as_it_is(asked, journal, ada):
    _, step, gold = asked
    said = {item: ada.answer(int(task), gold[item])["id"] for item, task in open_tasks(journal).items()}
    step()
    back, changed = list(said)[:2]
    other = {"yes": "no", "no": "yes"}[gold[changed]]
    for item, task in open_tasks(journal).items():
        ada.answer(int(task), gold[item])
    ada.delete(said[back])
    ada.edit(said[changed], other)

    found = step()

    assert (found.state, found.open) == ("waiting", 1)
    assert set(open_tasks(journal)) == {back}
    ada.answer(int(open_tasks(journal)[back]), gold[back])
    last = step()
    labels = last.learned.labels
    row = int((labels.item_ids == changed).arg_max())
    assert last.record["answers"] == 16
    assert np.isin(labels.probs[row], (0, 1)).all()
    assert {each.item_id: each.label for each in journal.annotations()}[changed] == other


def test_two_people_on_one_question_are_one_answer_and_both_are_weighed(asked, journal, annotator):
    _, step, gold = asked
    ada, bob = annotator("ada@weaklabel.test"), annotator("bob@weaklabel.test")
    for item, task in open_tasks(journal).items():
        ada.answer(int(task), gold[item])
        bob.answer(int(task), gold[item])

    found = step()

    assert found.record["answers"] == 8
    assert set(found.record["people"]) == {"ada@weaklabel.test", "bob@weaklabel.test"}


def test_who_skips_first_and_answers_then_has_answered(asked, journal, ada):
    _, step, gold = asked
    there = open_tasks(journal)
    for item, task in there.items():
        ada.skip(int(task))
        ada.answer(int(task), gold[item])

    found = step()

    assert (found.record["answers"], found.record["skipped"]) == (8, 0)
