import json
import os
from dataclasses import replace

import pytest

from weaklabel import plugins
from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.protocols import AnnotationBackend
from weaklabel.review import pull as journal_pull
from weaklabel.review import push as journal_push
from weaklabel.review.backends.local_file import LocalFile
from weaklabel.review.journal import Journal
from weaklabel.testing import answer_from_gold


def task(n, text="Win a prize", classes=("ham", "spam"), **data):
    prelabel = Prelabel("spam", 0.75, "majority")
    return Task(f"key{n}", f"c-{n}", data or {"text": f"{text} {n}"}, classes, prelabel, {"prize": "spam"}, n)


def push(backend, tasks):
    with Journal(backend.folder) as journal:
        return journal_push.push(tasks, journal, backend).new


def pull(backend):
    with Journal(backend.folder) as journal:
        journal_pull.pull(journal, backend)
        return journal.annotations()


def stored(folder, name="tasks.json"):
    return [one["data"]["wl_key"] for one in json.loads((folder / name).read_text(encoding="utf-8"))]


def answer(folder, name, key="key1", label="spam", at="2024-01-01T00:00:00Z", **changes):
    region = {"id": "r", "from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
    annotation = {"id": 1, "completed_by": 1, "result": [region], "created_at": "2024", "updated_at": at, **changes}
    data = {"wl_key": key, "wl_item": key.replace("key", "c-")}
    (folder / name).write_text(json.dumps([{"id": 1, "data": data, "annotations": [annotation]}]))


def test_the_backend_is_found_by_its_file_name(tmp_path):
    backend: AnnotationBackend = plugins.build("backend", "local_file", folder=tmp_path)

    assert "local_file" in plugins.names("backend")
    assert push(backend, [task(1)]) == 1


def test_a_push_makes_the_folder_with_tasks_and_page(tmp_path):
    folder = tmp_path / "new" / "folder"

    assert push(LocalFile(folder), [task(1), task(2)]) == 2

    made = {name for name in os.listdir(folder) if not name.startswith("journal")}
    assert made == {"label_config.xml", "tasks.json"}
    assert stored(folder) == ["key1", "key2"]
    assert '<Choice value="spam" hotkey="2" />' in (folder / "label_config.xml").read_text()


def test_the_same_push_again_adds_nothing_and_touches_nothing(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1), task(2)])
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("[tl]*")}

    assert push(backend, [task(2), task(1)]) == 0

    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("[tl]*")} == before


def test_a_later_push_adds_what_is_new_and_writes_it_apart(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1), task(2)])

    assert push(backend, [task(2), task(3), task(4)]) == 2

    assert stored(tmp_path) == ["key1", "key2", "key3", "key4"]
    assert stored(tmp_path, "tasks-from-3.json") == ["key3", "key4"]


def test_a_task_there_stays_as_it_was_pushed(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])

    push(backend, [replace(task(1), rank=99, prelabel=None), task(2)])

    first = json.loads((tmp_path / "tasks.json").read_text())[0]
    assert first["data"]["wl_rank"] == 1
    assert first["predictions"][0]["result"][0]["value"] == {"choices": ["spam"]}


def test_a_task_given_twice_is_asked_once(tmp_path):
    assert push(LocalFile(tmp_path), [task(1), task(1)]) == 1

    assert stored(tmp_path) == ["key1"]


def test_pushing_nothing_makes_nothing(tmp_path):
    assert push(LocalFile(tmp_path / "folder"), []) == 0

    assert not (tmp_path / "folder" / "tasks.json").exists()


def test_find_says_which_tasks_are_there(tmp_path):
    backend = LocalFile(tmp_path)

    assert backend.find(["key1"]) == {}

    push(backend, [task(1), task(2)])
    assert backend.find(["key2", "key3"]) == {"key2": "key2"}


def test_an_edited_page_is_kept(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    config = tmp_path / "label_config.xml"
    edited = config.read_text().replace("<View>", '<View><Header value="Is it spam?"/>')
    config.write_text(edited)

    assert push(backend, [task(2)]) == 1

    assert config.read_text() == edited


def test_a_field_stays_where_the_first_push_put_it(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1, note=None, size=None)])

    push(backend, [task(2, note="hello", size=3)])

    assert [one["data"]["wl_row"]["size"] for one in json.loads((tmp_path / "tasks.json").read_text())] == ["", "3"]


def test_other_fields_need_another_folder(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    before = (tmp_path / "tasks.json").read_bytes()

    with pytest.raises(AnswerError, match="item 'c-2' shows title; the tasks before it show text"):
        push(backend, [task(2, title="x")])

    assert (tmp_path / "tasks.json").read_bytes() == before


def test_other_classes_need_another_folder(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])

    with pytest.raises(AnswerError, match="item 'c-2' may be 'eggs'; the tasks before it offer ham, spam"):
        push(backend, [task(2, classes=("ham", "eggs"))])


@pytest.mark.parametrize("content", ['[{"data": {"wl_key"', '{"data": 1}', "[1]", '[{"data": {}}]'])
def test_damaged_tasks_are_never_overwritten(tmp_path, content):
    (tmp_path / "tasks.json").write_text(content)

    with pytest.raises(AnswerError, match="tasks.json is not as weaklabel wrote it"):
        push(LocalFile(tmp_path), [task(1)])

    assert (tmp_path / "tasks.json").read_text() == content


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("<View>")])
def test_a_page_that_is_gone_or_broken_is_said(tmp_path, damage):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    damage(tmp_path / "label_config.xml")

    with pytest.raises(AnswerError, match="label_config.xml"):
        push(backend, [task(2)])


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    before = (tmp_path / "tasks.json").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AnswerError, match="cannot write .*: No space left on device"):
        push(backend, [task(2)])

    assert (tmp_path / "tasks.json").read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    assert {one.key for one in Journal(tmp_path).ledger.tasks("in_flight")} == {"key2"}  # the next push looks


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "taken").write_text("")

    with pytest.raises(AnswerError, match="cannot write"):
        LocalFile(tmp_path / "taken").send([task(1)])


def test_before_anybody_answers_there_are_no_answers(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])

    assert pull(backend) == []


def test_answers_are_read_from_every_export_under_its_own_name_or_label_studios(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1), task(2)])
    answer(tmp_path, "export-1.json", "key1")
    answer(tmp_path, "project-4-at-2026-11-24-16-46-102e663c.json", "key2", "ham")

    assert {(a.item_id, a.label) for a in pull(backend)} == {("c-1", "spam"), ("c-2", "ham")}


def test_an_answer_that_two_exports_hold_comes_once_as_it_was_last_changed(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    answer(tmp_path, "export-b.json", label="spam", at="2024-01-01T00:00:00Z")
    answer(tmp_path, "export-a.json", label="ham", at="2024-01-02T00:00:00Z")

    assert [a.label for a in pull(backend)] == ["ham"]


def test_an_answer_that_was_later_skipped_is_a_skip(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    answer(tmp_path, "export-1.json", at="2024-01-01T00:00:00Z")
    answer(tmp_path, "export-2.json", at="2024-01-02T00:00:00Z", was_cancelled=True)

    (annotation,) = pull(backend)

    assert annotation.skipped


def test_the_export_of_another_project_is_refused(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1)])
    answer(tmp_path, "export.json", "key7")

    with pytest.raises(AnswerError, match=r"export.json answers a question about item 'c-7' that tasks.json does not"):
        pull(backend)


def test_what_was_pushed_comes_back_answered(tmp_path):
    backend = LocalFile(tmp_path)
    push(backend, [task(1), task(2)])
    answer_from_gold(tmp_path, {"c-1": "ham", "c-2": "spam"})

    assert [(a.key, a.item_id, a.label) for a in pull(backend)] == [("key1", "c-1", "ham"), ("key2", "c-2", "spam")]
