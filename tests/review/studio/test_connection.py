"""Which server, which token."""

import logging

import pytest

from weaklabel.errors import ServerError
from weaklabel.review.studio import server
from weaklabel.review.studio.connection import connection


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """An environment that says nothing."""
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("from-file\n")
    path.chmod(0o600)
    return path


def test_what_is_given_comes_before_the_environment(tmp_path, token_file, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://environment.test")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "from-environment")

    assert connection("http://given.test/", token_file, tmp_path) == ("http://given.test", "from-file")
    assert connection("http://given.test", None, tmp_path) == ("http://given.test", "from-environment")
    assert connection(None, None, tmp_path) == ("http://environment.test", "from-environment")


def test_the_embedded_server_is_found_with_its_token(quiet):
    studio = server.status(quiet)

    assert connection(home=quiet) == (studio.url, studio.token_file.read_text())
    assert connection(studio.url, home=quiet) == (studio.url, studio.token_file.read_text())


def test_a_token_for_another_server_is_not_sent_to_the_embedded_one(quiet, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "for-another")

    assert connection(home=quiet)[1] == (quiet / "token").read_text()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "no Label Studio is known, and none runs in .*studio up"),
        ("http://ls.test", "there is no token for .*ls."),
    ],
)
def test_what_is_missing_is_said_with_how_to_give_it(tmp_path, url, said):
    with pytest.raises(ServerError, match=f"{said}.*LABEL_STUDIO_API_KEY"):
        connection(url, None, tmp_path)


def test_a_token_file_that_is_empty_or_gone_is_told(tmp_path, token_file):
    token_file.write_text("\n")

    with pytest.raises(ServerError, match="token is empty: put the token in it"):
        connection("http://ls.test", token_file, tmp_path)
    with pytest.raises(ServerError, match="cannot read the token in .*gone"):
        connection("http://ls.test", tmp_path / "gone", tmp_path)


def test_a_token_that_others_may_read_is_warned_of_without_showing_it(tmp_path, token_file, caplog):
    token_file.chmod(0o644)

    with caplog.at_level(logging.WARNING):
        connection("http://ls.test", token_file, tmp_path)

    assert "others may read it: run chmod 600" in caplog.text
    assert "from-file" not in caplog.text
