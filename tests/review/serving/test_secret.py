import stat
import threading

import pytest

from weaklabel.errors import ServerError
from weaklabel.review.serving.secret import secret


def test_the_first_use_makes_a_secret_that_only_its_owner_can_read(tmp_path):
    path = tmp_path / "deep" / "secret"

    first, again = secret(path, {}), secret(path, {})

    assert first == again
    assert len(first) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_two_places_have_two_secrets(tmp_path):
    assert secret(tmp_path / "a", {}) != secret(tmp_path / "b", {})


def test_all_who_start_at_once_get_one_secret(tmp_path):
    found, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        found.append(secret(tmp_path / "secret", {}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_environment_comes_before_the_file(tmp_path):
    found = secret(tmp_path / "secret", {"WEAKLABEL_SECRET": "from-the-environment"})

    assert found == "from-the-environment"
    assert not (tmp_path / "secret").exists()


def test_a_short_secret_is_refused_without_telling_it(tmp_path):
    with pytest.raises(ServerError, match="WEAKLABEL_SECRET has 6 characters; it needs at least 16") as told:
        secret(tmp_path / "secret", {"WEAKLABEL_SECRET": "hunter"})

    assert "hunter" not in str(told.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "secret"
    secret(path, {})
    path.chmod(mode)

    with pytest.raises(ServerError, match="others can read the secret in .*chmod 600"):
        secret(path, {})


def test_an_emptied_file_is_refused(tmp_path):
    path = tmp_path / "secret"
    secret(path, {})
    path.write_text("")

    with pytest.raises(ServerError, match="has 0 characters"):
        secret(path, {})


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ServerError, match="cannot be made or read: "):
        secret(tmp_path / "file" / "secret", {})
