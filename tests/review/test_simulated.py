import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError, JournalError
from weaklabel.review.ask_again import ask_again
from weaklabel.review.backends.local_file import LocalFile
from weaklabel.review.journal import Journal
from weaklabel.review.pull import pull
from weaklabel.review.push import push
from weaklabel.review.simulated import SimulatedPeople

CLASSES = ("ham", "spam", "other")
GOLD = {f"c-{n}": CLASSES[n % 3] for n in range(3000)}
ACCURACIES = (0.95, 0.9, 0.9, 0.8, 0.6)


def tasks(*numbers, **fields):
    return [Task(f"key{n}", f"c-{n}", {"text": f"text {n}"}, CLASSES, **fields) for n in numbers]


def answers(journal):
    return {said.item_id: (said.annotator, said.label) for said in journal.annotations()}


def test_one_person_who_is_always_right_says_what_is_known():
    people = SimulatedPeople({"c-1": "spam", "c-2": "ham"}, CLASSES)

    assert people.answer("c-1") == ("simulated-1", "spam")
    assert people.answer("c-2") == ("simulated-1", "ham")


def test_each_is_right_as_often_as_planted_and_errs_evenly():
    people = SimulatedPeople(GOLD, CLASSES, ACCURACIES, seed=3)

    said = {(item, *people.answer(item, attempt)) for item in GOLD for attempt in range(1, 6)}

    for name, accuracy in zip(people.names, ACCURACIES, strict=True):
        own = {item: label for item, person, label in said if person == name}
        assert len(own) == 3000
        # 3.5 standard deviations of a share of 3,000.
        assert sum(own[item] == GOLD[item] for item in own) / 3000 == pytest.approx(
            accuracy, abs=3.5 * (accuracy * (1 - accuracy) / 3000) ** 0.5
        )
    slips = Counter((CLASSES.index(label) - CLASSES.index(GOLD[item])) % 3 for item, _, label in said)
    assert slips[1] / (slips[1] + slips[2]) == pytest.approx(0.5, abs=0.04)


def test_people_err_independently_of_each_other():
    people = SimulatedPeople(GOLD, CLASSES, (0.8, 0.6))

    wrong = {name: set() for name in people.names}
    for item in GOLD:
        for attempt in (1, 2):
            name, label = people.answer(item, attempt)
            wrong[name] |= {item} if label != GOLD[item] else set()

    both = len(wrong["simulated-1"] & wrong["simulated-2"]) / len(GOLD)
    assert both == pytest.approx(0.2 * 0.4, abs=0.02)


def test_the_first_question_about_an_item_goes_to_each_as_often():
    people = SimulatedPeople(GOLD, CLASSES, ACCURACIES)

    first = Counter(people.answer(item)[0] for item in GOLD)

    assert set(first) == set(people.names)
    assert all(abs(count - 600) < 90 for count in first.values())


@given(st.integers(0, 50), st.integers(1, 6), st.text(min_size=1, max_size=8))
def test_attempts_go_to_different_people_and_after_all_of_them_the_answers_repeat(seed, people, item):
    known = SimulatedPeople({item: "ham"}, CLASSES, (0.5,) * people, seed)

    asked = [known.answer(item, attempt) for attempt in range(1, 2 * people + 1)]

    assert {name for name, _ in asked[:people]} == set(known.names)
    assert asked[people:] == asked[:people]


@given(st.permutations(range(12)), st.integers(0, 9))
def test_neither_the_other_items_nor_their_order_change_an_answer(order, seed):
    gold = {f"c-{n}": CLASSES[n % 3] for n in order}
    alone = [SimulatedPeople({f"c-{n}": CLASSES[n % 3]}, CLASSES, (0.5, 0.5), seed).answer(f"c-{n}") for n in order]

    assert [SimulatedPeople(gold, CLASSES, (0.5, 0.5), seed).answer(item) for item in gold] == alone


def test_the_answers_are_the_same_on_every_machine_and_others_with_another_seed():
    items = {f"c-{n}": "ham" for n in range(8)}

    first = [SimulatedPeople(items, CLASSES, (0.5, 0.5), seed=1).answer(item) for item in items]

    assert " ".join(f"{name[-1]}{label}" for name, label in first) == (
        "1other 1other 2other 2ham 2spam 2ham 1other 1ham"
    )
    assert first != [SimulatedPeople(items, CLASSES, (0.5, 0.5), seed=2).answer(item) for item in items]


def test_an_item_whose_class_is_not_known_is_skipped():
    people = SimulatedPeople({"c-1": None}, CLASSES, (0.5, 0.5))

    assert {people.answer("c-1", attempt)[1] for attempt in (1, 2, 3)} == {None}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gold": {"c-7": "Spam"}}, "class of item 'c-7' is 'Spam'; the classes are ham, spam, other"),
        ({"accuracies": ()}, "nobody answers"),
        ({"accuracies": (0.9, 90)}, "right in 90 of the cases"),
        ({"accuracies": (float("nan"),)}, "right in nan of the cases"),
        ({"classes": ("ham",), "accuracies": (0.9,)}, "who errs needs a second class; there are 1: ham"),
    ],
)
def test_people_who_cannot_be_are_refused(wrong, said):
    with pytest.raises(AnswerError, match=said):
        SimulatedPeople(**{"gold": {"c-7": "ham"}, "classes": CLASSES} | wrong)


def test_an_unknown_item_and_an_attempt_before_the_first_are_refused():
    people = SimulatedPeople({"c-1": "ham"}, CLASSES)

    with pytest.raises(AnswerError, match=r"class of item 'c-9' is not among those given"):
        people.answer("c-9")
    with pytest.raises(AnswerError, match=r"item 'c-1' is asked for the 0th time"):
        people.answer("c-1", 0)


def test_every_open_task_of_a_folder_is_answered_and_a_pull_reads_it(journal):
    people = SimulatedPeople(GOLD | {"c-4": None}, CLASSES, ACCURACIES)
    backend = LocalFile(journal.folder)
    push(tasks(3, 1, 4), journal, backend)

    path = people.answer_file(journal, journal.folder)
    pulled = pull(journal, backend)

    assert path == journal.folder / "export-simulated-0001.json"
    assert answers(journal) == {item: people.answer(item) for item in ("c-1", "c-3", "c-4")}
    assert (pulled.count("answered"), pulled.count("skipped")) == (2, 1)
    assert {said.lead_time for said in journal.annotations()} == {None}


def test_what_is_answered_stays_also_where_nobody_has_pulled_it(journal):
    push(tasks(1, 2), journal, LocalFile(journal.folder))
    SimulatedPeople(GOLD, CLASSES).answer_file(journal, journal.folder)
    push(tasks(3), journal, LocalFile(journal.folder))
    liar = SimulatedPeople(GOLD, CLASSES, (0.0,))

    second = liar.answer_file(journal, journal.folder)
    third = liar.answer_file(journal, journal.folder)
    pull(journal, LocalFile(journal.folder))

    assert [task["data"]["wl_item"] for task in json.loads(second.read_text())] == ["c-3"]
    assert third is None
    said = answers(journal)
    assert {item for item, (_, label) in said.items() if label == GOLD[item]} == {"c-1", "c-2"}
    assert liar.answer_file(journal, journal.folder) is None


def test_an_item_that_is_asked_again_is_answered_by_another_person(journal):
    people, backend = SimulatedPeople(GOLD, CLASSES, ACCURACIES), LocalFile(journal.folder)
    push(tasks(1), journal, backend)
    for _ in range(3):
        people.answer_file(journal, journal.folder)
        pull(journal, backend)
        ask_again(journal, ["c-1"])
        push([], journal, backend)

    said = [(said.annotator, said.label) for said in journal.annotations()]

    assert sorted(said) == sorted(people.answer("c-1", attempt) for attempt in (1, 2, 3))


@settings(deadline=None, max_examples=25)  # each example writes files
@given(st.permutations(range(6)), st.integers(1, 6))
def test_neither_order_nor_batches_of_the_tasks_change_what_is_said(tmp_path_factory, order, size):
    people = SimulatedPeople(GOLD, CLASSES, (0.5, 0.5, 0.5))
    with Journal(tmp_path_factory.mktemp("review")) as journal:
        backend = LocalFile(journal.folder)
        for start in range(0, 6, size):
            push(tasks(*order[start : start + size]), journal, backend)
            people.answer_file(journal, journal.folder)
        pull(journal, backend)

        assert answers(journal) == {f"c-{n}": people.answer(f"c-{n}") for n in order}


def test_grades_and_comparisons_are_answered_as_they_are_asked(tmp_path):
    shown = {"a": "left or right", "b": "right or left"}
    for kind, classes in (("grade", ("0", "1", "2")), ("pairwise", ("a", "same", "b"))):
        gold = {f"c-{n}": classes[n % 3] for n in range(12)}
        asked = [Task(f"key{n}", f"c-{n}", shown, classes, kind=kind) for n in range(12)]
        with Journal(tmp_path / kind) as journal:
            push(asked, journal, LocalFile(journal.folder))
            SimulatedPeople(gold, classes).answer_file(journal, journal.folder)
            pull(journal, LocalFile(journal.folder))

            assert {item: label for item, (_, label) in answers(journal).items()} == gold


def test_a_question_that_allows_several_classes_or_lacks_the_answer_is_refused(tmp_path):
    people = SimulatedPeople(GOLD, CLASSES)
    with Journal(tmp_path / "several") as journal:
        push(tasks(1, kind="choices"), journal, LocalFile(journal.folder))
        with pytest.raises(AnswerError, match="item 'c-1' may have several classes"):
            people.answer_file(journal, journal.folder)
    with Journal(tmp_path / "fewer") as journal:
        push([Task("key1", "c-1", {"text": "a"}, ("ham", "other"))], journal, LocalFile(journal.folder))
        with pytest.raises(AnswerError, match="item 'c-1' may be ham, other, and the answer would be 'spam'"):
            people.answer_file(journal, journal.folder)

        assert not list(journal.folder.glob("export*"))


def test_tasks_that_are_asked_elsewhere_are_not_answered(journal, tmp_path):
    people = SimulatedPeople(GOLD, CLASSES)
    with pytest.raises(JournalError, match="nothing was pushed"):
        people.answer_file(journal, journal.folder)
    push(tasks(1), journal, LocalFile(journal.folder))
    with pytest.raises(AnswerError, match="question about item 'c-1' is not in"):
        people.answer_file(journal, tmp_path / "another")

    journal.remember("place", {"backend": "label_studio", "url": "http://studio.example", "title": "Spam"})
    with pytest.raises(JournalError, match=r"asked at http://studio.example, where people answer"):
        people.answer_file(journal, journal.folder)
