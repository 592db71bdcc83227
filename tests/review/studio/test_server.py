"""The embedded Label Studio, started and stopped for real."""

import json
import logging
import os
import socket
import sqlite3
import stat
import time
from contextlib import closing

import httpx
import pytest

from weaklabel.errors import ServerError
from weaklabel.review.studio import database, process, server
from weaklabel.review.studio.checks.embedded import embedded
from weaklabel.review.studio.install import executable


def migrated(path):
    """A prepared database at this path, as an earlier start left it."""
    path.parent.mkdir(parents=True)
    database.place(executable(), path)
    return path


def sql(path, statement):
    with closing(sqlite3.connect(path)) as opened, opened:
        return opened.execute(statement).fetchall()


def test_of_two_that_start_it_at_once_one_does_and_the_other_finds_it(raced):
    home, started = raced

    again = server.up(home)

    assert not again.started
    assert again == server.status(home)
    assert sum(said.startswith("True") for said in started) <= 1  # none where another worker's tests came first
    assert {said.split()[1] for said in started} == {str(again.pid)}


def test_it_listens_on_loopback_alone(quiet):
    port = f":{int(server.status(quiet).url.rpartition(':')[2]):04X}"

    with open("/proc/net/tcp") as lines:
        listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]

    assert [address for address in listening if address.endswith(port)] == ["0100007F" + port]


def test_its_secrets_are_its_owners_alone_and_stand_nowhere_else(quiet):
    secrets = {(quiet / name).read_text() for name in ("token", "password")}

    modes = {name: stat.S_IMODE((quiet / name).stat().st_mode) for name in ("token", "password", "label-studio.log")}
    said = (quiet / "label-studio.log").read_text() + (quiet / "run.json").read_text() + repr(server.status(quiet))

    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(quiet.stat().st_mode) == 0o700
    assert not any(secret in said for secret in secrets)
    assert (quiet / ".gitignore").read_text() == "*\n"


def test_it_is_closed_to_strangers_and_other_pages(quiet):
    url = server.status(quiet).url

    with httpx.Client(base_url=url, trust_env=False) as stranger:
        stranger.get("/user/signup/")
        form = {"email": "x@y.test", "password": "pass-1234-word", "csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
        sign_up = stranger.post("/user/signup/", data=form)
        elsewhere = stranger.get("/health", headers={"Origin": "http://elsewhere.test"})
        renamed = stranger.get("/health", headers={"Host": "elsewhere.test"})

    assert sign_up.status_code == 403
    assert "access-control-allow-origin" not in elsewhere.headers
    assert renamed.status_code == 400


def test_asking_for_it_in_another_way_than_it_runs_is_refused(quiet):
    url = server.status(quiet).url

    with pytest.raises(ServerError, match=f"runs already at {url}, not on port 1: stop it first with"):
        server.up(quiet, port=1)
    with pytest.raises(ServerError, match="without callbacks: stop it first"):
        server.up(quiet, callbacks=True)


def test_a_killed_server_comes_back_at_the_same_place_with_all_that_people_did(own_studio):
    url = own_studio.url
    with own_studio.client() as admin:
        admin.post("/api/projects/", json={"title": "kept"}).raise_for_status()

    own_studio.kill()
    gone = server.status(own_studio.home)
    stale = [finding.fix for finding in embedded(own_studio.home) if not finding.ok]
    own_studio.start()

    assert gone is None
    assert stale == ["run `weaklabel studio up`: what people answered is kept"]
    assert own_studio.url == url
    with own_studio.client() as admin:
        assert [project["title"] for project in admin.get("/api/projects/").json()["results"]] == ["kept"]


def test_it_stops_within_two_seconds_and_another_token_is_told_when_it_starts_again(own_studio):
    home, path = own_studio.home, own_studio.home / "data" / database.NAME

    began = time.monotonic()
    stopped = server.down(home)
    took = time.monotonic() - began
    (home / "token").write_text("f" * 40)
    with pytest.raises(ServerError, match="says 401 to the token in .*a token is taken only when the database is new"):
        server.up(home)

    assert stopped
    assert took < 2
    assert server.status(home) is None  # the start that failed left none behind, either
    assert not server.down(home)
    assert sql(path, "PRAGMA integrity_check") == [("ok",)]
    assert database.journal_mode(path) == "wal"


def test_a_note_of_a_process_whose_number_somebody_else_has_now_is_not_believed(tmp_path):
    note = {"pid": os.getpid(), "born": "before the machine was restarted", "port": 8080, "version": "1.23.2"}
    (tmp_path / "run.json").write_text(json.dumps(note))

    assert server.status(tmp_path) is None
    assert not server.down(tmp_path)
    assert not (tmp_path / "run.json").exists()


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ServerError, match=f"port {port} cannot be used: choose another with --port, or stop"):
            server.up(tmp_path / "home", port=port)
        (tmp_path / "home" / "port").write_text(str(port))
        with pytest.raises(ServerError, match=f"port {port} is where this Label Studio was before"):
            server.up(tmp_path / "home")


def test_a_database_of_a_newer_label_studio_is_left_alone(tmp_path):
    path = migrated(tmp_path / "data" / database.NAME)
    sql(path, "INSERT INTO django_migrations (app, name, applied) VALUES ('tasks', '9999_later', '2030-01-01')")

    with pytest.raises(ServerError, match="was last used by a newer Label Studio than .* knows no tasks.9999_later"):
        server.up(tmp_path)


def test_what_an_older_label_studio_left_is_copied_before_it_is_changed(tmp_path):
    path = migrated(tmp_path / "data" / database.NAME)
    sql(path, "DELETE FROM django_migrations WHERE id = (SELECT MAX(id) FROM django_migrations)")

    database.place(executable(), path)

    (copy,) = path.parent.glob("*.before-*")
    assert sql(copy, "SELECT * FROM django_migrations") == sql(path, "SELECT * FROM django_migrations")


def test_a_home_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ServerError, match="cannot write to .*file.*: choose another home"):
        server.up(tmp_path / "file" / "studio")


def test_a_damaged_database_is_told(tmp_path):
    path = migrated(tmp_path / "data" / database.NAME)
    path.write_bytes(b"no database" * 100)

    with pytest.raises(ServerError, match=r"label_studio.sqlite3 cannot be used .* put a copy from a backup"):
        server.up(tmp_path)


def test_a_database_from_elsewhere_is_set_to_let_people_write_during_an_import(tmp_path):
    path = migrated(tmp_path / "data" / database.NAME)
    sql(path, "PRAGMA journal_mode=DELETE")

    database.place(executable(), path)

    assert database.journal_mode(path) == "wal"


def test_a_server_that_dies_has_its_last_words_told(tmp_path, monkeypatch):
    program = broken(tmp_path / "environment", "echo cannot go on >&2; exit 3")
    monkeypatch.setenv("WEAKLABEL_LABEL_STUDIO", str(program))
    monkeypatch.setenv("WEAKLABEL_CACHE", str(tmp_path / "cache"))

    with pytest.raises(ServerError, match="ended while it was starting; .*label-studio.log ends: cannot go on"):
        server.up(tmp_path / "home")

    assert not (tmp_path / "home" / "run.json").exists()


def broken(folder, start):
    """An installation that prepares its database and then does this instead of starting."""
    (folder / "lib/python3.11/site-packages/label_studio-9.9.dist-info").mkdir(parents=True)
    (folder / "bin").mkdir()
    program = folder / "bin" / "label-studio"
    made = "import os, sqlite3; sqlite3.connect(os.environ['LABEL_STUDIO_BASE_DATA_DIR'] + '/label_studio.sqlite3')"
    made += ".executescript('CREATE TABLE django_migrations (app, name)')"
    program.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then exec python3 -c "{made}"; fi\n{start}\n')
    program.chmod(0o755)
    return program


def test_a_process_that_does_not_listen_is_killed_with_its_children(tmp_path):
    script = "trap '' TERM; sleep 60 & echo $! > child; echo ready; wait; wait"
    pid = process.start(["sh", "-c", script], os.environ, tmp_path, tmp_path / "log")
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.01)

    asking_was_enough = process.stop(pid, patience=0.2)

    assert not asking_was_enough
    assert process.born(pid) is None
    assert process.born(int((tmp_path / "child").read_text())) is None


def test_a_server_that_had_to_be_killed_is_said(tmp_path, caplog):
    pid = process.start(["sh", "-c", "trap '' TERM; echo ready; sleep 60"], os.environ, tmp_path, tmp_path / "log")
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    note = {"pid": pid, "born": process.born(pid), "port": 8080, "version": "1.23.2"}
    (tmp_path / "run.json").write_text(json.dumps(note))

    with caplog.at_level(logging.WARNING):
        stopped = server.down(tmp_path, patience=0.2)

    assert stopped
    assert "did not stop within 0.2 seconds and was killed" in caplog.text
