"""A page of single choices and its tasks, judged by Label Studio's own SDK."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface import LabelInterface

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import Page

STRANGE = ('say "yes"', "it's", "a & b", "<none>", "naïve 日本", "7", " pad ", "x;y,z", "]]>", "-")


def task(data, classes=("ham", "spam"), label=None, votes=None, item="c-17"):
    prelabel = Prelabel(label, 0.75, "majority") if label else None
    return Task("0123456789abcdef" * 2, item, data, classes, prelabel, votes or {}, 3)


def test_a_text_task_as_label_studio_imports_it(judged):
    _, (encoded,) = judged(task({"text": "Win a prize"}, label="spam", votes={"prize": "spam"}))

    assert encoded == {
        "data": {
            "text": "Win a prize",
            "wl_key": "0123456789abcdef0123456789abcdef",
            "wl_item": "c-17",
            "wl_rank": 3,
            "wl_votes": "<p>Suggested by majority: spam (probability 75 %)</p>"
            "<table cellpadding='4'><tr align='left'><th>labeling function</th><th>vote</th></tr>"
            "<tr><td>prize</td><td>spam</td></tr></table>",
        },
        "meta": {"wl_key": "0123456789abcdef0123456789abcdef", "wl_item": "c-17"},
        "predictions": [
            {
                "model_version": "majority",
                "score": 0.75,
                "result": [
                    {
                        "id": "0123456789",
                        "from_name": "label",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["spam"]},
                    }
                ],
            }
        ],
    }


def test_a_long_text_scrolls_above_the_choices_and_what_is_missing_is_asked_for_in_words(judged):
    judge, _ = judged(task({"text": "Win a prize"}))

    scrolling, choices, _ = ET.fromstring(judge.config)

    assert "overflow-y: auto" in scrolling.get("style")
    assert [field.tag for field in scrolling] == ["Text"]
    assert choices.get("requiredMessage") == "Choose an answer, or skip the task."


def test_nothing_scrolls_out_of_sight_below_an_image(judged):
    judge, _ = judged(task({"picture": "https://example.com/a.png", "text": "Win a prize"}))

    shown = [field.tag for field in ET.fromstring(judge.config)]

    assert shown == ["Header", "Image", "Header", "Text", "Choices", "Collapse"]


def test_the_judge_does_refuse_a_label_that_is_not_offered():
    page = Page.of([task({"text": "hi"})])
    wrong = page.encode(task({"text": "hi"}, label="neither"))["predictions"][0]

    assert LabelInterface(page.label_config()).validate_prediction(wrong, return_errors=True)


def test_several_texts_each_have_a_heading(judged):
    judge, _ = judged(task({"title": "Fox", "body": "The quick brown fox"}, label="ham"))

    assert [(obj.tag, obj.value) for obj in judge.objects] == [
        ("Text", "$title"),
        ("Text", "$body"),
        ("HyperText", "$wl_votes"),
    ]
    assert '<Header value="body"' in judge.config


def test_one_text_needs_no_heading(judged):
    judge, _ = judged(task({"text": "hi"}))

    assert "<Header" not in judge.config


def test_numbers_stand_in_a_table(judged):
    judge, (encoded,) = judged(task({"radius": 1.5, "area": 7, "ok": True, "gap": None, "tags": ["é"]}, label="ham"))

    assert [obj.tag for obj in judge.objects] == ["Table", "HyperText"]
    assert encoded["data"]["wl_row"] == {"radius": "1.5", "area": "7", "ok": "true", "gap": "", "tags": '["é"]'}
    assert encoded["predictions"][0]["result"][0]["to_name"] == "wl_row"


def test_text_beside_numbers_stays_text(judged):
    judge, (encoded,) = judged(task({"amount": 912.4, "text": "hi"}, label="spam"))

    assert [obj.tag for obj in judge.objects] == ["Text", "Table", "HyperText"]
    assert encoded["data"]["text"] == "hi"
    assert encoded["data"]["wl_row"] == {"amount": "912.4"}


@pytest.mark.parametrize("name", ["my note", "größe", "wl_key", "label", "a.b", "9lives", "a-b"])
def test_a_field_whose_name_label_studio_cannot_refer_to_stands_in_the_table(judged, name):
    _, (encoded,) = judged(task({name: "hi"}, label="ham"))

    assert encoded["data"]["wl_row"] == {name: "hi"}
    assert encoded["data"]["wl_key"] == "0123456789abcdef0123456789abcdef"


def test_a_missing_text_is_an_empty_one(judged):
    _, encoded = judged(task({"text": None}), task({"text": "hi"}))

    assert [one["data"]["text"] for one in encoded] == ["", "hi"]


def test_classes_with_strange_names_are_offered_as_they_are(judged):
    judge, encoded = judged(*(task({"text": "hi"}, STRANGE, label) for label in STRANGE))

    assert tuple(judge.get_control("label").labels) == STRANGE
    assert [one["predictions"][0]["result"][0]["value"]["choices"] for one in encoded] == [[name] for name in STRANGE]


def test_the_first_ten_classes_have_the_digits_as_hotkeys(judged):
    classes = tuple(f"class {i}" for i in range(12))

    judge, _ = judged(task({"text": "hi"}, classes))

    hotkeys = [label.attr.get("hotkey") for label in judge.get_control("label").labels_attrs.values()]
    assert hotkeys == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", None, None]


@pytest.mark.parametrize("name", ["$100", "costs $x", "bell\x07", "two\nlines"])
def test_a_class_that_label_studio_would_garble_is_refused_before_anybody_answers(name):
    with pytest.raises(AnswerError, match="cannot show the class"):
        Page.of([task({"text": "hi"}, ("ham", name))]).label_config()


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_no_vote_can_act_as_html(votes):
    page = Page(("text",), (), ("ham", "spam"))

    shown = page.encode(task({"text": "hi"}, votes=votes))["data"]["wl_votes"]

    cells = shown.count("<t") - 1
    assert cells == 3 + 3 * len(votes)  # a heading row and a row per vote, of two cells each
    assert shown.count("<") == 2 * (cells + 1)


def test_a_script_in_a_vote_is_shown_not_run(judged):
    _, (encoded,) = judged(task({"text": "hi"}, votes={"<script>alert(1)</script>": '"><img onerror=x>'}))

    assert "<script" not in encoded["data"]["wl_votes"]
    assert "&lt;script&gt;alert(1)" in encoded["data"]["wl_votes"]
    assert "<img" not in encoded["data"]["wl_votes"]


def test_the_panel_says_what_is_suggested_by_whom_and_how_sure_before_the_votes(judged):
    _, (encoded,) = judged(task({"text": "hi"}, label="spam", votes={"prize": "spam"}))

    assert encoded["data"]["wl_votes"].startswith("<p>Suggested by majority: spam (probability 75 %)</p><table")


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(1.0, "100 %"), (0.99999, "over 99.9 %"), (0.9, "90 %"), (0.61803, "61.8 %"), (0.0001, "under 0.1 %")],
)
def test_no_suggestion_is_called_certain_that_is_not(probability, shown):
    sure = replace(task({"text": "hi"}), prelabel=Prelabel("spam", probability, "m"))

    assert f"(probability {shown})" in Page.of([sure]).encode(sure)["data"]["wl_votes"]


def test_a_model_whose_name_is_html_is_shown_not_run():
    evil = replace(task({"text": "hi"}), prelabel=Prelabel("<i>", 0.5, "<script>x</script>"))

    panel = Page.of([evil]).encode(evil)["data"]["wl_votes"]

    assert "<script" not in panel
    assert "<i>" not in panel


def test_a_blind_task_gives_nothing_away(judged):
    blind = replace(task({"text": "hi"}, label="spam", votes={"prize": "spam"}), blind=True)

    _, (encoded,) = judged(blind)

    assert encoded["predictions"] == Page.of([blind]).prediction(blind) == []
    assert encoded["data"]["wl_votes"] == "<p>Shown without a suggestion.</p>"
    assert encoded["data"]["wl_blind"] is True
    assert "spam" not in str(encoded)
    assert "majority" not in str(encoded)


def test_the_predictions_alone_are_those_of_the_task():
    one = task({"text": "hi"}, label="spam")
    page = Page.of([one])

    assert page.prediction(one) == page.encode(one)["predictions"]


def test_a_question_of_another_kind_needs_another_place():
    page = Page.of([task({"text": "hi"})])

    with pytest.raises(AnswerError, match="item 'c-17' is asked by 'choices', the tasks before it by 'choice'"):
        page.encode(replace(task({"text": "hi"}), kind="choices"))


def test_no_tasks_have_no_page():
    with pytest.raises(AnswerError, match="there is no task"):
        Page.of([])
