"""Where the program comes from."""

import socket

import pytest

from weaklabel.errors import ServerError
from weaklabel.review.studio.install import VERSION, executable, version_of


@pytest.fixture
def no_index(monkeypatch):
    """A package index that refuses connections."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, url)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_NO_CACHE", "1")


def test_the_environment_says_which_version_it_holds(studios):
    assert version_of(executable()) == VERSION


def test_a_program_of_ones_own_is_used(tmp_path, monkeypatch):
    program = tmp_path / "label-studio"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("WEAKLABEL_LABEL_STUDIO", str(program))

    assert executable() == program
    with pytest.raises(
        ServerError, match="does not lie in an environment that holds label-studio: set WEAKLABEL_LABEL"
    ):
        version_of(executable())


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_what_is_no_program_is_told(tmp_path, monkeypatch, name):
    monkeypatch.setenv("WEAKLABEL_LABEL_STUDIO", str(tmp_path / name))

    with pytest.raises(ServerError, match=r"which is no program: set it to the bin/label-studio of an environment"):
        executable()


def test_without_a_package_index_the_error_says_so_and_nothing_half_made_stays(tmp_path, monkeypatch, no_index):
    monkeypatch.delenv("WEAKLABEL_LABEL_STUDIO", raising=False)
    monkeypatch.setenv("WEAKLABEL_CACHE", str(tmp_path))

    with pytest.raises(ServerError, match=f"cannot install label-studio=={VERSION} .*index cannot be reached"):
        executable()

    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_cache_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("WEAKLABEL_LABEL_STUDIO", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("WEAKLABEL_CACHE", str(tmp_path / "file" / "cache"))

    with pytest.raises(ServerError, match="cannot write to .*file/cache"):
        executable()
