import random

import numpy as np
import pytest

from weaklabel.artefacts import Annotation, Prelabel, Task
from weaklabel.review.people.anchoring import anchoring


def task(number, prelabel="spam", blind=False, version="v1"):
    suggestion = None if prelabel is None else Prelabel(prelabel, 0.8, version)
    return Task(f"key {number}", f"item {number}", {"text": ""}, ("ham", "spam"), suggestion, blind=blind)


def answer(number, label, who="ann", **known):
    return Annotation(f"{number}-{who}", f"key {number}", f"item {number}", label, who, **known)


def asked(shown, blind):
    """Tasks with the pre-label spam; of `shown` = (agreeing, all) that show it so many get it as an answer."""
    tasks = [task(i, blind=i >= shown[1]) for i in range(shown[1] + blind[1])]
    agree = [i < shown[0] or shown[1] <= i < shown[1] + blind[0] for i in range(len(tasks))]
    return [answer(i, "spam" if yes else "ham") for i, yes in enumerate(agree)], tasks


def test_people_who_follow_what_they_see_are_anchored():
    found = anchoring(*asked((190, 200), (60, 100)))

    assert found.verdict == "seen"
    assert (found.shown, found.blind) == (200, 100)
    assert (found.agree_shown, found.agree_blind) == pytest.approx((0.95, 0.6))
    assert found.sentence == (
        "Anchoring is seen: people gave the pre-label to 95 % of 200 tasks that showed it and 60 % of 100 that did "
        "not, a difference of +25 to +45 points."
    )


def test_the_interval_is_newcombes():
    # His example: 56 of 70 against 48 of 80 is a difference of 0.2, from 0.0524 to 0.3339 (1998, table II, method 10).
    found = anchoring(*asked((56, 70), (48, 80)))

    assert found.difference == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_where_the_difference_may_be_nothing_it_cannot_be_told():
    found = anchoring(*asked((80, 100), (75, 100)))

    assert found.verdict == "cannot be told"
    assert found.sentence.startswith("Whether pre-labels sway people cannot be told: people gave")
    assert found.interval[0] < 0 < found.interval[1]


def test_people_may_be_put_off_by_a_pre_label():
    assert anchoring(*asked((40, 100), (90, 100))).verdict == "reversed"


def test_few_blind_tasks_say_nothing():
    found = anchoring(*asked((100, 100), (0, 19)))

    assert found.verdict == "too few"
    assert found.sentence == (
        "Whether pre-labels sway people cannot be told from 100 answered tasks with theirs in view and 19 blind ones: "
        "it takes 20 of each."
    )


def test_without_blind_tasks_there_is_no_difference():
    found = anchoring(*asked((30, 40), (0, 0)))

    assert (found.agree_shown, found.agree_blind, found.difference, found.interval) == (0.75, None, None, None)
    assert found.verdict == "too few"


def test_nothing_at_all_says_nothing():
    found = anchoring([], [])

    assert (found.verdict, found.shown, found.blind) == ("too few", 0, 0)
    assert found.by_class.is_empty()


def test_each_class_has_a_row():
    tasks = [task(0, "ham"), task(1, "ham", blind=True), task(2, "spam"), task(3, None)]
    annotations = [answer(0, "ham"), answer(1, "spam"), answer(2, "spam"), answer(3, "spam")]

    found = anchoring(annotations, tasks).by_class

    assert found.select("prelabel", "shown", "agree_shown", "blind", "agree_blind", "difference").rows() == [
        ("ham", 1, 1.0, 1, 0.0, 1.0),
        ("spam", 1, 1.0, 0, None, None),
    ]


def test_a_skip_is_no_answer():
    assert anchoring([answer(0, None), answer(1, "spam")], [task(0), task(1)]).shown == 1


def test_several_people_on_one_task_are_not_several_tasks():
    one, tasks = asked((80, 100), (60, 100))
    many = one + [answer(number, said.label, who) for who in "bcd" for number, said in enumerate(one)]

    assert anchoring(many, tasks).interval == pytest.approx(anchoring(one, tasks).interval)
    assert anchoring(many, tasks).shown == 100


def test_people_who_answer_one_task_apart_from_each_other_narrow_the_interval():
    one, tasks = asked((80, 100), (60, 100))
    apart = [answer(number, ("spam", "ham")[number % 3 == 0], who) for number in range(200) for who in ["b"]]

    wide, narrow = (anchoring(said, tasks).interval for said in (one, one + apart))

    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_an_answer_to_another_models_pre_label_is_judged_by_what_became_of_it():
    tasks = [task(i, version="v2") for i in range(4)]
    annotations = [
        answer(0, "ham", suggestion="accepted", model_version="v1"),
        answer(1, "spam", suggestion="changed", model_version="v1"),
        answer(2, "spam", suggestion="ignored", model_version="v1"),
        answer(3, "spam", suggestion="accepted", model_version="v2"),
    ]

    found = anchoring(annotations, tasks)

    assert (found.shown, found.left_out) == (3, 1)
    assert found.agree_shown == pytest.approx(2 / 3)


def test_several_classes_equal_the_pre_label_in_any_order():
    found = anchoring([answer(0, ("b", "a"))], [task(0, ("a", "b"))])

    assert found.agree_shown == 1.0
    assert found.by_class["prelabel"].to_list() == ["a + b"]


def test_the_order_of_answers_and_tasks_changes_nothing():
    annotations, tasks = asked((30, 40), (20, 30))
    one = anchoring(annotations, tasks)
    random.Random(0).shuffle(annotations)
    random.Random(1).shuffle(tasks)

    other = anchoring(annotations, tasks)

    assert (one.interval, one.sentence) == (other.interval, other.sentence)
    assert one.by_class.equals(other.by_class)


def test_people_who_are_not_swayed_are_seldom_said_to_be():
    rng = np.random.default_rng(0)
    wrongly = 0
    for _ in range(100):
        tasks = [task(i, blind=bool(i % 4 == 0)) for i in range(200)]
        annotations = [answer(i, "spam" if rng.random() < 0.8 else "ham") for i in range(200)]
        wrongly += anchoring(annotations, tasks).verdict != "cannot be told"

    assert wrongly <= 9
