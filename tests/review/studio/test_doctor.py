"""Each thing that may be wrong, wrong for real: one sentence, one remedy."""

import base64
import json
import socket
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.studio import process, server
from weaklabel.review.studio.doctor import doctor
from weaklabel.review.studio.environment import environment
from weaklabel.review.studio.install import executable


@pytest.fixture
def failing(studio, tmp_path):
    """The one thing that is wrong with a URL and a token."""

    def find(url=studio.url, token=studio.token, **settings):
        (wrong,) = [finding for finding in doctor(url, token, tmp_path, **settings) if not finding.ok]
        assert wrong.said
        assert wrong.fix
        assert not token or token not in f"{wrong.said} {wrong.fix}"
        return wrong

    return find


@contextmanager
def serving(handler):
    """A web server that is no Label Studio."""
    with HTTPServer(("127.0.0.1", 0), handler) as stranger:
        threading.Thread(target=stranger.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{stranger.server_address[1]}"
        stranger.shutdown()


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>a router</html>")

    def log_message(self, *args):
        pass


def jwt(**claims):
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in [*parts, b"signature"])


def test_nothing_is_wrong_with_a_server_as_it_should_be(quiet):
    studio = server.status(quiet)

    found = doctor(studio.url, studio.token_file.read_text(), quiet, writing=True)

    assert all(finding.ok for finding in found), found
    assert {finding.check for finding in found} == {
        "client", "embedded server", "disk", "database", "address", "version", "token", "callbacks", "writing",
        "pre-labels",
    }  # fmt: skip


def test_a_check_up_leaves_no_project_behind(quiet):
    studio = server.status(quiet)
    token = studio.token_file.read_text()

    doctor(studio.url, token, quiet, writing=True)

    listed = StudioApi(studio.url, token).read("api/projects/")
    assert listed["results"] == []


def test_callbacks_are_refused_until_they_are_asked_for(quiet, studio, tmp_path):
    guarded = {
        finding.check: finding for finding in doctor(server.status(quiet).url, (quiet / "token").read_text(), quiet)
    }
    lifted = {finding.check: finding for finding in doctor(studio.url, studio.token, tmp_path)}

    assert "does not call" in guarded["callbacks"].said
    assert "studio up --callbacks" in guarded["callbacks"].fix
    assert "may call" in lifted["callbacks"].said


def test_an_address_without_a_scheme(failing):
    assert failing("127.0.0.1:8080").fix == "write http://127.0.0.1:8080"
    assert failing("localhost:8080").fix == "write http://localhost:8080"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1"])
def test_an_address_that_is_none(failing, url):
    assert "is no address" in failing(url).said


def test_a_port_on_which_nothing_listens(failing):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        found = failing(f"http://127.0.0.1:{port}")

    assert found.said == f"nothing listens on port {port} of 127.0.0.1"
    assert "weaklabel studio up" in found.fix


def test_a_machine_that_does_not_exist(failing):
    assert failing("http://no-such-machine.invalid").said.startswith(("no machine of the name", "http://no-such"))


def test_a_web_server_that_is_no_label_studio(failing):
    with serving(Page) as url:
        assert failing(url).said == f"what answers at {url} is no Label Studio (status 200, text/html)"


def test_a_program_that_speaks_no_http(failing):
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def greet():
            with closing(stranger.accept()[0]) as caller:
                caller.recv(1000)
                caller.sendall(b"220 mail.test ESMTP\r\n")

        threading.Thread(target=greet, daemon=True).start()

        found = failing(f"http://127.0.0.1:{stranger.getsockname()[1]}")

    assert "speaks no HTTP" in found.said


def test_a_server_that_sends_its_callers_on(failing, studio):
    class Elsewhere(Page):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"{studio.url}{self.path}")
            self.end_headers()

    with serving(Elsewhere) as url:
        assert failing(url).fix == f"write {studio.url}"


def test_https_where_there_is_none(failing, studio):
    assert "write http://" in failing(studio.url.replace("http", "https")).fix


def test_the_address_of_a_page(failing, studio):
    found = failing(f"{studio.url}/projects/1/data")

    assert found.said == f"{studio.url}/projects/1/data is a page of Label Studio, not its top"
    assert found.fix == f"write {studio.url}"


def test_a_server_older_than_tested_fails_and_a_newer_one_is_noted(failing, studio, tmp_path):
    older = failing(tested="1.99.0")
    newer = [
        finding for finding in doctor(studio.url, studio.token, tmp_path, tested="1.9.0") if finding.check == "version"
    ]

    assert "which is newer" in older.said
    assert older.fix == "update the server to 1.99.0"
    assert newer[0].ok
    assert "which is older" in newer[0].said


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "the token is empty"),
        ("two words", "the token has blanks"),
        ("f" * 40, "the server does not know the token (Invalid token.)"),
        (jwt(token_type="access", exp=4e9), "this is an access token, which ends after five minutes"),
        (jwt(token_type="refresh", exp=1e9), "the personal access token ended on 09 September 2001"),
        (jwt(token_type="refresh", exp=4e9), "the server does not accept the personal access token (Token is invalid)"),
    ],
)
def test_a_token_that_is_wrong(failing, token, said):
    assert failing(token=token).said.startswith(said)


def test_a_personal_access_token_is_good_until_it_is_taken_back(failing, studio, annotator, tmp_path):
    person = annotator("doctor.pat@weaklabel.test")
    token = person.said("POST", "/api/token/")["token"]

    before = [finding for finding in doctor(studio.url, token, tmp_path) if not finding.ok]
    person.said("POST", "/api/token/blacklist/", {"refresh": token})

    assert before == []
    assert failing(token=token).said == "the server does not accept the personal access token (Token is blacklisted)"


def test_a_server_that_checks_no_pre_labels_and_then_one_that_takes_no_legacy_tokens(own_studio, failing, tmp_path):
    own_studio.stop()
    lax(own_studio)

    found = {finding.check: finding for finding in doctor(own_studio.url, own_studio.token, tmp_path, writing=True)}
    with own_studio.client() as admin:
        settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": False}
        admin.post("/api/jwt/settings", json=settings).raise_for_status()

    assert "takes pre-labels that the question does not offer" in found["pre-labels"].said
    assert failing(own_studio.url, own_studio.token).said == "the organization does not accept legacy tokens any more"


def lax(own):
    """Start it as by hand, with the server's own default for pre-labels."""
    flags = {"fflag_feat_utc_210_prediction_validation_15082025": "false"}
    port = own.url.rpartition(":")[2]
    command = [str(executable()), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", port]
    pid = process.start(command, environment(own.home / "data") | flags, own.home, own.home / "label-studio.log")
    note = {"pid": pid, "born": process.born(pid), "port": int(port), "version": "1.23.2"}
    (own.home / "run.json").write_text(json.dumps(note))
    server.up(own.home)  # waits until it answers
