"""What may be wrong with the embedded server, made wrong in its own folder."""

import json
import sqlite3
from contextlib import closing

import pytest

from weaklabel.review.studio import database
from weaklabel.review.studio.checks.embedded import embedded
from weaklabel.review.studio.install import executable


def test_a_note_of_a_process_that_is_gone(prepared):
    (prepared / "run.json").write_text(json.dumps({"pid": 2**22 + 1, "born": "1", "port": 1, "version": "1.23.2"}))

    (found,) = wrong(embedded(prepared))

    assert "speaks of a process that is gone" in found.said


def test_a_database_in_which_people_wait_for_imports(prepared):
    with closing(sqlite3.connect(prepared / "data" / database.NAME)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")

    (found,) = wrong(embedded(prepared))

    assert "'delete' mode" in found.said


def test_a_disk_that_is_nearly_full(prepared):
    (found,) = wrong(embedded(prepared, needed=2**80))

    assert found.check == "disk"


def test_secrets_that_others_may_read_and_that_are_gone(prepared):
    (prepared / "token").chmod(0o644)
    (prepared / "password").unlink()

    readable, gone = wrong(embedded(prepared))

    assert readable.fix == f"chmod 600 {prepared / 'token'}"
    assert gone.said == f"{prepared / 'password'} is gone"


@pytest.fixture
def prepared(tmp_path, studios):
    """The home of a server that does not run."""
    (tmp_path / "data").mkdir()
    database.place(executable(), tmp_path / "data" / database.NAME)
    for name in ("token", "password"):
        (tmp_path / name).touch(mode=0o600)
    return tmp_path


def wrong(findings):
    return [finding for finding in findings if not finding.ok]
