"""Make Label Studio ask our model, without hiding the pre-labels that were pushed.

When somebody opens a task, Label Studio asks a model only if the project's model version is the model's title, and it
shows predictions of the version alone that the model then says it has. So our model bears the project's model version
as its title: pushed pre-labels of that version stay the ones on record, and open tasks show what our model says now.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from weaklabel.errors import ServerError
from weaklabel.review.serving.api import CALLBACKS, Api, blocked, remove
from weaklabel.review.serving.running import listens
from weaklabel.review.serving.waking import Waker
from weaklabel.review.serving.webhook import unregister

TITLE = "weaklabel serve"  # where the project has no model version to be called by; pre-labels are never signed so
USER = "weaklabel"
CONNECTION = "api/ml/{id}"
ASKED = 0.3  # seconds within which a server that asks our model for its state has saved what it heard
SILENT = ("DI", "ER")  # disconnected, error: the server then asks it for nothing
FOLLOW = 10.0  # seconds; each push sets another model version
log = logging.getLogger(__name__)


@contextmanager
def connected(api: Api | None, project: int | None, url: str, secret: str, follow: float = FOLLOW) -> Iterator[None]:
    """Connected while the block runs, under the project's model version even where that changes.

    A model that is down hides every pre-label of its project, so it is disconnected at the end.

    Raises
    ------
    ServerError
        The server cannot be reached, or does not call our address.
    """
    if api is None or project is None:
        yield
        return
    if reason := connect(api, project, url, secret):
        raise ServerError(reason)
    try:
        with Waker(lambda: _follow(api, project, url, secret), follow):
            yield
    finally:
        try:
            disconnect(api, project, url)
        except ServerError as error:
            log.warning("the model at %s could not be disconnected from project %s: %s", url, project, error)


def connect(api: Api, project: int, url: str, secret: str) -> str:
    """See that the project asks the model at `url` for predictions; the model must answer already.

    Models of ours at other addresses are disconnected: Label Studio asks only the oldest of a project's models.

    Returns
    -------
    str
        Empty; or why it does not, and what to do.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses for another reason.
    """
    connections = _connections(api, project)
    if others := [known["url"] for known in connections if known["basic_auth_user"] != USER]:
        return (
            f"project {project} is connected to the model at {others[0]}, and Label Studio asks only one: disconnect "
            "it in the project's settings (Model), then try again"
        )
    for stale in {known["url"] for known in connections} - {url}:
        disconnect(api, project, stale)
    try:
        _write(api, project, url, secret, next((known for known in connections if known["url"] == url), None))
    except ServerError as error:
        if blocked(error):
            return CALLBACKS
        raise
    remove(api, lambda: _at(api, project, url)[1:], CONNECTION, ASKED)
    # Label Studio adds a webhook of every event, without the secret; nothing is learned from it.
    unregister(api, project, _hook(url))
    return ""


def silent(api: Api, project: int) -> list[str]:
    """The addresses of models that the project is connected to and that do not answer it.

    While one is connected, no task of the project shows a pre-label.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses.
    """
    return [known["url"] for known in _silent(api, project)]


def revive(api: Api, project: int) -> list[str]:
    """Disconnect models of ours that ended without doing so, so that pre-labels show again; what was found, in words.

    One that somebody else connected, or that runs elsewhere, is only told of.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses.
    """
    said = []
    for known in _silent(api, project):
        url = known["url"]
        hides = f"the model at {url} does not answer, and so no task of project {project} showed its pre-label"
        if known["basic_auth_user"] == USER and not listens(url):
            disconnect(api, project, url)
            said.append(f"{hides}: it is disconnected now, and `weaklabel review serve` connects it again")
        else:
            said.append(f"{hides}: start it, or disconnect it in the project's settings (Model)")
    return said


def disconnect(api: Api, project: int, url: str) -> int:
    """Remove every connection of the project to the model at `url`, and its webhook; how many there were.

    Raises
    ------
    ServerError
        The server cannot be reached, or refuses.
    """
    known, version = _at(api, project, url), _version(api, project)
    gone = remove(api, lambda: _at(api, project, url), CONNECTION, ASKED)
    unregister(api, project, _hook(url))
    if known:
        _show(api, project, known[0]["model_version"] if version == TITLE else version)
    return gone


def _write(api: Api, project: int, url: str, secret: str, known: Mapping[str, Any] | None) -> None:
    # All of it in every case: the server's check of a part fails for want of the rest.
    wanted = {
        "project": project,
        "url": url,
        "title": _version(api, project) or TITLE,
        "description": "Pre-labels from weaklabel, as its model stands now.",
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": USER,
        "basic_auth_pass": secret,
        "is_interactive": False,
    }
    if known is None:
        api.write("api/ml", wanted)
    else:
        api.write(CONNECTION.format(id=known["id"]), wanted, "PATCH")


def _follow(api: Api, project: int, url: str, secret: str) -> None:
    """Connect again where the title is not the project's model version; not where somebody removed the connection.

    Looked up each time rather than remembered: a server that just asks for our state writes the old title back.
    """
    version = _version(api, project)
    titles = {known["title"] for known in _at(api, project, url)}
    if version and titles and titles != {version} and (reason := connect(api, project, url, secret)):
        raise ServerError(reason)


def _show(api: Api, project: int, version: str | None) -> None:
    """Show the predictions of a version, if there are any: with a model, its title may go from the project."""
    if _version(api, project) == version:
        return
    try:
        api.write(f"api/projects/{project}/", {"model_version": version or ""}, "PATCH")
    except ServerError:  # it never predicted anything
        api.write(f"api/projects/{project}/", {"model_version": ""}, "PATCH")


def _version(api: Api, project: int) -> str:
    return str(api.read(f"api/projects/{project}/")["model_version"] or "")


def _connections(api: Api, project: int) -> list[Mapping[str, Any]]:
    return sorted(api.read("api/ml", project=project), key=lambda known: known["id"])


def _silent(api: Api, project: int) -> list[Mapping[str, Any]]:
    # The server asks each model for its state before it lists them.
    return [known for known in _connections(api, project) if known["state"] in SILENT]


def _at(api: Api, project: int, url: str) -> list[Mapping[str, Any]]:
    return [known for known in _connections(api, project) if known["url"] == url]


def _hook(url: str) -> str:
    return f"{url.rstrip('/')}/webhook"
