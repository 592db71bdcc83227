"""A loop that is killed, at whatever moment, ends as one that was not."""

import json

import pytest

import weaklabel as wl
from weaklabel.review.journal import Journal
from weaklabel.review.journal.ledger import Ledger


class Killed(BaseException):
    """As SIGKILL would: nothing catches it, and what was open stays open."""


def state(review):
    """What a loop ends with, but for times."""
    rounds = review.frame("rounds")["record"].to_list()
    training = wl.TrainingSet.load(review.folder / "training.parquet")
    return rounds, review.frame("tasks")["key"].sort().to_list(), training.probs.tolist(), training.weight.tolist()


def killed_at(review, monkeypatch, owner, name, times):
    """Step until it stops, dying each time that a method is about to be called, or has just been, so many times."""
    real, calls = getattr(owner, name), 0

    def deadly(self, *arguments, **named):
        nonlocal calls
        calls += 1
        if calls in times:
            raise Killed
        found = real(self, *arguments, **named)
        if -calls in times:
            raise Killed
        return found

    monkeypatch.setattr(owner, name, deadly)
    for _ in range(60):
        try:
            if review.step().state == "stopped":
                break
        except Killed:
            continue
    monkeypatch.setattr(owner, name, real)


@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [
        (wl.LocalFile, "send", {1, 3, -5}),
        (Ledger, "plan", {2, -3, 6}),
        (Ledger, "arrived", {1, 2, -4}),
        (Journal, "note_round", {1, -2, 4}),
        (wl.LocalFile, "changed", {1, 3, 4}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_the_end_is_the_same_wherever_it_died(trial, monkeypatch, owner, name, times):
    options = {"accuracies": (1.0, 0.8, 0.9), "budget": wl.Budget(60)}
    whole, broken = trial("whole", **options), trial("broken", **options)
    whole.until_it_stops()

    killed_at(broken, monkeypatch, owner, name, times)

    assert broken.step().state == "stopped"
    assert state(broken) == state(whole)
    assert len(broken.frame("tasks")) == 60


def test_answers_in_another_order_end_the_same(trial):
    one, other = (trial(name, accuracies=(1.0, 0.8, 0.9), budget=wl.Budget(36)) for name in ("one", "other"))
    one.until_it_stops()

    while other.step(answer=False).state != "stopped":
        with wl.Journal(other.folder) as journal:
            path = other.people.answer_file(journal, other.folder)
        if path is not None:
            path.write_text(json.dumps(json.loads(path.read_text())[::-1]))

    assert state(one) == state(other)
