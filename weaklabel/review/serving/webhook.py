"""Hear from Label Studio that somebody answered, and wake the puller.

A webhook is sent once, waits one second and is then lost, so nothing is learned from it but that it is time to pull;
what was missed comes with the next pull.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weaklabel.errors import ServerError
from weaklabel.review.serving.api import CALLBACKS, Api, blocked, remove
from weaklabel.review.serving.http import HEADER, Route, application
from weaklabel.review.serving.running import LOOPBACK, listens, running, stoppable
from weaklabel.review.serving.waking import Waker

if TYPE_CHECKING:
    from starlette.applications import Starlette

PORT = 9091
LARGEST = 16 * 2**20  # bytes; one event holds one task with its answers
WEBHOOK = "api/webhooks/{id}/"
ACTIONS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED", "TASKS_DELETED")
log = logging.getLogger(__name__)


def listen(
    wake: Callable[[], object],
    *,
    secret: str,
    host: str = LOOPBACK,
    port: int = PORT,
    interval: float = 30.0,
    api: Api | None = None,
    project: int | None = None,
    url: str = "",
    ready: Callable[[str], object] = lambda url: None,
) -> None:
    """Call `wake` within a second of each event, and every `interval` seconds without any, until SIGTERM or Ctrl-C.

    Parameters
    ----------
    wake
        Called in one thread, never twice at once; bursts of events count as one. Its errors are logged, and it is
        tried again.
    secret
        What Label Studio must show.
    host, port
        Where to listen; port 0 takes a free one.
    interval
        Seconds, positive.
    api, project
        Where to register while it listens; nowhere by default. Where Label Studio refuses, a warning says why, and
        `wake` is called every `interval` seconds all the same.
    url
        What Label Studio shall call, where that is not `host` and `port` (behind a proxy, from a container).
    ready
        Called with the URL once it listens.

    Raises
    ------
    ServerError
        The port is in use, the secret is too easy, the interval is not positive, or the server cannot be reached.
    """
    waker = Waker(wake, interval)
    with (
        stoppable() as wait,
        running(receiver(waker.nudge, secret), host, port) as found,
        registered(api, project, url or found, secret),
        waker,
    ):
        ready(found)
        wait()


def receiver(nudge: Callable[[], object], secret: str) -> "Starlette":
    """The application: any event (POST to any of / and /webhook) is answered at once, and nudges."""

    def event(_: Mapping[str, Any]) -> Mapping[str, Any]:
        nudge()
        return {}

    return application([Route("POST", "/", event), Route("POST", "/webhook", event)], secret, LARGEST)


@contextmanager
def registered(api: Api | None, project: int | None, url: str, secret: str) -> Iterator[None]:
    """Registered while the block runs: a webhook that nobody hears would only delay people's answers."""
    if api is None or project is None:
        yield
        return
    if reason := register(api, project, url, secret):
        log.warning("%s; until then answers are looked for at intervals alone", reason)
    try:
        yield
    finally:
        try:
            unregister(api, project, url)
        except ServerError as error:
            log.warning("the webhook to %s could not be removed from project %s: %s", url, project, error)


def register(api: Api, project: int, url: str, secret: str) -> str:
    """See that the project calls `url` when answers or tasks come, change or go.

    Returns
    -------
    str
        Empty; or why the server refused, and what to do: polling goes on without it.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses for another reason than the address.
    """
    wanted = {
        "url": url,
        "headers": {HEADER: secret},
        "actions": list(ACTIONS),
        "send_for_all_actions": False,
        "send_payload": False,
        "is_active": True,
    }
    known = hooks(api, project, url)
    try:
        if not known:
            api.write("api/webhooks/", {"project": project, **wanted})
        elif not _same(known[0], wanted):
            api.write(WEBHOOK.format(id=known[0]["id"]), wanted, "PATCH")
    except ServerError as error:
        if blocked(error):
            return CALLBACKS
        raise
    remove(api, lambda: hooks(api, project, url)[1:], WEBHOOK)
    for left in _unheard(api, project, secret) - {url}:
        unregister(api, project, left)
    return ""


def _unheard(api: Api, project: int, secret: str) -> set[str]:
    """Where listeners of ours that were killed listened on this machine: calls to them only delay people's answers."""
    found = api.read("api/webhooks/", project=project)
    ours = {hook["url"] for hook in found if (hook.get("headers") or {}).get(HEADER) == secret}
    return {url for url in ours if not listens(url)}


def unregister(api: Api, project: int, url: str) -> int:
    """Remove every webhook of the project that calls `url`; how many there were.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses.
    """
    return remove(api, lambda: hooks(api, project, url), WEBHOOK)


def hooks(api: Api, project: int, url: str) -> list[Mapping[str, Any]]:
    """The project's webhooks that call `url`, the oldest first."""
    found = api.read("api/webhooks/", project=project)
    return sorted((hook for hook in found if hook["url"] == url), key=lambda hook: hook["id"])


def _same(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    ours = {**wanted, "actions": sorted(wanted["actions"])}
    return {name: sorted(known[name]) if name == "actions" else known.get(name) for name in wanted} == ours
