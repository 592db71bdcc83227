"""What is read was exported by a real Label Studio 1.23.2."""

import json
import shutil
from pathlib import Path

import pytest

from weaklabel.errors import AnswerError
from weaklabel.review.formats import read_export

REAL = Path(__file__).parent.parent / "data" / "label_studio_1_23_2_export.json"


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
    assert [(a.suggestion, a.model_version) for a in annotations] == [
        ("none", ""),
        ("ignored", "majority"),
        ("ignored", "majority"),
        ("accepted", "majority"),  # through the API, which does not say so: it says what was suggested
        ("changed", "majority"),
        ("accepted", "majority"),
        ("changed", "majority"),
    ]
    assert annotations[0].key == "b915573a34831e4cc80f1c9bc10677ab"
    assert annotations[0].remote_id == "9"
    assert annotations[0].created_at == "2026-11-24T16:46:28.370843Z"
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
    with pytest.raises(
        AnswerError, match=r"export.json, task 9, annotation 5 was answered with 2 labels at once: ham, spam"
    ):
        read_export(exported(tmp_path, result=[choice("ham", "spam")]))


def test_an_answer_to_another_page_is_refused(tmp_path):
    with pytest.raises(
        AnswerError, match=r"task 9, annotation 5 was answered in 'sentiment', not in 'label'.*label_config.xml"
    ):
        read_export(exported(tmp_path, result=[choice("ham", control="sentiment")]))


@pytest.mark.parametrize(
    "changes",
    [
        {"result": [{"type": "choices"}]},
        {"result": None},
        {"result": ["spam"]},
    ],
)
def test_an_annotation_out_of_shape_is_named(tmp_path, changes):
    with pytest.raises(AnswerError, match="export.json, task 9, annotation 5 is not as Label Studio gives it"):
        read_export(exported(tmp_path, **changes))


@pytest.mark.parametrize("time", ["long", -1, float("nan"), None])
def test_an_answer_counts_though_its_time_is_none(tmp_path, time):
    (annotation,) = read_export(exported(tmp_path, lead_time=time))

    assert (annotation.label, annotation.lead_time) == ("spam", None)


def test_a_label_that_stands_there_twice_is_one_answer(tmp_path):
    (annotation,) = read_export(exported(tmp_path, result=[choice("ham"), choice("ham")]))

    assert annotation.label == "ham"


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
