import os
import threading

import pytest

from weaklabel.errors import ArtefactError
from weaklabel.review.serving.current import Current

SHOWN = [{"wl_item": "a"}]


def test_a_model_that_was_saved_again_is_taken_at_the_next_request(tmp_path, posterior):
    path = tmp_path / "model.parquet"
    posterior({"a": 0.1}).save(path)
    current = Current(path)
    before = current()

    posterior({"a": 0.9}).save(path)
    after = current()

    assert [before.suggest(SHOWN)[0].label, after.suggest(SHOWN)[0].label] == ["ham", "spam"]
    assert before.version != after.version


def test_a_model_that_did_not_change_is_not_read_again(tmp_path, posterior):
    path = tmp_path / "model.parquet"
    posterior({"a": 0.1}).save(path)
    current = Current(path)

    assert current() is current()


def test_the_version_names_the_model_and_depends_on_the_content_alone(tmp_path, posterior):
    for name in ("one", "two"):
        posterior({"a": 0.1}, model="hybrid_em").save(tmp_path / name)

    one, two = Current(tmp_path / "one")(), Current(tmp_path / "two")()

    assert one.version == two.version
    assert one.version.startswith("hybrid_em ")


@pytest.mark.parametrize("spoil", ["half", "text", "gone", "folder"])
def test_a_file_that_cannot_be_used_leaves_the_model_before_and_warns_once(tmp_path, posterior, caplog, spoil):
    path = tmp_path / "model.parquet"
    posterior({"a": 0.1}).save(path)
    current = Current(path)
    before, content = current(), path.read_bytes()

    path.unlink()
    if spoil == "half":
        path.write_bytes(content[: len(content) // 2])
    elif spoil == "text":
        path.write_text("id,label\n")
    elif spoil == "folder":
        path.mkdir()
    found = [current(), current(), current()]

    assert found == [before] * 3
    assert caplog.text.count("going on with the model before") == 1


def test_after_a_spoilt_file_a_good_one_is_taken(tmp_path, posterior):
    path = tmp_path / "model.parquet"
    posterior({"a": 0.1}).save(path)
    current = Current(path)
    path.write_bytes(b"PAR1")
    current()

    posterior({"a": 0.9}).save(path)

    assert current().suggest(SHOWN)[0].label == "spam"


def test_a_file_written_in_two_steps_is_taken_when_it_is_whole(tmp_path, posterior):
    path = tmp_path / "model.parquet"
    posterior({"a": 0.9}).save(path)
    content = path.read_bytes()
    posterior({"a": 0.1}).save(path)
    current = Current(path)

    with path.open("wb") as file:
        file.write(content[:100])
        file.flush()
        half = current().suggest(SHOWN)[0].label
        file.write(content[100:])
    whole = current().suggest(SHOWN)[0].label

    assert [half, whole] == ["ham", "spam"]


def test_there_must_be_a_model_at_the_start(tmp_path):
    with pytest.raises(ArtefactError, match="cannot read .*missing"):
        Current(tmp_path / "missing.parquet")


def test_while_a_model_is_read_requests_are_answered_by_the_one_before(tmp_path):
    path, reading, go_on = tmp_path / "model", threading.Event(), threading.Event()
    path.write_text("one")

    def load(of):
        said = of.read_text()
        if said == "two":
            reading.set()
            go_on.wait(5)
        return said

    current = Current(path, load)
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    reader = threading.Thread(target=current)
    reader.start()
    reading.wait(5)
    meanwhile = current()
    go_on.set()
    reader.join(5)

    assert [meanwhile, current()] == ["one", "two"]
