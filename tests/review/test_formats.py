"""What is written is judged by Label Studio's own SDK; what is read was exported by a real Label Studio 1.23.2."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface import LabelInterface

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import Page, read_export

REAL = Path(__file__).parent / "data" / "label_studio_1_23_2_export.json"
STRANGE = ('say "yes"', "it's", "a & b", "<none>", "naïve 日本", "7", " pad ", "x;y,z", "]]>", "-")


def task(data, classes=("ham", "spam"), label=None, votes=None, item="c-17"):
    prelabel = Prelabel(label, 0.75, "majority") if label else None
    return Task("0123456789abcdef" * 2, item, data, classes, prelabel, votes or {}, 3)


def judged(*tasks):
    """The encoded tasks, once Label Studio's SDK has found nothing wrong with them or with their page."""
    page = Page.of(tasks)
    judge = LabelInterface(page.label_config())
    judge.validate()
    encoded = [page.encode(one) for one in tasks]
    for one in encoded:
        assert judge.validate_task({"data": one["data"]})
        assert [judge.validate_prediction(prediction, return_errors=True) for prediction in one["predictions"]] in (
            [],
            [[]],
        )
    return judge, encoded


def test_a_text_task_as_label_studio_imports_it():
    _, (encoded,) = judged(task({"text": "Win a prize"}, label="spam", votes={"prize": "spam"}))

    assert encoded == {
        "data": {
            "text": "Win a prize",
            "wl_key": "0123456789abcdef0123456789abcdef",
            "wl_item": "c-17",
            "wl_rank": 3,
            "wl_votes": "<table cellpadding='4'><tr><th>labeling function</th><th>vote</th></tr>"
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


def test_the_judge_does_refuse_a_label_that_is_not_offered():
    page = Page.of([task({"text": "hi"})])
    wrong = page.encode(task({"text": "hi"}, label="neither"))["predictions"][0]

    assert LabelInterface(page.label_config()).validate_prediction(wrong, return_errors=True)


def test_several_texts_each_have_a_heading():
    judge, _ = judged(task({"title": "Fox", "body": "The quick brown fox"}, label="ham"))

    assert [(obj.tag, obj.value) for obj in judge.objects] == [
        ("Text", "$title"),
        ("Text", "$body"),
        ("HyperText", "$wl_votes"),
    ]
    assert '<Header value="body"' in judge.config


def test_one_text_needs_no_heading():
    judge, _ = judged(task({"text": "hi"}))

    assert "<Header" not in judge.config


def test_numbers_stand_in_a_table():
    judge, (encoded,) = judged(task({"radius": 1.5, "area": 7, "ok": True, "gap": None, "tags": ["é"]}, label="ham"))

    assert [obj.tag for obj in judge.objects] == ["Table", "HyperText"]
    assert encoded["data"]["wl_row"] == {"radius": "1.5", "area": "7", "ok": "true", "gap": "", "tags": '["é"]'}
    assert encoded["predictions"][0]["result"][0]["to_name"] == "wl_row"


def test_text_beside_numbers_stays_text():
    judge, (encoded,) = judged(task({"amount": 912.4, "text": "hi"}, label="spam"))

    assert [obj.tag for obj in judge.objects] == ["Text", "Table", "HyperText"]
    assert encoded["data"]["text"] == "hi"
    assert encoded["data"]["wl_row"] == {"amount": "912.4"}


@pytest.mark.parametrize("name", ["my note", "größe", "wl_key", "label", "a.b", "9lives", "a-b"])
def test_a_field_whose_name_label_studio_cannot_refer_to_stands_in_the_table(name):
    _, (encoded,) = judged(task({name: "hi"}, label="ham"))

    assert encoded["data"]["wl_row"] == {name: "hi"}
    assert encoded["data"]["wl_key"] == "0123456789abcdef0123456789abcdef"


def test_a_missing_text_is_an_empty_one():
    _, encoded = judged(task({"text": None}), task({"text": "hi"}))

    assert [one["data"]["text"] for one in encoded] == ["", "hi"]


def test_classes_with_strange_names_are_offered_as_they_are():
    judge, encoded = judged(*(task({"text": "hi"}, STRANGE, label) for label in STRANGE))

    assert tuple(judge.get_control("label").labels) == STRANGE
    assert [one["predictions"][0]["result"][0]["value"]["choices"] for one in encoded] == [[name] for name in STRANGE]


def test_the_first_ten_classes_have_the_digits_as_hotkeys():
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


def test_a_script_in_a_vote_is_shown_not_run():
    _, (encoded,) = judged(task({"text": "hi"}, votes={"<script>alert(1)</script>": '"><img onerror=x>'}))

    assert "<script" not in encoded["data"]["wl_votes"]
    assert "&lt;script&gt;alert(1)" in encoded["data"]["wl_votes"]
    assert "<img" not in encoded["data"]["wl_votes"]


def test_a_real_export_is_read_right():
    annotations = read_export(REAL)

    assert [(a.item_id, a.label, a.annotator, a.lead_time) for a in annotations] == [
        ("m6", "ham", "1", 6.765),  # chosen without a suggestion
        ("m5", None, "1", 4.652),  # skipped, with the suggestion "spam" stored in it
        ("m4", None, "1", None),  # submitted with nothing chosen, and a draft that says "ham"
        ("m3", "spam", "1", 2.0),  # two people
        ("m3", "ham", "2", 3.0),
        ("m1", "spam", "1", 2.709),  # the suggestion accepted
        ("m2", "spam", "1", 11.531),  # the suggestion "ham" changed
    ]
    assert annotations[1].skipped
    assert annotations[0].key == "b915573a34831e4cc80f1c9bc10677ab"
    assert annotations[0].remote_id == "9@2026-11-24T16:46:28.370843Z"
    assert annotations[0].updated_at == "2026-11-24T16:46:28.370977Z"


def exported(tmp_path, **changes):
    """An export of one task with one annotation, changed."""
    region = {"id": "r", "from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["spam"]}}
    annotation = {"id": 5, "completed_by": 1, "result": [region], "was_cancelled": False, **changes}
    data = {"text": "hi", "wl_key": "k", "wl_item": "c-17"}
    return written(tmp_path, [{"id": 9, "data": data, "annotations": [annotation]}])


def written(tmp_path, content):
    path = tmp_path / "export.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def choice(*labels, control="label", kind="choices"):
    return {"id": "r", "from_name": control, "to_name": "text", "type": kind, "value": {"choices": list(labels)}}


@pytest.mark.parametrize(
    ("completed_by", "annotator"),
    [(7, "7"), ({"id": 7, "email": "ann@example.com"}, "ann@example.com"), ({"id": 7}, "7"), (None, "unknown")],
)
def test_who_answered_comes_as_a_number_or_as_a_record(tmp_path, completed_by, annotator):
    (annotation,) = read_export(exported(tmp_path, completed_by=completed_by))

    assert annotation.annotator == annotator


def test_notes_beside_the_answer_are_ignored(tmp_path):
    note = {"from_name": "note", "to_name": "text", "type": "textarea", "value": {"text": ["unsure"]}}
    other = choice("easy", control="difficulty")

    (annotation,) = read_export(exported(tmp_path, result=[note, choice("ham"), other]))

    assert annotation.label == "ham"


def test_an_answer_without_times_is_still_an_answer(tmp_path):
    (annotation,) = read_export(exported(tmp_path))

    assert (annotation.label, annotation.updated_at, annotation.lead_time) == ("spam", "", None)


def test_two_labels_at_once_are_refused(tmp_path):
    with pytest.raises(AnswerError, match=r"export.json, task 9 was answered with 2 labels at once: ham, spam"):
        read_export(exported(tmp_path, result=[choice("ham", "spam")]))


def test_an_answer_to_another_page_is_refused(tmp_path):
    with pytest.raises(AnswerError, match=r"task 9 was answered in 'sentiment', not in 'label'.*label_config.xml"):
        read_export(exported(tmp_path, result=[choice("ham", control="sentiment")]))


@pytest.mark.parametrize("changes", [{"result": [{"type": "choices"}]}, {"result": None}, {"result": ["spam"]}])
def test_an_annotation_out_of_shape_names_its_task(tmp_path, changes):
    with pytest.raises(AnswerError, match="export.json, task 9 is not as Label Studio exports it"):
        read_export(exported(tmp_path, **changes))


def test_a_project_that_was_not_made_from_our_tasks_is_refused(tmp_path):
    path = written(tmp_path, [{"id": 9, "data": {"text": "hi"}, "annotations": []}])

    with pytest.raises(AnswerError, match=r"task 9 has no wl_key and wl_item in its data"):
        read_export(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([{"id": 1, "text": "hi", "label": "ham", "annotator": 1, "annotation_id": 1}], "seems to be in .* JSON_MIN"),
        ([{"data": {"wl_key": "k"}, "predictions": []}], "holds tasks to import, which nobody has answered"),
        ([{"data": {"wl_key": "k"}}], "holds tasks without annotations"),
        ([1, 2], "is a list of int, not of tasks"),
        ({"images": [], "categories": []}, "is not a list of tasks .COCO, perhaps."),
        ('"annotation_id","label"\n1,"ham"\n', "is not JSON .CSV, perhaps.; line 1"),
        ("id\tlabel\n1\tham\n", "is not JSON .CSV, perhaps."),
        ('[{"id": 1, "annotations": [{"id"', "is cut off or damaged; line 1"),
        ("", "is not JSON"),
    ],
)
def test_another_format_is_recognised_and_the_right_one_asked_for(tmp_path, content, problem):
    with pytest.raises(AnswerError, match=f'(?s)export.json {problem}.* export the project again .*"JSON"'):
        read_export(written(tmp_path, content))


def test_a_truncated_real_export_is_refused_wherever_it_was_cut(tmp_path):
    whole = REAL.read_text(encoding="utf-8").rstrip()

    for length in range(1, len(whole), 997):
        with pytest.raises(AnswerError, match="is cut off or damaged"):
            read_export(written(tmp_path, whole[:length]))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AnswerError, match="cannot read .*nowhere.json"):
        read_export(tmp_path / "nowhere.json")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "export.json"
    path.write_bytes(b"\xff\xfe[\x00]\x00")

    with pytest.raises(AnswerError, match="cannot read .*export.json"):
        read_export(path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    copy = tmp_path / "export.json"
    shutil.copy(REAL, copy)
    copy.write_bytes(b"\xef\xbb\xbf" + copy.read_bytes())

    assert read_export(copy) == read_export(REAL)


def test_an_export_of_nothing_holds_no_answers(tmp_path):
    assert read_export(written(tmp_path, [])) == []
