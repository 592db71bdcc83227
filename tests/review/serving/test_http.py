import base64
import json
import logging
import socket
import threading

import httpx
import pytest

from weaklabel.errors import AnswerError, ServerError
from weaklabel.review.serving.http import Route, application, knows
from weaklabel.review.serving.running import is_loopback, running

SECRET = "s3cret-of-the-tests-0123456789"


def echo(asked):
    return {"said": asked}


def refuse(asked):
    raise AnswerError("item 'c-17' is no task\nand more")


def break_down(asked):
    raise KeyError("token-of-the-owner")


@pytest.fixture(scope="module")
def url():
    routes = [Route("GET", "/up", echo), Route("POST", "/echo", echo), Route("POST", "/refuse", refuse)]
    routes += [Route("POST", "/break", break_down)]
    with running(application(routes, SECRET, largest=1000)) as found:
        yield found


@pytest.fixture
def client(url):
    with httpx.Client(base_url=url, trust_env=False, headers={"X-Weaklabel-Secret": SECRET}) as connected:
        yield connected


def raw(url, head, body=b""):
    """What the server answers to bytes, and whether it then closes the connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"X-Weaklabel-Secret": SECRET},
        {"Authorization": "Basic " + base64.b64encode(f"anybody:{SECRET}".encode()).decode()},
    ],
    ids=["bearer", "header", "basic"],
)
def test_the_secret_opens_as_bearer_token_as_header_and_as_password(url, headers):
    answer = httpx.post(f"{url}/echo", json={"a": 1}, headers=headers, trust_env=False)

    assert (answer.status_code, answer.json()) == (200, {"said": {"a": 1}})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": SECRET},
        {"Authorization": f"Token {SECRET}"},
        {"X-Weaklabel-Secret": ""},
        {"X-Weaklabel-Secret": SECRET[:-1]},
        {"Authorization": "Basic not-base64!"},
        {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
        {"Authorization": "Bearer x", "X-Weaklabel-Secret": SECRET},
    ],
)
def test_a_missing_or_wrong_secret_gets_401_for_every_route(url, headers):
    answers = [httpx.get(f"{url}/up", headers=headers, trust_env=False)]
    answers += [httpx.post(f"{url}/echo", json={}, headers=headers, trust_env=False)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == {"error": "the secret is missing or wrong"}


def test_foreign_letters_in_the_secret_shown_are_a_wrong_secret():
    assert not knows({"x-weaklabel-secret": "schlüssel"}, SECRET)


@pytest.mark.parametrize("body", ["", "{", "nonsense", "[" * 100_000, '{"a": ' + "9" * 5000 + "}", b"\xff\xfe"])
def test_a_body_that_is_not_json_gets_400(body):
    with running(application([Route("POST", "/echo", echo)], SECRET)) as url:
        answer = httpx.post(f"{url}/echo", content=body, headers={"X-Weaklabel-Secret": SECRET}, trust_env=False)

    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]


def test_json_that_is_no_object_gets_400(client):
    answer = client.post("/echo", json=[1, 2])

    assert (answer.status_code, answer.json()["error"]) == (400, "the body is a list, not a JSON object")


def test_a_body_over_the_limit_gets_413_and_one_at_the_limit_is_read(client):
    exact = json.dumps({"a": "x" * 991})

    at_limit, over = client.post("/echo", content=exact), client.post("/echo", content=exact + " ")

    assert len(exact) == 1000
    assert (at_limit.status_code, over.status_code) == (200, 413)
    assert over.json()["error"] == "the body has more than 1000 bytes"


def test_a_body_of_ten_gigabytes_is_refused_before_it_is_sent(url):
    head = f"POST /echo HTTP/1.1\nHost: x\nX-Weaklabel-Secret: {SECRET}\nContent-Length: 10000000000\n\n"

    answer = raw(url, head)

    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_in_chunks_is_refused_once_it_passes_the_limit(url):
    head = f"POST /echo HTTP/1.1\nHost: x\nX-Weaklabel-Secret: {SECRET}\nTransfer-Encoding: chunked\n\n"

    answer = raw(url, head, b"258\r\n" + b"x" * 600 + b"\r\n258\r\n" + b"x" * 600 + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 413")


def test_a_large_body_without_the_secret_is_not_read_either(url):
    head = "POST /echo HTTP/1.1\nHost: x\nContent-Length: 10000000000\n\n"

    answer = raw(url, head)

    assert answer.startswith(b"HTTP/1.1 401")


def test_a_body_that_does_not_arrive_is_given_up(url, monkeypatch):
    monkeypatch.setattr("weaklabel.review.serving.http.PATIENCE", 0.2)
    head = f"POST /echo HTTP/1.1\nHost: x\nX-Weaklabel-Secret: {SECRET}\nContent-Length: 10\n\n"

    answer = raw(url, head, b"12345")

    assert answer.startswith(b"HTTP/1.1 408")


def test_a_caller_who_hangs_up_in_mid_body_is_forgotten(url, client, caplog):
    host, port = url.removeprefix("http://").split(":")
    head = f"POST /echo HTTP/1.1\r\nHost: x\r\nX-Weaklabel-Secret: {SECRET}\r\nContent-Length: 10\r\n\r\n12345"
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.encode())

    answer = client.post("/echo", json={})

    assert answer.status_code == 200
    assert caplog.text == ""


def test_unknown_paths_and_methods_are_told_in_json(client):
    unknown, method = client.get("/nothing"), client.get("/echo")

    assert (unknown.status_code, method.status_code) == (404, 405)
    assert "error" in unknown.json()
    assert "error" in method.json()


def test_an_error_of_ours_is_told_in_its_first_line(client):
    answer = client.post("/refuse", json={})

    assert (answer.status_code, answer.json()) == (400, {"error": "item 'c-17' is no task"})


def test_another_error_tells_nothing_and_the_next_request_is_answered(client, caplog):
    broken, next_one = client.post("/break", json={}), client.post("/echo", json={})

    assert (broken.status_code, next_one.status_code) == (500, 200)
    assert "token-of-the-owner" not in broken.text
    assert "/break failed" in caplog.text


def test_neither_bodies_nor_secrets_are_logged(client, caplog):
    caplog.set_level(logging.DEBUG, logger="weaklabel")
    caplog.set_level(logging.DEBUG, logger="uvicorn")

    client.post("/echo", json={"access_token": "token-of-the-owner"})
    client.post("/refuse", json={"access_token": "token-of-the-owner"})
    client.post("/echo", content='{"access_token": "token-of-the-owner"')

    assert "/refuse could not be answered" in caplog.text
    assert "token-of-the-owner" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("secret", ["", "short", "x" * 20 + " y", "schlüssel" * 4])
def test_an_easy_secret_is_refused_and_not_told(secret):
    with pytest.raises(ServerError) as told:
        application([], secret)

    assert not secret or secret not in str(told.value)


def test_a_port_in_use_is_told_with_the_way_out(url):
    port = int(url.rpartition(":")[2])

    with pytest.raises(ServerError, match=f"port {port} .*in use.*0 takes a free one"), running(object(), port=port):
        pass


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70_000), ("203.0.113.7", 0)])
def test_an_address_that_is_not_ours_is_told(host, port):
    with (
        pytest.raises(ServerError, match="no address of this machine|cannot listen|port 70000 is none"),
        running(object(), host, port),
    ):
        pass


def test_loopback_is_the_default_and_anything_else_is_warned_of(caplog):
    app = application([Route("GET", "/up", echo)], SECRET)

    with running(app) as inside:
        quiet = caplog.text
    with running(app, "0.0.0.0") as outside:
        pass

    assert inside.startswith("http://127.0.0.1:")
    assert outside.startswith("http://0.0.0.0:")
    assert quiet == ""
    assert "nothing is encrypted" in caplog.text


@pytest.mark.parametrize(
    ("host", "alone"), [("localhost", True), ("127.0.0.5", True), ("::1", True), ("0.0.0.0", False), ("::", False),
                        ("192.168.1.5", False), ("studio.example", False)]
)  # fmt: skip
def test_loopback_addresses_are_known(host, alone):
    assert is_loopback(host) is alone


def test_a_request_in_hand_is_answered_before_it_stops():
    begun, go_on, answers = threading.Event(), threading.Event(), []

    def slow(asked):
        begun.set()
        go_on.wait(5)
        return {"done": True}

    with running(application([Route("GET", "/slow", slow)], SECRET)) as url:
        headers = {"X-Weaklabel-Secret": SECRET}
        ask = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{url}/slow", headers=headers, trust_env=False).json())
        )
        ask.start()
        begun.wait(5)
        threading.Timer(0.3, go_on.set).start()
    ask.join(5)

    assert answers == [{"done": True}]


def test_a_stopped_service_leaves_its_port_free():
    app = application([Route("GET", "/up", echo)], SECRET)
    with running(app) as first:
        httpx.get(f"{first}/up", trust_env=False)
    port = int(first.rpartition(":")[2])

    with running(app, port=port) as second:
        assert second == first
