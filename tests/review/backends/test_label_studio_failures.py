"""What goes wrong on the way to a server, said so that one knows what to do, and nothing sent twice."""

import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from weaklabel.errors import InDoubtError, ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends.label_studio import LabelStudio

TOKEN = "0" * 40


@contextmanager
def gateway(target, then):
    """Between us and the server: passes requests on, and does `then(handler, answer)` with what comes back."""
    passed = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            passed.append(f"{self.command} {self.path}")
            answer = target and httpx.request(
                self.command, target + self.path, content=body, headers=headers, timeout=60, trust_env=False
            )
            then(self, answer)

        do_POST = do_GET  # noqa: N815 - the base class calls it so

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", passed
        server.shutdown()


def reply(handler, status, kind="text/html", body=b"<html></html>"):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answer_imports_with(lose):
    """Lose what the server answers to an import that it carried out."""

    def then(handler, answer):
        if handler.command == "POST" and "/import" in handler.path:
            lose(handler)
        else:
            reply(handler, answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    return then


def drop(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


LOSSES = {
    "504": lambda handler: reply(handler, 504),
    "dropped": drop,
    "cut off": lambda handler: reply(handler, 201, "application/json", b'{"task_ids": [1'),
    "late": lambda handler: (time.sleep(4), drop(handler)),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_an_import_whose_answer_is_lost_is_in_doubt_and_sent_only_once(backend, ask, studio, loss):
    tasks = [ask(i) for i in range(3)]
    place = backend.prepare(tasks)
    with gateway(studio.url, answer_imports_with(LOSSES[loss])) as (url, passed):
        through = LabelStudio(**place | {"url": url}, token=studio.token)
        through._api = StudioApi(url, studio.token, timeout=2)

        with pytest.raises(InDoubtError, match="must be looked up"):
            through.send(tasks)

    assert sum("/import" in request for request in passed) == 1
    assert len(list(backend.survey())) == 3


def test_a_read_is_tried_again_where_a_gateway_stumbles(studio):
    stumbles = iter([503, 502])

    def then(handler, answer):
        status = next(stumbles, answer.status_code)
        reply(handler, status, answer.headers.get("Content-Type", ""), answer.content)

    with gateway(studio.url, then) as (url, passed):
        users = StudioApi(url, studio.token).read("api/users/")

    assert users
    assert len(passed) == 3


def test_a_read_that_goes_on_failing_is_no_doubt_but_an_error(studio):
    with gateway(studio.url, lambda handler, _: reply(handler, 502)) as (url, _), pytest.raises(ServerError) as caught:
        StudioApi(url, studio.token).read("api/users/")

    assert not isinstance(caught.value, InDoubtError)
    assert "502" in str(caught.value)


def unused_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


def test_where_nothing_listens_a_write_was_certainly_not_done(ask):
    url = f"http://127.0.0.1:{unused_port()}"
    absent = LabelStudio(title="weaklabel: spam", url=url, token=TOKEN, project=1)

    with pytest.raises(ServerError, match=f"no Label Studio can be reached at {url}") as caught:
        absent.send([ask(0)])

    assert not isinstance(caught.value, InDoubtError)


def test_waiting_for_a_server_that_does_not_come_ends(ask):
    with pytest.raises(ServerError, match="not up after 0 s of waiting: no Label Studio can be reached"):
        StudioApi(f"http://127.0.0.1:{unused_port()}", TOKEN).wait(0.1)


def test_a_server_that_is_up_is_ready(backend):
    assert backend.ready() is None


def test_a_wrong_token_is_said_without_telling_it(studio):
    with pytest.raises(ServerError, match="does not accept the token .* copy it again") as caught:
        StudioApi(studio.url, TOKEN).read("api/projects/")

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "töken"])
def test_what_can_be_no_token_is_never_sent(studio, token):
    with pytest.raises(ServerError, match=r"the token for http://127\.0\.0\.1:\d+ is (empty|not one)") as caught:
        StudioApi(studio.url, token)

    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "localhost", "ftp://127.0.0.1", "http://"])
def test_an_address_without_its_beginning_is_refused(url):
    with pytest.raises(ServerError, match="is no address of a Label Studio"):
        StudioApi(url, TOKEN)


def test_an_address_with_a_password_is_refused_without_telling_it():
    with pytest.raises(ServerError, match="holds a name or a password") as caught:
        StudioApi("http://ada:secret@127.0.0.1:8080", TOKEN)

    assert "secret" not in str(caught.value)


def test_the_address_of_a_page_is_told_from_the_servers(studio):
    with pytest.raises(ServerError, match="answers with a web page.* give the address alone"):
        StudioApi(f"{studio.url}/projects/1", studio.token).read("api/users/")


def test_another_program_on_the_port_is_not_taken_for_label_studio(ask):
    with gateway(None, lambda handler, _: reply(handler, 200)) as (url, _):
        other = LabelStudio(title="weaklabel: spam", url=url, token=TOKEN)

        with pytest.raises(ServerError, match="answers with a web page"):
            other.prepare([ask(0)])


def test_an_address_that_has_moved_is_told_and_nothing_is_sent_there(studio):
    def move(handler, _):
        handler.send_response(302)
        handler.send_header("Location", studio.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with (
        gateway(None, move) as (url, passed),
        pytest.raises(ServerError, match=f"sends its callers on to {studio.url}"),
    ):
        StudioApi(url, studio.token).write("api/projects/", {})

    assert passed == ["POST /api/projects/"]


@pytest.mark.filterwarnings("ignore:.*parse_obj")  # the SDK's own
def test_a_personal_access_token_is_accepted(studio, annotator):
    personal = annotator("pat@weaklabel.test").said("POST", "/api/token/")["token"]

    assert StudioApi(studio.url, personal).read("api/users/")


def test_prelabels_that_an_import_lost_while_the_database_was_locked_are_given_afterwards(own_studio, ask):
    mine = LabelStudio(title="weaklabel: locked", url=own_studio.url, token=own_studio.token)
    tasks = [ask(i) for i in range(3)]
    mine.prepare(tasks)
    database = next(own_studio.home.rglob("label_studio.sqlite3"))
    lock = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    release = threading.Timer(8, lock.execute, ["ROLLBACK"])
    release.start()

    numbers = mine.send(tasks)

    release.join()
    lock.close()
    with own_studio.client() as admin:
        found = [admin.get(f"/api/tasks/{number}/").json() for number in numbers]
    assert [len(task["predictions"]) for task in found] == [1, 1, 1]
