from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel import Posterior
from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.fold import fold, newest
from weaklabel.review.people.answers import for_class

CLASSES = ("ham", "spam", "other")


def beliefs():
    probs = np.array([[0.6, 0.3, 0.1], [1 / 3] * 3, [0.2, 0.2, 0.6]])
    covered = np.array([True, False, True])
    return Posterior(probs, pl.Series(["a", "b", "c"]), CLASSES, covered, provenance={"model": "majority"})


def says(item, label, who="ann", at="2024-01-01T00:00:00Z", number=None):
    number = f"{item}-{who}-{at}" if number is None else number
    return Annotation(number, f"key of {item}", item, label, who, updated_at=at)


def counts(posterior):
    told = posterior.provenance["answers"]
    return {name: told[name] for name in ("answered", "annotators", "skipped", "disagreed")}


def same(one, other):
    assert one.probs.tolist() == other.probs.tolist()
    assert one.covered.tolist() == other.covered.tolist()
    assert one.answered.tolist() == other.answered.tolist()
    assert one.provenance == other.provenance


def test_an_answer_overrides_what_was_believed():
    folded = fold(beliefs(), [says("a", "spam")])

    assert folded.probs[0].tolist() == [0, 1, 0]
    assert folded.probs[2].tolist() == [0.2, 0.2, 0.6]
    assert folded.answered.tolist() == [True, False, False]


def test_an_answer_covers_an_item_about_which_nothing_was_known():
    folded = fold(beliefs(), [says("b", "other")])

    assert folded.covered.tolist() == [True, True, True]
    assert folded.labels().tolist() == [0, 2, 2]


def test_the_class_balance_that_the_label_model_was_told_is_still_known():
    told = replace(beliefs(), prior=np.array([0.5, 0.3, 0.2]))

    assert fold(told, [says("a", "spam")]).prior.tolist() == [0.5, 0.3, 0.2]


def test_the_posterior_given_stays_as_it_was():
    before = beliefs()

    fold(before, [says("a", "spam")])

    assert before.probs[0].tolist() == [0.6, 0.3, 0.1]
    assert not before.answered.any()


def test_a_skip_changes_nothing():
    folded = fold(beliefs(), [says("a", None), says("b", None)])

    assert folded.probs.tolist() == beliefs().probs.tolist()
    assert folded.covered.tolist() == [True, False, True]
    assert not folded.answered.any()
    assert folded.provenance["answers"]["skipped"] == 2


def test_no_answers_at_all_change_nothing():
    folded = fold(beliefs(), [])

    assert folded.probs.tolist() == beliefs().probs.tolist()
    assert counts(folded) == {"answered": 0, "annotators": 0, "skipped": 0, "disagreed": []}


def test_of_one_person_the_latest_answer_counts():
    folded = fold(
        beliefs(), [says("a", "spam", at="2024-01-02T00:00:00Z"), says("a", "ham", at="2024-01-01T00:00:00Z")]
    )

    assert folded.probs[0].tolist() == [0, 1, 0]


def test_latest_is_told_by_the_moment_not_by_the_spelling():
    # Half past one in Berlin is half past midnight in UTC; and Label Studio leaves out microseconds that are 0.
    earlier, later = "2024-01-01T01:30:00+01:00", "2024-01-01T00:45:00Z"
    folded = fold(beliefs(), [says("a", "spam", at=later), says("a", "ham", at=earlier)])
    by_microseconds = fold(
        beliefs(),
        [says("a", "spam", at="2024-01-01T00:00:00.000001Z"), says("a", "ham", at="2024-01-01T00:00:00Z")],
    )

    assert folded.probs[0].tolist() == [0, 1, 0]
    assert by_microseconds.probs[0].tolist() == [0, 1, 0]


def test_an_answer_without_a_time_is_older_than_any_with_one():
    folded = fold(beliefs(), [says("a", "ham", at=""), says("a", "spam", at="2020-01-01")])

    assert folded.probs[0].tolist() == [0, 1, 0]


def test_an_answer_that_was_later_taken_back_is_a_skip():
    answered = says("a", "spam", at="2024-01-01T00:00:00Z", number="17")
    taken_back = says("a", None, at="2024-01-02T00:00:00Z", number="17")

    assert not fold(beliefs(), [answered, taken_back]).answered.any()


def test_another_skip_does_not_take_an_answer_back():
    folded = fold(beliefs(), [says("a", "spam"), says("a", None, at="2024-01-02T00:00:00Z")])

    assert folded.answered.tolist() == [True, False, False]
    assert folded.provenance["answers"]["skipped"] == 0


def test_of_several_people_the_majority_counts():
    folded = fold(beliefs(), [says("a", "spam", "ann"), says("a", "ham", "bob"), says("a", "spam", "eve")])

    assert folded.probs[0].tolist() == [0, 1, 0]
    assert counts(folded) == {"answered": 1, "annotators": 3, "skipped": 0, "disagreed": []}


def test_one_person_who_answers_often_has_one_voice():
    often = [says("a", "spam", "ann", at=f"2024-01-0{day}") for day in (1, 2, 3)]

    folded = fold(beliefs(), [*often, says("a", "ham", "bob"), says("a", "ham", "eve")])

    assert folded.probs[0].tolist() == [1, 0, 0]


def test_an_item_on_which_people_tie_stays_as_it_was_and_is_named():
    folded = fold(beliefs(), [says("b", "spam", "ann"), says("b", "ham", "bob"), says("a", "ham", "ann")])

    assert folded.probs[1].tolist() == beliefs().probs[1].tolist()
    assert folded.covered.tolist() == [True, False, True]
    assert folded.answered.tolist() == [True, False, False]
    assert folded.provenance["answers"]["disagreed"] == ["b"]


def test_the_provenance_keeps_the_rule_and_every_vote():
    folded = fold(beliefs(), [says("a", "spam", "ann"), says("b", "ham", "ann"), says("b", "spam", "bob")])

    told = folded.provenance["answers"]
    assert (told["rule"], told["version"], told["params"]) == ("majority", 1, {})
    assert told["votes"] == {"a": {"ann": "spam"}, "b": {"ann": "ham", "bob": "spam"}}
    assert told["support"] == {"a": 1.0, "b": 0.5}
    assert told["open"] == {"b": "a tie: 1 says ham, 1 says spam"}


def test_another_rule_decides_otherwise():
    answers = [
        says("a", "spam", "ann", "2024-01-03"),
        says("a", "ham", "bob", "2024-01-01"),
        says("a", "ham", "eve", "2024-01-02"),
    ]

    labels = {rule: fold(beliefs(), answers, rule).labels()[0] for rule in ("majority", "latest")}
    expert = fold(beliefs(), answers, "expert", experts=["ann"])
    nobody = fold(beliefs(), answers, "none")

    assert labels == {"majority": 0, "latest": 1}
    assert expert.labels()[0] == 1
    assert expert.provenance["answers"]["params"] == {"experts": ["ann"]}
    assert not nobody.answered.any()


def test_no_experts_are_no_parameter():
    assert fold(beliefs(), [says("a", "spam")], "majority", experts=[]).answered.tolist() == [True, False, False]


def test_several_classes_are_folded_one_at_a_time():
    answers = [says("a", ("ham", "spam")), says("b", ()), says("c", ("other",))]
    is_spam = Posterior(np.full((3, 2), 0.5), pl.Series(["a", "b", "c"]), ("no", "yes"), np.zeros(3, bool))

    folded = fold(is_spam, for_class(answers, "spam"))

    assert folded.labels().tolist() == [1, 0, 0]


def test_several_classes_at_once_are_refused():
    with pytest.raises(AnswerError, match="ann answered .'ham', 'spam'. on item 'a' .* for_class"):
        fold(beliefs(), [says("a", ("ham", "spam"))])


def test_the_provenance_keeps_where_the_beliefs_came_from():
    assert fold(beliefs(), [says("a", "spam")]).provenance["model"] == "majority"


def test_answers_of_an_earlier_round_stay():
    folded = fold(fold(beliefs(), [says("a", "spam")]), [says("b", "other")])

    assert folded.answered.tolist() == [True, True, False]
    assert folded.labels().tolist() == [1, 2, 2]


def test_a_folded_posterior_survives_the_disk(tmp_path):
    answers = [says("a", "spam"), says("b", "ham", "ann"), says("b", "spam", "bob")]
    folded = fold(beliefs(), answers, "expert", experts=["ann", "bob"])

    folded.save(tmp_path / "posterior.parquet")

    same(Posterior.load(tmp_path / "posterior.parquet"), folded)


answers = st.lists(
    st.builds(
        says,
        item=st.sampled_from(["a", "b", "c"]),
        label=st.sampled_from([None, *CLASSES]),
        who=st.sampled_from(["ann", "bob", "eve"]),
        at=st.sampled_from(["", "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00.5Z"]),
        number=st.sampled_from(["1", "2", "3"]),
    ),
    max_size=12,
)


@given(answers, st.randoms())
def test_the_order_of_the_answers_changes_nothing(given_answers, shuffler):
    shuffled = list(given_answers)
    shuffler.shuffle(shuffled)

    same(fold(beliefs(), shuffled), fold(beliefs(), given_answers))


@given(answers)
def test_folding_the_same_answers_twice_is_folding_them_once(given_answers):
    once = fold(beliefs(), given_answers)

    same(fold(once, given_answers), once)
    same(fold(beliefs(), given_answers + given_answers), once)


@given(answers)
def test_every_item_is_believed_as_before_or_answered_with_certainty(given_answers):
    folded = fold(beliefs(), given_answers)

    assert (folded.probs[folded.answered].max(axis=1) == 1).all()
    assert (folded.probs[~folded.answered] == beliefs().probs[~folded.answered]).all()


def test_the_newest_form_of_each_annotation_is_kept_once():
    old, new = (says("a", label, at=at, number="17") for label, at in [("ham", "2024-01-01"), ("spam", "2024-01-02")])
    other = says("b", "ham", number="17")

    assert sorted(newest([new, old, other, new]), key=lambda a: a.item_id) == [new, other]


def test_an_answer_about_an_unknown_item_is_refused():
    with pytest.raises(AnswerError, match="2 of 3 items with answers are not in the posterior, first 'x'"):
        fold(beliefs(), [says("a", "ham"), says("y", "ham"), says("x", None)])


def test_an_answer_that_is_no_class_is_refused():
    with pytest.raises(AnswerError, match="bob answered 'Spam' on item 'c' .annotation 17.; the classes are ham, spam"):
        fold(beliefs(), [says("c", "Spam", "bob", number="17")])


def test_a_time_that_is_no_time_is_refused():
    with pytest.raises(AnswerError, match="annotation 17 of item 'a' was changed at 'yesterday'"):
        fold(beliefs(), [says("a", "ham", at="yesterday", number="17")])
