"""Tasks: sent once, found by their keys, given newer pre-labels, and removed only where nobody touched them."""

from dataclasses import replace

import pytest

from weaklabel.artefacts import Prelabel
from weaklabel.errors import AnswerError


def test_tasks_arrive_with_their_prelabels_and_their_numbers_in_order(backend, ask, look):
    tasks = [ask(2, "ham", 0.6), ask(0, "spam", 0.8), ask(1, None)]
    backend.prepare(tasks)

    numbers = backend.send(tasks)

    there = [look(f"/api/tasks/{number}/") for number in numbers]
    assert [task["data"]["wl_key"] for task in there] == [task.key for task in tasks]
    assert [[entry["score"] for entry in task["predictions"]] for task in there] == [[0.6], [0.8], []]
    assert there[0]["predictions"][0]["result"][0]["value"] == {"choices": ["ham"]}
    assert look(f"/api/projects/{backend.project}/")["model_version"] == "lm-1"


def test_the_newest_model_version_is_the_one_shown(backend, ask, pushed, look):
    pushed(1)

    backend.send([ask(1, version="lm-2")])

    assert look(f"/api/projects/{backend.project}/")["model_version"] == "lm-2"


@pytest.mark.parametrize(
    ("prelabel", "said"),
    [
        (Prelabel("eggs", 0.9, "lm-1"), "'eggs' is none of the choices"),
        (Prelabel("spam", float("nan"), "lm-1"), "its probability is nan"),
        (Prelabel("spam", 1.2, "lm-1"), r"its probability is 1.2, not a number in \[0, 1\]"),
        (Prelabel("spam", 0.9, ""), "it has no model version"),
    ],
)
def test_a_prelabel_that_the_server_would_drop_in_silence_is_refused_by_item(backend, ask, prelabel, said):
    backend.prepare([ask(0)])

    with pytest.raises(AnswerError, match=f"item 'item-1' cannot be shown: {said}"):
        backend.send([ask(0), replace(ask(1), prelabel=prelabel)])

    assert list(backend.survey()) == []


def test_sending_nothing_sends_nothing(backend, ask):
    backend.prepare([ask(0)])

    assert backend.send([]) == []


def test_more_keys_than_fit_in_one_address_are_found(backend, ask, pushed):
    numbers = pushed(310, label=None)
    keys = [ask(i).key for i in range(320)]

    found = backend.find(keys)

    assert found == dict(zip(keys, numbers, strict=False))


def test_of_twins_the_older_is_found(backend, ask, pushed):
    first = pushed(1)
    backend.send([ask(0)])

    assert backend.find([ask(0).key]) == {ask(0).key: first[0]}


def predictions(look, number):
    return [(entry["model_version"], entry["score"]) for entry in look("/api/predictions/", task=number)]


def test_a_newer_prelabel_is_given_once_however_often_it_is_sent(backend, ask, pushed, look):
    first, second = pushed(2)
    newer = {first: ask(0, "ham", 0.7, "lm-10")}

    assert backend.suggest(newer) == [first]
    assert backend.suggest(newer) == [first]

    assert predictions(look, first) == [("lm-1", 0.9), ("lm-10", 0.7)]
    assert predictions(look, second) == [("lm-1", 0.9)]
    assert look(f"/api/projects/{backend.project}/")["model_version"] == "lm-10"


def test_another_prelabel_of_the_same_version_takes_the_place_of_the_first(backend, ask, pushed, look):
    first, second = pushed(2)

    backend.suggest({first: ask(0, "ham", 0.7), second: ask(1)})

    assert predictions(look, first) == [("lm-1", 0.7)]
    assert predictions(look, second) == [("lm-1", 0.9)]


def test_a_prelabel_never_goes_to_another_task_that_has_the_number_now(backend, ask, pushed, look):
    (number,) = pushed(1)

    shown = backend.suggest({number: ask(7, version="lm-2"), "999999999": ask(8, version="lm-2")})

    assert shown == []
    assert predictions(look, number) == [("lm-1", 0.9)]


def test_a_task_without_a_prelabel_shows_what_it_should(backend, ask, pushed):
    (number,) = pushed(1)

    assert backend.suggest({number: ask(0, None)}) == [number]


def test_only_untouched_tasks_are_removed(backend, pushed, annotator):
    answered, skipped, drafted, opened, free, other = pushed(6)
    ada, bob = annotator("ada@weaklabel.test"), annotator("bob@weaklabel.test")
    ada.answer(answered, "spam")
    ada.skip(skipped, "spam")
    bob.draft(drafted, "ham")
    served = ada.said("GET", f"/api/projects/{backend.project}/next")["id"]
    while str(served) != opened:
        ada.answer(served, "spam")
        served = ada.said("GET", f"/api/projects/{backend.project}/next")["id"]

    gone = backend.remove([answered, skipped, drafted, opened, free])

    assert gone == [free]
    assert [seen.remote_id for seen in backend.survey()] == [answered, skipped, drafted, opened, other]


def test_an_empty_choice_does_not_mean_all_tasks(backend, pushed):
    pushed(2)

    assert backend.remove([]) == []
    assert len(list(backend.survey())) == 2


def test_a_task_of_another_project_is_never_removed(backend, pushed, tell, look):
    pushed(2)
    foreign = tell("POST", "/api/projects/", {"title": backend.title}).json()["id"]
    tell("POST", f"/api/projects/{foreign}/import", [{"data": {"text": "theirs"}}])
    number = look("/api/tasks", project=foreign)["tasks"][0]["id"]

    backend.remove([str(number)])

    assert look("/api/tasks", project=foreign)["total"] == 1
    assert len(list(backend.survey())) == 2


def test_a_removed_task_counts_as_removed_when_a_crash_repeats_it(backend, pushed):
    first, _ = pushed(2)

    assert backend.remove([first]) == [first]
    assert backend.remove([first]) == [first]


def test_the_survey_tells_who_was_answered_and_which_task_is_not_ours(backend, ask, pushed, annotator, tell):
    answered, skipped, drafted, _ = pushed(4)
    ada = annotator("ada@weaklabel.test")
    ada.answer(answered, "spam")
    ada.skip(skipped)
    ada.draft(drafted, "ham")
    tell("POST", f"/api/projects/{backend.project}/import", [{"data": {"text": "by hand", "wl_votes": ""}}])

    seen = list(backend.survey())

    assert [task.key for task in seen] == [*(ask(i).key for i in range(4)), ""]
    assert [task.answered for task in seen] == [True, True, True, False, False]
