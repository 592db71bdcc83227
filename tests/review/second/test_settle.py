from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError, TableError
from weaklabel.review.second.settle import settle_answers


def right(labels, truth):
    return np.mean([label == "abc"[truth[int(item[1:])]] for item, label in labels.items()])


def test_without_answers_nothing_is_settled(model):
    found = settle_answers([], model([[0.5, 0.3, 0.2]]), ["i0000"])

    assert (found.labels, found.audited, found.doubtful, found.audit_error) == ({}, {}, (), 0.0)
    assert found.people.columns == ["annotator", "answers", "compared", "accuracy", "lower", "upper"]
    assert found.people.height == 0


def test_skips_alone_are_no_answers(model):
    assert settle_answers([Annotation("1", "k", "i0000", None, "ada")], model([[0.5, 0.3, 0.2]])).labels == {}


def test_one_answer_is_taken_where_the_model_knows_nothing(model, answers):
    found = settle_answers(answers({"i0000": {"ada": "b"}}), model(np.full((2, 3), 1 / 3)))

    assert found.labels == {"i0000": "b"}
    assert found.support["i0000"] == pytest.approx(0.9, abs=0.02)
    assert found.overruled == ()


def test_people_and_model_together_are_right_more_often_than_either(crowd, answers):
    beliefs, said, truth = crowd(0, n=1000, each=1)

    found = settle_answers(answers(said), beliefs)

    people = right({item: next(iter(by.values())) for item, by in said.items()}, truth)
    together = right(found.labels, truth)
    assert together > max(people, 0.8) + 0.05
    assert np.mean(list(found.support.values())) == pytest.approx(together, abs=0.03)
    assert found.people["answers"].sum() == 1000
    assert found.people["compared"].to_list() == [0, 0, 0]


def test_an_overruled_answer_is_named(crowd, answers):
    beliefs, said, _ = crowd(1, accuracies=(0.95, 0.95, 0.4), each=2, right=0.95, sure=0.95)

    found = settle_answers(answers(said), beliefs)

    assert found.overruled
    assert all(found.labels[item] not in said[item].values() for item in found.overruled)


def test_second_opinions_go_where_labels_are_wrong(crowd, answers):
    beliefs, said, truth = crowd(2, n=1000, each=1)

    found = settle_answers(answers(said), beliefs)

    wrong = {item: found.labels[item] != "abc"[truth[int(item[1:])]] for item in found.labels}
    asked = np.mean([wrong[item] for item in found.doubtful])
    assert asked > 2 * np.mean(list(wrong.values()))
    assert sum(wrong[item] for item in found.doubtful) > 0.5 * sum(wrong.values())
    support = [found.support[item] for item in found.doubtful]
    assert support == sorted(support)
    assert max(support) < 0.8


def test_people_who_are_evidently_always_right_are_asked_nothing_again(crowd, answers):
    beliefs, said, truth = crowd(3, accuracies=(1.0, 1.0, 1.0), each=1)
    for j in range(60):
        said[f"i{j:04}"] |= dict.fromkeys(("p0", "p1"), "abc"[truth[j]])

    found = settle_answers(answers(said), beliefs, [f"i{j:04}" for j in range(100)])

    assert found.doubtful == ()
    assert found.overruled == ()
    assert found.audit_error < 0.02


def test_with_one_person_alone_nobody_can_give_another_opinion(crowd, answers):
    beliefs, said, _ = crowd(4, accuracies=(0.7,), each=1)

    assert settle_answers(answers(said), beliefs, list(said)).doubtful == ()


def test_no_item_is_asked_about_more_often_than_allowed_and_skips_count(crowd, answers):
    beliefs, said, _ = crowd(5, accuracies=(0.6, 0.6, 0.6, 0.6), each=2)
    plain = settle_answers(answers(said), beliefs)
    skipped, other = plain.doubtful[:2]
    skip = Annotation("s", skipped, skipped, None, next(who for who in ("p0", "p1", "p2") if who not in said[skipped]))

    found = settle_answers([*answers(said), skip], beliefs)

    assert skipped not in found.doubtful
    assert other in found.doubtful
    assert settle_answers(answers(said), beliefs, most=2).doubtful == ()
    assert skipped in settle_answers([*answers(said), skip], beliefs, most=4).doubtful


def test_labels_of_the_audit_are_peoples_whatever_the_model_says(crowd, model, answers):
    _, said, truth = crowd(6, each=1, accuracies=(0.9, 0.9, 0.9))
    against = model(np.eye(3)[(truth + 1) % 3] * 0.9 + 0.1 / 3)

    found = settle_answers(answers(said), against, list(said)[:100])

    assert found.audited == {item: next(iter(said[item].values())) for item in list(said)[:100]}


def test_which_audit_items_are_asked_about_again_does_not_hang_on_the_model(crowd, answers):
    beliefs, said, _ = crowd(7, each=1, accuracies=(0.9, 0.8, 0.7))
    audit = list(said)[:200]
    for j in range(0, 200, 9):
        said[f"i{j:04}"] |= dict.fromkeys(("p0", "p1"), "a")
    other = replace(beliefs, probs=np.roll(beliefs.probs, 37, axis=0))

    chosen = [
        [item for item in settle_answers(answers(said), one, audit).doubtful if item in audit]
        for one in (beliefs, other)
    ]

    assert chosen[0] == chosen[1]
    assert len(chosen[0]) > 20


def test_a_fifth_of_the_audit_is_asked_about_again_and_all_on_which_people_differ_first(crowd, answers):
    beliefs, said, _ = crowd(8, n=1000, each=1, accuracies=(0.8, 0.8, 0.8))
    audit = list(said)[:500]
    for j in range(20):
        (who, label), *_ = said[f"i{j:04}"].items()
        said[f"i{j:04}"] = {"p0": "a", "p1": "b"} if j < 10 else {who: label}

    found = settle_answers(answers(said), beliefs, audit)

    assert set(found.doubtful[:10]) == {f"i{j:04}" for j in range(10)}
    drawn = [item for item in found.doubtful[10:] if item in audit]
    assert list(found.doubtful[10 : 10 + len(drawn)]) == drawn
    assert 70 < len(drawn) < 130


def test_the_error_of_the_audit_is_said(crowd, answers):
    beliefs, said, truth = crowd(9, n=2000, accuracies=(0.95, 0.85, 0.75))
    audit = list(said)[:1000]
    for item in list(said)[200:]:
        said[item] = dict(list(said[item].items())[:1])

    found = settle_answers(answers(said), beliefs, audit)

    assert found.people["compared"].sum() == 400
    assert found.audit_error == pytest.approx(1 - right(found.audited, truth), abs=0.04)


def test_a_batch_has_a_third_of_second_opinions_at_most(crowd, answers):
    beliefs, said, _ = crowd(10, each=1)

    found = settle_answers(answers(said), beliefs)

    assert found.next_opinions(20) == found.doubtful[:6]
    assert found.next_opinions(21) == found.doubtful[:7]
    assert found.next_opinions(10, share=1.0) == found.doubtful[:10]
    assert found.next_opinions(0) == ()


@pytest.mark.parametrize(("size", "share"), [(-1, 0.5), (10, 1.5), (10, -0.1)])
def test_a_share_outside_its_range_is_refused(model, size, share):
    with pytest.raises(TableError, match="give a size from 0 and a share from 0 to 1"):
        settle_answers([], model([[0.5, 0.3, 0.2]])).next_opinions(size, share)


@settings(max_examples=15, deadline=None)
@given(shuffler=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_neither_the_order_of_answers_nor_that_of_the_pool_nor_repeats_matter(crowd, answers, shuffler, seed):
    beliefs, said, _ = crowd(seed, n=40)
    annotations = answers(said)
    expected = settle_answers(annotations, beliefs, list(said)[:10])
    again = [*annotations, *annotations[:5]]
    shuffler.shuffle(again)
    rows = np.random.default_rng(seed).permutation(40)
    moved = replace(
        beliefs,
        probs=beliefs.probs[rows],
        item_ids=beliefs.item_ids.gather(rows),
        covered=beliefs.covered,
        answered=beliefs.answered,
    )

    found = settle_answers(again, moved, set(list(said)[:10]))

    assert found.support == expected.support
    assert (found.labels, found.audited, found.doubtful) == (expected.labels, expected.audited, expected.doubtful)
    assert found.people.equals(expected.people)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(3)), seed=st.integers(0, 5))
def test_other_names_for_classes_and_people_decide_nothing(crowd, model, answers, order, seed):
    beliefs, said, _ = crowd(seed, n=60)
    classes = {"abc"[old]: "xyz"[new] for new, old in enumerate(order)}
    people = {"p0": "zoe", "p1": "max", "p2": "ada"}
    renamed = {item: {people[who]: classes[label] for who, label in by.items()} for item, by in said.items()}
    expected = settle_answers(answers(said), beliefs)

    found = settle_answers(answers(renamed), model(beliefs.probs[:, order], classes=("x", "y", "z")))

    assert list(found.support.values()) == pytest.approx(list(expected.support.values()), abs=1e-3)
    sure = [item for item, support in expected.support.items() if support > 0.51]
    assert [found.labels[item] for item in sure] == [classes[expected.labels[item]] for item in sure]


def test_an_item_that_the_beliefs_lack_is_refused(model, answers):
    with pytest.raises(AnswerError, match="1 of 2 answered items are not in the beliefs, first 'elsewhere'"):
        settle_answers(answers({"elsewhere": {"ada": "a"}, "i0000": {"ada": "a"}}), model([[0.5, 0.3, 0.2]]))


@pytest.mark.parametrize("label", ["d", ("a", "b")])
def test_an_answer_that_is_not_one_class_is_refused(model, label):
    said = Annotation("1", "k", "i0000", label, "ada")

    with pytest.raises(AnswerError, match=r"'ada' answered .* about item 'i0000'; it takes one of the classes a, b, c"):
        settle_answers([said], model([[0.5, 0.3, 0.2]]))


@pytest.mark.parametrize("parameter", [{"confidence": 0.0}, {"confidence": 1.0}, {"most": 0}])
def test_a_parameter_outside_its_range_is_refused(model, parameter):
    with pytest.raises(TableError, match="give 1 or more|lies between 0 and 1"):
        settle_answers([], model([[0.5, 0.3, 0.2]]), **parameter)


def test_one_text_for_the_audit_is_refused(model):
    with pytest.raises(TableError, match="not one text"):
        settle_answers([], model([[0.5, 0.3, 0.2]]), "i0000")


def test_audit_items_without_an_answer_are_left_out(model, answers):
    found = settle_answers(
        answers({"i0000": {"ada": "b"}}), model(np.full((2, 3), 1 / 3)), pl.Series(["i0001", "i0000"])
    )

    assert found.audited == {"i0000": "b"}
