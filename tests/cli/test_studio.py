"""`weaklabel studio`, on a real server."""

import os

import pytest

from weaklabel.errors import ServerError
from weaklabel.review.studio import server
from weaklabel.review.studio.install import executable


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where a studio may be started; it is stopped afterwards. Nothing in the environment speaks of another."""
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    yield tmp_path / "studio"
    server.down(tmp_path / "studio")


@pytest.fixture
def installable():
    try:
        executable()
    except ServerError as error:
        if os.environ.get("WEAKLABEL_REQUIRE_LABEL_STUDIO") == "1":
            raise
        pytest.skip(f"no Label Studio: {error}")


def test_a_studio_is_started_found_checked_and_stopped(weaklabel, home, installable):
    started = weaklabel(f"studio up --home {home}")
    again = weaklabel(f"studio up --home {home}")
    runs = weaklabel(f"studio status --home {home}")
    checked = weaklabel(f"studio doctor --home {home} --writing")
    stopped = weaklabel(f"studio down --home {home}")

    url = started.partition("open      ")[2].split()[0]
    assert url.startswith("http://127.0.0.1:")
    assert "started" in started
    assert "runs already" in again
    assert url in again
    assert url in runs
    assert f"ok    address: Label Studio answers at {url}" in checked
    assert "FAIL" not in checked
    assert stopped == "Label Studio stopped\n"
    token = (home / "token").read_text()
    assert token not in started + again + runs + checked


def test_where_none_runs_that_is_said(weaklabel, home):
    assert weaklabel(f"studio down --home {home}") == f"no Label Studio runs in {home}\n"
    weaklabel(f"studio status --home {home}", code=1)


def test_a_check_up_that_finds_something_wrong_fails(capsys, home):
    from weaklabel.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["studio", "doctor", "--home", str(home)])

    assert stopped.value.code == 1
    assert "FAIL  connection: no Label Studio is known" in capsys.readouterr().out


def test_an_error_is_one_line(weaklabel, home, monkeypatch):
    monkeypatch.setenv("WEAKLABEL_LABEL_STUDIO", "/nowhere/label-studio")

    said = weaklabel(f"studio up --home {home}", code=1)

    assert said.startswith("error: WEAKLABEL_LABEL_STUDIO is /nowhere/label-studio, which is no program")
    assert len(said.splitlines()) == 1
