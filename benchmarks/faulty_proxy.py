"""A real proxy in front of a real Label Studio that loses answers, breaks connections and delivers late, as told."""

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

IMPORT = re.compile(r"/api/projects/\d+/import(\?|$)")
PATIENCE = 120.0  # seconds for the server, and for a stalled answer
OWN_HEADERS = ("host", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding")


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_import(self) -> bool:
        """It adds tasks."""
        return self.method == "POST" and IMPORT.match(self.path) is not None

    @property
    def is_write(self) -> bool:
        """It may change something."""
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class FaultyProxy:
    """A proxy on a free port of this machine.

    What happens to a request is one of

    pass         nothing out of the way;
    gateway_504  the server does it, and the client is told 504;
    drop_after   the server does it, and the connection breaks before its answer;
    drop_before  the connection breaks, and the server never hears of it;
    late         the connection breaks, and the server gets the request `pause` seconds later, or at `deliver()`;
    slow         the server gets it `pause` seconds later, and the client waits;
    stall        the server does it, and its answer is kept back: `stalled` is set, `release()` lets it go;
    leave        nothing, but from now on nobody listens: `listen()` again.

    Parameters
    ----------
    upstream
        Address of the server.
    choose
        Says what happens to a request for which nothing is ordered; by default it passes.
    pause
        Seconds; None keeps late requests until `deliver()`.

    Attributes
    ----------
    orders
        What happens to the next imports, in turn.
    counts
        Fault -> how often it happened; "import" and "write" -> how many such requests came.
    log
        Method and path of each request, in order.
    """

    def __init__(
        self, upstream: str, choose: Callable[[Request], str] = lambda _: "pass", pause: float | None = None
    ) -> None:
        self.upstream, self.choose, self.pause = urlsplit(upstream).netloc, choose, pause
        self.orders: deque[str] = deque()
        self.held: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.log: list[str] = []
        self.stalled, self.gate = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._busy = 0
        self._port = 0
        self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.leave()

    @property
    def url(self) -> str:
        """The same after `leave` and `listen`."""
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Take connections."""
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def leave(self) -> None:
        """Refuse connections."""
        self._server.shutdown()
        self._server.server_close()

    def deliver(self, only: Request | None = None) -> list[int]:
        """Let the server have what was held back; the statuses it answers, 0 where it is not there."""
        with self._lock:
            late = [request for request in self.held if only is None or request is only]
            self.held = [request for request in self.held if request not in late]
        return [0 if (answer := self.ask(request)) is None else answer.status for request in late]

    def settle(self) -> None:
        """Deliver what is held back, and wait until the server is at work on nothing."""
        self.release()
        self.deliver()
        while self._busy:
            time.sleep(0.02)

    def release(self) -> None:
        """Let the answers go that are kept back."""
        gate, self.gate = self.gate, threading.Event()
        self.stalled.clear()
        gate.set()

    def fate(self, request: Request) -> str:
        """What is to happen to this request; counted."""
        with self._lock:
            fault = self.orders.popleft() if request.is_import and self.orders else self.choose(request)
            self.log.append(f"{request.method} {request.path}")
            self.counts.update(
                [fault] + ["import"] * request.is_import + ["write"] * request.is_write,
            )
        return fault

    def hold(self, request: Request) -> None:
        """Keep a request back."""
        with self._lock:
            self.held.append(request)
        if self.pause is not None:
            timer = threading.Timer(self.pause, self.deliver, [request])
            timer.daemon = True
            timer.start()

    def ask(self, request: Request) -> Answer | None:
        """The server's answer; none where it is not there."""
        connection = HTTPConnection(self.upstream, timeout=PATIENCE)
        with self._lock:
            self._busy += 1
        try:
            connection.request(request.method, request.path, request.body or None, request.headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
            with self._lock:
                self._busy -= 1


class _Handler(BaseHTTPRequestHandler):
    """One request a connection: HTTP 1.0 towards the client, which is simple to break off."""

    proxy: FaultyProxy

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):  # a client that was killed
            super().handle_one_request()

    def _relay(self) -> None:
        proxy = self.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
        request = Request(self.command, self.path, headers | {"Accept-Encoding": "identity"}, body)
        fault = proxy.fate(request)
        if fault in ("drop_before", "late"):
            if fault == "late":
                proxy.hold(request)
            return
        if fault == "slow":
            time.sleep(proxy.pause or 0)
        answer = proxy.ask(request)
        if fault == "leave":
            proxy.leave()
        if fault == "stall":
            gate = proxy.gate
            proxy.stalled.set()
            gate.wait(PATIENCE)
        if fault == "gateway_504":
            answer = Answer(504, [("Content-Type", "text/html")], b"<h1>504 Gateway Time-out</h1>")
        if fault != "drop_after":
            self._answer(answer or Answer(502, [("Content-Type", "text/html")], b"<h1>502 Bad Gateway</h1>"))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _relay  # noqa: N815 - the names that the server looks for

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing: the counts say it."""
