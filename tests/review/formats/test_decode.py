"""Tasks as Label Studio 1.23's API gives them; the JSON was taken from a real server and shortened."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.errors import AnswerError
from weaklabel.review.formats import remote_task

OLD = {"id": 20, "model_version": "lm-1", "created_at": "2026-11-25T10:00:00Z"}
NEW = {"id": 21, "model_version": "lm-2", "created_at": "2026-11-25T12:00:00Z"}


def region(*labels, origin=None, name="label", kind="choices"):
    made = {"id": "r", "from_name": name, "to_name": "text", "type": kind, "value": {"choices": list(labels)}}
    return made if origin is None else made | {"origin": origin}


def annotation(*labels, origin=None, **changes):
    made = {"id": 5, "completed_by": 1, "result": [region(*labels, origin=origin)], "was_cancelled": False}
    return (
        made | {"created_at": "2026-11-25T11:00:00Z", "updated_at": "2026-11-25T11:30:00Z", "lead_time": 2.5} | changes
    )


def task(*annotations, predictions=(), **data):
    return {
        "id": 9,
        "data": {"text": "hi", "wl_key": "k", "wl_item": "c-17", **data},
        "annotations": list(annotations),
        "predictions": list(predictions),
    }


def suggesting(label, prediction=OLD):
    return prediction | {"result": [region(label)]}


def test_an_answer_is_read_with_all_that_is_known_of_it():
    read = remote_task(
        task(annotation("spam", origin="prediction"), predictions=[suggesting("spam")]), {1: "ada@x.org"}
    )

    (answer,) = read.annotations
    assert (read.remote_id, read.key, read.whole, read.problems) == ("9", "k", True, ())
    assert (answer.remote_id, answer.created_at, answer.updated_at) == (
        "5",
        "2026-11-25T11:00:00Z",
        "2026-11-25T11:30:00Z",
    )
    assert (answer.key, answer.item_id, answer.label, answer.annotator) == ("k", "c-17", "spam", "ada@x.org")
    assert (answer.lead_time, answer.suggestion, answer.model_version) == (2.5, "accepted", "lm-1")


def test_whoever_has_no_name_is_called_by_number():
    (answer,) = remote_task(task(annotation("spam")), {2: "ada@x.org"}).annotations

    assert answer.annotator == "1"


def test_a_task_made_by_hand_is_nobodys():
    read = remote_task({"id": 9, "data": {"text": "hi"}, "annotations": [annotation("spam")]})

    assert (read.remote_id, read.key, read.annotations) == ("9", "", ())


def test_a_label_that_is_no_longer_offered_is_kept():
    (answer,) = remote_task(task(annotation("renamed since"))).annotations

    assert answer.label == "renamed since"


@pytest.mark.parametrize(
    ("origin", "became"), [("prediction", "accepted"), ("prediction-changed", "changed"), ("manual", "ignored")]
)
def test_the_page_says_what_became_of_the_suggestion(origin, became):
    (answer,) = remote_task(task(annotation("spam", origin=origin), predictions=[suggesting("spam")])).annotations

    assert answer.suggestion == became


@pytest.mark.parametrize(("label", "became"), [("spam", "accepted"), ("ham", "changed")])
def test_where_the_page_does_not_say_the_answer_is_compared_with_what_was_shown(label, became):
    shown = suggesting("spam")

    (copied,) = remote_task(task(annotation(label, prediction=shown))).annotations
    (listed,) = remote_task(task(annotation(label), predictions=[shown])).annotations

    assert copied.suggestion == listed.suggestion == became
    assert copied.model_version == listed.model_version == "lm-1"


@pytest.mark.parametrize("origin", [None, "manual"])
def test_without_a_suggestion_nothing_became_of_it(origin):
    (answer,) = remote_task(task(annotation("spam", origin=origin))).annotations

    assert (answer.suggestion, answer.model_version) == ("none", "")


def test_the_copy_of_what_was_shown_is_believed_before_what_is_there_now():
    shown = annotation("spam", prediction=suggesting("ham", OLD))
    nothing = annotation("spam", prediction={})

    (seen, unseen) = remote_task(task(shown, nothing, predictions=[suggesting("spam", NEW)])).annotations

    assert (seen.suggestion, seen.model_version) == ("changed", "lm-1")
    assert (unseen.suggestion, unseen.model_version) == ("none", "")


def test_a_suggestion_made_after_the_answer_was_not_seen():
    (answer,) = remote_task(task(annotation("spam"), predictions=[suggesting("spam", NEW)])).annotations

    assert (answer.suggestion, answer.model_version) == ("none", "")


def test_of_several_suggestions_the_newest_before_the_answer_was_seen_unless_the_answer_says():
    both = [suggesting("ham", NEW), suggesting("spam", OLD)]
    late = {"created_at": "2026-11-25T13:00:00Z"}

    (newest,) = remote_task(task(annotation("spam", **late), predictions=both)).annotations
    (told,) = remote_task(task(annotation("spam", parent_prediction=20, **late), predictions=both)).annotations

    assert (newest.suggestion, newest.model_version) == ("changed", "lm-2")
    assert (told.suggestion, told.model_version) == ("accepted", "lm-1")


def test_a_skip_holds_the_suggestion_and_is_no_answer():
    skip = annotation("spam", origin="prediction", was_cancelled=True)

    (read,) = remote_task(task(skip, predictions=[suggesting("spam")])).annotations

    assert read.skipped
    assert (read.label, read.suggestion, read.model_version) == (None, "ignored", "lm-1")


BROKEN = [
    (None, "annotation [?] is not as"),
    ({"id": 7}, "annotation 7 is not as .*KeyError: 'result'"),
    (annotation("spam", id=7, result="spam"), "annotation 7 is not as .*the result is str, not a list"),
    (annotation("spam", id=7, result=[region("x", kind="rating")]), "annotation 7 holds 'rating' in 'label'"),
    (annotation("spam", id=7, result=[region("x") | {"value": {}}]), "annotation 7 is not as .*'choices'"),
    (annotation("spam", id=7, result=[region("x") | {"value": {"choices": "ham"}}]), "annotation 7 .* no list"),
    (annotation("spam", "ham", id=7), "annotation 7 was answered with 2 labels at once"),
    (annotation("spam", id=7, completed_by=[]), "annotation 7 is not as"),
    (annotation("spam", id=7, prediction="lm-1"), "annotation 7 is not as"),
]


@pytest.mark.parametrize(("broken", "problem"), BROKEN)
def test_what_cannot_be_read_is_said_and_hides_no_other_answer(broken, problem):
    read = remote_task(task(annotation("spam"), broken, annotation("ham", id=8)))

    assert [answer.label for answer in read.annotations] == ["spam", "ham"]
    (said,) = read.problems
    assert said.startswith("task 9, ")
    with pytest.raises(AnswerError, match=problem):
        raise AnswerError(said)


def test_a_task_without_a_list_of_annotations_has_a_problem():
    assert remote_task(task() | {"annotations": "none"}).problems == ("task 9 has no list of annotations",)


@pytest.mark.parametrize("other", [None, [], {"id": 9}, {"data": {}}, {"id": 9, "data": "hi"}])
def test_what_is_no_task_is_refused(other):
    with pytest.raises(AnswerError, match="this is no task of Label Studio"):
        remote_task(other)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["label", "choices", "spam"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "result", "value", "choices", "from_name", "type", "prediction", "completed_by"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3), JSON)
def test_whatever_an_annotation_is_it_is_read_or_said(annotations, predictions):
    read = remote_task(task(*annotations) | {"predictions": predictions})

    assert len(read.annotations) + len(read.problems) == len(annotations)
    json.dumps([answer.label for answer in read.annotations])
