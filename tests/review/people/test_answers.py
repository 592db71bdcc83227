import logging
from dataclasses import replace

import pytest

from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.people.answers import current_answers, for_class, labels, newest


def says(item, label, who="ann", at="", number="1", **known):
    return Annotation(number, f"key of {item}", item, label, who, updated_at=at, **known)


def said(annotations):
    return {item: labels(given) for item, given in current_answers(annotations).items()}


def test_of_each_person_the_latest_answer_to_an_item_counts():
    annotations = [
        says("2", "a", "bob", "2024-01-02", "1"),
        says("2", "b", "bob", "2024-01-01", "2"),
        says("2", "b", "ann", "2024-01-01", "3"),
        says("1", "b", "ann", "2024-01-01", "4"),
    ]

    assert said(annotations) == {"1": {"ann": "b"}, "2": {"ann": "b", "bob": "a"}}
    assert list(said(annotations)) == ["1", "2"]


def test_a_skip_is_no_answer_and_takes_none_back():
    assert said([says("1", "a", number="1"), says("1", None, at="2024-01-01", number="2"), says("2", None)]) == {
        "1": {"ann": "a"}
    }


def test_an_answer_edited_into_a_skip_is_gone():
    assert said([says("1", "a", at="2024-01-01"), says("1", None, at="2024-01-02")]) == {}


def test_an_id_that_was_used_again_names_another_annotation():
    old = says("1", "a", "ann", "2024-01-01", created_at="2024-01-01")
    new = says("1", "b", "bob", "2024-01-02", created_at="2024-01-02")

    assert newest([old, new]) == [old, new]
    assert newest([old, replace(old, label="b", updated_at="2024-01-03")])[0].label == "b"


def test_several_classes_stand_in_one_order_each_once():
    assert said([says("1", ("b", "a", "b"))]) == {"1": {"ann": ("a", "b")}}


def test_several_classes_are_asked_about_one_by_one():
    annotations = [says("1", ("a", "b")), says("2", ("b",)), says("3", ()), says("4", None)]

    one = for_class(annotations, "a")
    named = for_class(annotations, "b", ("other", "b"))

    assert [each.label for each in one] == ["yes", "no", "no", None]
    assert [each.label for each in named] == ["b", "b", "other", None]
    assert [each.item_id for each in one] == ["1", "2", "3", "4"]


def test_a_class_that_nobody_chose_is_asked_about_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert [each.label for each in for_class([says("1", ("a",))], "A")] == ["no"]

    assert caplog.messages == ["nobody chose 'A': every answer becomes 'no' (chosen were a)"]


def test_one_class_and_several_do_not_mix():
    with pytest.raises(AnswerError, match="ann answered 'a' on item '1', one class, and bob"):
        current_answers([says("1", "a", "ann"), says("2", ("a",), "bob", number="2")])
