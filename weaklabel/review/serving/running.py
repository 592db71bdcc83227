"""Run an application on a port until somebody stops it."""

import ipaddress
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from weaklabel.errors import ServerError

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = "127.0.0.1"
ENOUGH = 5.0  # seconds for the requests in hand when it stops
AT_ONCE = 64  # connections; more are answered 503
log = logging.getLogger(__name__)


@contextmanager
def running(app: Any, host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve an ASGI application in a thread while the block runs; gives its URL.

    Parameters
    ----------
    app
        The application.
    host
        Address to listen on; any but a loopback address is warned of, because nothing is encrypted.
    port
        0 takes a free one.

    Raises
    ------
    ServerError
        The port is in use or not allowed, or there is no such address.
    """
    if not is_loopback(host):
        log.warning("listening on %s, where others can connect; nothing is encrypted: put a TLS proxy in front", host)
    with _bound(host, port) as listening:
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([listening],), name="weaklabel-http", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield _url(listening)
        finally:
            server.should_exit = True
            thread.join(ENOUGH + 1)


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """While the block runs, a first SIGTERM or SIGINT (Ctrl-C) only ends the wait that it gives; for the main thread.

    So what the block has begun is undone in good order, also where the signal comes before the wait. A second signal
    does what it always does.
    """
    stopped = threading.Event()
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        stopped.set()
        restore()

    before |= {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: _wait(stopped)
    finally:
        restore()


def _wait(stopped: threading.Event) -> None:
    while not stopped.wait(1.0):  # a wait without end cannot be interrupted on every system
        pass


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def listens(url: str) -> bool:
    """Whether something listens at a URL on this machine; of other machines it is taken for granted."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or ""):
        return True
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=1.0):
            return True
    except OSError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port < 2**16:  # the system would take the rest of a division
        raise ServerError(f"port {port} is none: ports go from 1 to 65535, and 0 takes a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ServerError(f"{host!r}, port {port}, is no address of this machine: {error}") from error
    listening = socket.socket(family, kind, protocol)
    try:
        # So that it can start again at once: connections of its last run may still be closing.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise ServerError(
            f"cannot listen on {host}, port {port} ({error.strerror}): stop what uses it, "
            "or choose another port; 0 takes a free one"
        ) from error
    return listening


def _server(app: Any) -> "uvicorn.Server":
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=int(ENOUGH),
    )
    return uvicorn.Server(config)


def _wait_until_started(server: "uvicorn.Server", thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise ServerError("the HTTP server did not start; the log says why")
        time.sleep(0.005)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
