"""The kinds of question beside the single choice, judged by Label Studio's own SDK."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import Page, remote_task
from weaklabel.review.formats.images import marked
from weaklabel.review.formats.sides import left_of

GRADES = ("0", "1", "2", "3", "4")
TOPICS = ("billing", "praise", "cancel")
URL = "https://example.com/a.png"


def task(data, classes, kind="choice", label=None, key="k" * 32, votes=None):
    prelabel = None if label is None else Prelabel(label, 0.75, "m")
    return Task(key, "c-17", data, classes, prelabel, votes or {}, kind=kind)


def control(judge):
    return ET.fromstring(judge.config).find(".//Choices")


def suggested(encoded):
    return encoded["predictions"][0]["result"][0]["value"]["choices"]


def answered(encoded, *chosen, **changes):
    """The task as it comes back, answered so."""
    region = {"id": "r", "from_name": "label", "to_name": "x", "type": "choices", "value": {"choices": list(chosen)}}
    annotation = {"id": 5, "completed_by": 1, "result": [region] if chosen else [], **changes}
    (back,) = remote_task({"id": 9, "annotations": [annotation], **encoded}).annotations
    return back


def test_several_choices_can_be_chosen_and_none(judged):
    judge, (encoded,) = judged(task({"text": "hi"}, TOPICS, "choices", ("billing", "cancel")))

    assert control(judge).attrib["choice"] == "multiple"
    assert control(judge).attrib["required"] == "false"
    assert suggested(encoded) == ["billing", "cancel"]
    assert encoded["data"]["wl_kind"] == "choices"
    assert "billing, cancel (probability 75 % for the least certain class)" in encoded["data"]["wl_votes"]


def test_that_none_of_several_applies_can_be_suggested(judged):
    _, (encoded,) = judged(task({"text": "hi"}, TOPICS, "choices", ()))

    assert encoded["predictions"] == [{"model_version": "m", "score": 0.75, "result": []}]
    assert "none of them (probability" in encoded["data"]["wl_votes"]


def test_several_choices_come_back_sorted_so_that_equal_answers_are_equal(judged):
    _, (encoded,) = judged(task({"text": "hi"}, TOPICS, "choices"))

    assert answered(encoded, "praise", "billing").label == answered(encoded, "billing", "praise").label
    assert answered(encoded, "praise", "billing").label == ("billing", "praise")
    assert answered(encoded, "praise").label == ("praise",)


def test_that_none_applies_is_an_answer_and_a_skip_is_not(judged):
    _, (encoded,) = judged(task({"text": "hi"}, TOPICS, "choices", ("billing",)))

    assert answered(encoded).label == ()
    assert not answered(encoded).skipped
    assert answered(encoded, "billing", was_cancelled=True).skipped


@pytest.mark.parametrize(
    ("label", "chosen", "became"),
    [((), (), "accepted"), ((), ("billing",), "changed"), (("billing",), (), "changed")],
)
def test_an_empty_suggestion_can_be_accepted_and_changed(judged, label, chosen, became):
    _, (encoded,) = judged(task({"text": "hi"}, TOPICS, "choices", label))

    assert answered(encoded, *chosen).suggestion == became


def test_a_search_result_shows_the_query_first_and_asks_about_the_document(judged):
    judge, (encoded,) = judged(task({"query": "red shoes", "body": "Shoes"}, GRADES, "grade", "3"))

    assert [obj.value for obj in judge.objects] == ["$query", "$body", "$wl_votes"]
    assert control(judge).attrib["toName"] == "body"
    assert suggested(encoded) == ["3"]
    assert answered(encoded, "4").label == "4"


def test_a_grade_is_typed_as_it_reads(judged):
    judge, _ = judged(task({"query": "q", "body": "d"}, GRADES, "grade"))

    assert {choice.get("value"): choice.get("hotkey") for choice in control(judge)} == {
        grade: grade for grade in GRADES
    }


def test_classes_that_are_no_digits_are_numbered_from_one(judged):
    judge, _ = judged(task({"query": "q", "body": "d"}, ("bad", "good"), "grade"))

    assert [choice.get("hotkey") for choice in control(judge)] == ["1", "2"]


@pytest.mark.parametrize(
    ("data", "about"),
    [
        ({"q": "shoes", "price": 12.5}, "wl_row"),
        ({"q": "shoes", "photo": URL, "price": 12.5}, "photo"),
        ({"q": URL, "title": "Shoes"}, "title"),
        ({"the query": "shoes", "title": "Shoes"}, "title"),
    ],
)
def test_a_grade_is_about_what_is_not_the_query_whatever_it_is(judged, data, about):
    judge, _ = judged(task(data, GRADES, "grade", "0"))

    assert control(judge).attrib["toName"] == about


def test_a_comparison_stands_side_by_side_and_its_fields_are_not_named(judged):
    judge, (encoded,) = judged(task({"gpt": "A", "human": "B"}, ("a", "same", "b"), "pairwise", "a"))

    assert [obj.value for obj in judge.objects] == ["$wl_left_text", "$wl_right_text", "$wl_votes"]
    assert [choice.get("value") for choice in control(judge)] == ["left", "same", "right"]
    assert "gpt" not in judge.config
    assert {encoded["data"]["wl_left_text"], encoded["data"]["wl_right_text"]} == {"A", "B"}


@pytest.mark.parametrize("key", [f"key{n}" for n in range(8)])
def test_what_is_suggested_and_chosen_of_a_pair_follows_it_to_its_side(judged, key):
    pair = task(
        {"one": "A", "two": "B"}, ("a", "same", "b"), "pairwise", "b", key, votes={"longer": "a", "judge": "same"}
    )

    _, (encoded,) = judged(pair)

    side = "left" if encoded["data"]["wl_left_text"] == "B" else "right"
    other = {"left": "right", "right": "left"}[side]
    assert suggested(encoded) == [side]
    assert f"<td>longer</td><td>{other}</td>" in encoded["data"]["wl_votes"]
    assert "<td>judge</td><td>same</td>" in encoded["data"]["wl_votes"]
    assert answered(encoded, side).label == "b"
    assert answered(encoded, other).label == "a"
    assert answered(encoded, "same").label == "same"
    assert answered(encoded, side).suggestion == "accepted"
    assert answered(encoded, other).suggestion == "changed"


def test_each_side_is_as_likely_for_either():
    left = [left_of(f"key {n}") for n in range(10_000)]

    assert abs(left.count("a") - 5000) < 250  # five standard deviations of 50


def test_what_stands_before_a_pair_is_shown_above_it(judged):
    judge, (encoded,) = judged(task({"question": "Why?", "one": "A", "two": "B"}, ("a", "b"), "pairwise"))

    assert [obj.value for obj in judge.objects] == ["$question", "$wl_left_text", "$wl_right_text", "$wl_votes"]
    assert [choice.get("value") for choice in control(judge)] == ["left", "right"]
    assert encoded["data"]["question"] == "Why?"


def test_two_images_can_be_compared(judged):
    judge, _ = judged(task({"one": URL, "two": URL + "?v=2"}, ("a", "b"), "pairwise", "a"))

    assert [obj.tag for obj in judge.objects] == ["Image", "Image", "HyperText"]


@pytest.mark.parametrize("kind", ["grade", "pairwise"])
def test_one_field_can_be_neither_graded_nor_compared(kind):
    with pytest.raises(AnswerError, match=f"a {kind} question shows at least two fields; item 'c-17' has 1"):
        Page.of([task({"text": "hi"}, ("a", "b"), kind)])


def test_a_comparison_has_its_own_classes():
    with pytest.raises(AnswerError, match="answered with a, same, b, not with 'better'"):
        Page.of([task({"one": "A", "two": "B"}, ("a", "better"), "pairwise")]).label_config()


@pytest.mark.parametrize(
    "url",
    [URL, "http://example.com/x/b.JPEG?size=2", "/data/upload/1/a.webp", "data:image/png;base64,iVBORw0KGgo="],
)
def test_a_field_of_image_addresses_is_shown_as_images(judged, url):
    judge, (encoded,) = judged(task({"photo": url, "caption": "A cat"}, ("cat", "dog"), label="cat"))

    assert [(obj.tag, obj.name) for obj in judge.objects][:2] == [("Image", "photo"), ("Text", "caption")]
    assert encoded["data"]["photo"] == url
    assert control(judge).attrib["toName"] == "photo"


@pytest.mark.parametrize(
    "url", ["https://example.com/page.html", "javascript:alert(1)//a.png", "photos/a.png", "//x/a.png"]
)
def test_an_address_that_may_be_of_no_image_stays_text(judged, url):
    judge, _ = judged(task({"photo": url}, ("cat", "dog")))

    assert next(iter(judge.objects)).tag == "Text"


def test_one_value_that_is_no_image_leaves_the_field_a_text(judged):
    judge, _ = judged(*(task({"photo": url}, ("cat", "dog")) for url in (URL, "none taken")))

    assert next(iter(judge.objects)).tag == "Text"


def test_a_chosen_image_needs_no_ending(judged):
    judge, (encoded,) = judged(task({"photo": marked("https://example.com/image?id=4")}, ("cat", "dog"), label="dog"))

    assert next(iter(judge.objects)).tag == "Image"
    assert encoded["data"]["photo"] == "https://example.com/image?id=4"


@pytest.mark.parametrize("value", [None, "none taken", "javascript:alert(1)"])
def test_an_item_without_its_image_is_named(value):
    page = Page.of([task({"photo": URL}, ("cat", "dog"))])

    with pytest.raises(AnswerError, match="item 'c-17' has no image in 'photo' but"):
        page.encode(task({"photo": value}, ("cat", "dog")))


QUESTIONS = [
    task({"text": "hi"}, ("ham", "spam")),
    task({"text": "hi", "n": 1, "größe": "x"}, ("ham", "spam")),
    task({"photo": URL, "text": "hi"}, TOPICS, "choices"),
    task({"query": "q", "body": "d", "price": 2}, GRADES, "grade"),
    task({"query": "q", "price": 2}, GRADES, "grade"),
    task({"the query": "q", "body": "d"}, GRADES, "grade"),
    task({"question": "?", "one": "A", "two": "B"}, ("a", "same", "b"), "pairwise"),
    task({"one": URL, "two": URL}, ("a", "b"), "pairwise"),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_can_be_kept_as_json(question):
    page = Page.of([question])

    assert Page.from_json(page.to_json()) == page


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_is_known_again_by_what_was_written(question):
    page = Page.of([question])

    again = Page.stored(page.encode(question)["data"], page.label_config())

    assert again.label_config() == page.label_config()
    assert again.encode(question) == page.encode(question)


@pytest.mark.parametrize("config", ["<View>", "<View/>"])
def test_a_config_that_was_damaged_is_said(config):
    with pytest.raises(AnswerError, match="label_config.xml .*: restore it"):
        Page.stored({"text": "hi"}, config)


def test_blind_and_shown_tasks_stand_on_one_page():
    shown = task({"one": "A", "two": "B"}, ("a", "b"), "pairwise", "a")
    blind = replace(shown, blind=True)

    assert Page.of([shown, blind]) == Page.of([blind, shown])
