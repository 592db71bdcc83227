import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from weaklabel import Posterior
from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError
from weaklabel.review.backends.local_file import LocalFile
from weaklabel.review.fold import fold
from weaklabel.review.pick import pick
from weaklabel.review.tasks import make_tasks
from weaklabel.testing import answer_from_gold

REAL = Path(__file__).parent.parent / "review" / "data" / "label_studio_1_23_2_export.json"
CLASSES = ("ham", "spam", "other")


def push(folder, *numbers):
    tasks = [Task(f"key{n}", f"c-{n}", {"text": f"text {n}"}, CLASSES) for n in numbers]
    return LocalFile(folder).send(tasks)


def pull(folder):
    return [a for page in LocalFile(folder).changed() for task in page.tasks for a in task.annotations]


def answers(folder):
    return {a.item_id: a.label for a in pull(folder)}


def test_every_task_is_answered_with_its_known_class(tmp_path):
    push(tmp_path, 1, 2)

    path = answer_from_gold(tmp_path, {"c-1": "ham", "c-2": "other", "not asked": "spam"})

    assert path == tmp_path / "export-1.json"
    assert answers(tmp_path) == {"c-1": "ham", "c-2": "other"}


def test_it_writes_every_field_that_the_real_export_has(tmp_path):
    push(tmp_path, 1)
    (ours,) = json.loads(answer_from_gold(tmp_path, {"c-1": "ham"}).read_text())
    real = json.loads(REAL.read_text(encoding="utf-8"))[0]

    assert ours.keys() == real.keys()
    assert ours["annotations"][0].keys() == real["annotations"][0].keys()
    assert ours["annotations"][0]["result"][0].keys() == real["annotations"][0]["result"][0].keys()


def test_it_signs_as_what_it_is_and_claims_no_time_spent(tmp_path):
    push(tmp_path, 1)
    answer_from_gold(tmp_path, {"c-1": "ham"})

    (annotation,) = pull(tmp_path)

    assert annotation.annotator == "gold column"
    assert annotation.lead_time is None


def test_a_second_round_answers_only_what_is_new(tmp_path):
    push(tmp_path, 1, 2)
    answer_from_gold(tmp_path, {"c-1": "ham", "c-2": None})
    push(tmp_path, 3)

    path = answer_from_gold(tmp_path, {"c-1": "spam", "c-2": "spam", "c-3": "spam"})

    assert path == tmp_path / "export-2.json"
    assert answers(tmp_path) == {"c-1": "ham", "c-2": None, "c-3": "spam"}


def test_the_same_answers_are_the_same_file(tmp_path):
    gold = {f"c-{n}": "ham" for n in range(20)}
    for folder in ("one", "other"):
        push(tmp_path / folder, *range(20))
        answer_from_gold(tmp_path / folder, gold, skip=0.3, error=0.3, seed=5)

    assert (tmp_path / "one" / "export-1.json").read_bytes() == (tmp_path / "other" / "export-1.json").read_bytes()


def test_what_happens_to_an_item_depends_neither_on_the_batch_nor_on_its_order(tmp_path):
    gold = {f"c-{n}": "ham" for n in range(30)}
    push(tmp_path / "all", *range(30))
    push(tmp_path / "some", *range(29, 9, -1))
    for folder in ("all", "some"):
        answer_from_gold(tmp_path / folder, gold, skip=0.3, error=0.3)

    everything = answers(tmp_path / "all")
    assert answers(tmp_path / "some") == {f"c-{n}": everything[f"c-{n}"] for n in range(10, 30)}


def test_skips_and_errors_come_as_often_as_asked(tmp_path):
    push(tmp_path, *range(2000))
    answer_from_gold(tmp_path, {f"c-{n}": "ham" for n in range(2000)}, skip=0.2, error=0.25)

    given = list(answers(tmp_path).values())

    # Of 2000: 400 skipped; of the other 1600, 400 wrong, half each way. Five standard deviations are 90 and 71.
    assert given.count(None) == pytest.approx(400, abs=90)
    assert given.count("spam") == pytest.approx(200, abs=71)
    assert given.count("other") == pytest.approx(200, abs=71)


def test_a_skip_holds_a_class_as_label_studios_skips_do_and_is_none_the_less_a_skip(tmp_path):
    push(tmp_path, 1)

    (task,) = json.loads(answer_from_gold(tmp_path, {"c-1": "spam"}, skip=1).read_text())

    assert task["annotations"][0]["result"][0]["value"] == {"choices": ["spam"]}
    assert task["annotations"][0]["was_cancelled"]
    assert answers(tmp_path) == {"c-1": None}


def test_an_item_without_a_known_class_is_skipped(tmp_path):
    push(tmp_path, 1)
    answer_from_gold(tmp_path, {"c-1": None})

    assert answers(tmp_path) == {"c-1": None}


def test_an_item_that_gold_lacks_is_an_error(tmp_path):
    push(tmp_path, 1)

    with pytest.raises(AnswerError, match="gold has no item 'c-1'"):
        answer_from_gold(tmp_path, {"c-2": "ham"})


def test_a_class_that_is_not_offered_is_an_error(tmp_path):
    push(tmp_path, 1)

    with pytest.raises(AnswerError, match="gold says 'Ham' of item 'c-1'; the choices are ham, spam, other"):
        answer_from_gold(tmp_path, {"c-1": "Ham"})


def test_without_tasks_nobody_can_answer(tmp_path):
    with pytest.raises(AnswerError, match="push tasks to the folder first"):
        answer_from_gold(tmp_path, {})


def test_the_whole_loop_from_beliefs_to_answers_and_back(tmp_path):
    table = pl.DataFrame({"id": [f"c-{n}" for n in range(6)], "text": list("abcdef")})
    p = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    beliefs = Posterior(np.stack([1 - p, p], axis=1), table["id"], ("ham", "spam"), np.ones(6, bool))
    gold = dict.fromkeys(table["id"], "ham")
    backend = LocalFile(tmp_path)

    for _ in range(2):
        backend.send(make_tasks(pick(beliefs, 2), table, beliefs))
        answer_from_gold(tmp_path, gold)
        beliefs = fold(beliefs, pull(tmp_path))

    assert beliefs.answered.tolist() == [True, True, True, True, False, False]
    assert beliefs.labels().tolist() == [0, 0, 0, 0, 1, 1]


TOPICS = ("billing", "praise", "cancel")


def push_kind(folder, kind, classes, n=40):
    data = {"query": "q", "one": "A", "two": "B"}
    LocalFile(folder).send([Task(f"key{i}", f"c-{i}", data, classes, kind=kind) for i in range(n)])


def test_several_classes_are_chosen_at_once_or_none(tmp_path):
    push_kind(tmp_path, "choices", TOPICS, 2)
    answer_from_gold(tmp_path, {"c-0": ("praise", "billing"), "c-1": ()})

    assert answers(tmp_path) == {"c-0": ("billing", "praise"), "c-1": ()}


def test_an_error_among_several_classes_is_one_too_many_or_too_few(tmp_path):
    push_kind(tmp_path, "choices", TOPICS)
    answer_from_gold(tmp_path, {f"c-{n}": ("billing", "praise") for n in range(40)}, error=1)

    assert set(answers(tmp_path).values()) == {("praise",), ("billing",), ("billing", "cancel", "praise")}


def test_a_grade_is_given(tmp_path):
    push_kind(tmp_path, "grade", ("0", "1", "2"), 2)
    answer_from_gold(tmp_path, {"c-0": "2", "c-1": "0"})

    assert answers(tmp_path) == {"c-0": "2", "c-1": "0"}


def test_of_a_pair_the_known_one_is_chosen_on_whichever_side_it_stands(tmp_path):
    push_kind(tmp_path, "pairwise", ("a", "same", "b"))
    answer_from_gold(tmp_path, {f"c-{n}": "a" for n in range(39)} | {"c-39": "same"})

    exported = json.loads((tmp_path / "export-1.json").read_text())
    sides = {task["annotations"][0]["result"][0]["value"]["choices"][0] for task in exported}
    assert sides == {"left", "right", "same"}
    assert list(answers(tmp_path).values()) == ["a"] * 39 + ["same"]


def test_images_are_answered_like_texts(tmp_path):
    data = {"photo": "https://example.com/a.png"}
    LocalFile(tmp_path).send([Task("key", "c-0", data, ("cat", "dog"))])
    answer_from_gold(tmp_path, {"c-0": "dog"})

    assert answers(tmp_path) == {"c-0": "dog"}


@pytest.mark.parametrize(("kind", "gold", "how"), [("choice", ("ham",), "one"), ("choices", "ham", "several")])
def test_gold_of_another_kind_is_an_error(tmp_path, kind, gold, how):
    push_kind(tmp_path, kind, ("ham", "spam"), 1)

    with pytest.raises(AnswerError, match=f"gold says .* of item 'c-0'; {how} can be chosen"):
        answer_from_gold(tmp_path, {"c-0": gold})
