"""How the server behaves where that depends on its settings."""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from weaklabel.errors import ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends._studio_project import key_of
from weaklabel.review.serving.connecting import silent
from weaklabel.review.studio._http import LOOPBACK
from weaklabel.review.studio.checks.finding import Finding

CONFIG = (
    '<View><Text name="text" value="$text"/>'
    '<Choices name="label" toName="text"><Choice value="yes"/><Choice value="no"/></Choices></View>'
)


def through_client(url: str, token: str) -> Finding:
    """Whether Label Studio's own client gets the same answer."""
    try:
        StudioApi(url, token, timeout=30).read("api/current-user/whoami")
    except ServerError as error:
        fix = "see whether a proxy stands between (HTTP_PROXY, NO_PROXY), and whether pip check complains"
        return Finding("client", False, f"Label Studio's client gets no answer: {error}", fix)
    return Finding("client", True, "Label Studio's client reads from the server")


def callbacks(url: str, token: str) -> Iterator[Finding]:
    """Whether a server on this machine may call programs on this machine; asks in a way that can make nothing."""
    if urlsplit(url).hostname not in LOOPBACK:
        return
    # With an action that does not exist a webhook is refused in any case: for its address, or else for that.
    webhook = {"url": "http://127.0.0.1:9/", "send_for_all_actions": False, "actions": ["NONE"]}
    try:
        StudioApi(url, token, timeout=30).write("api/webhooks/", webhook)
        refused = False
    except ServerError as error:
        refused = "reserved network address" in str(error)
    if refused:
        fix = "for `weaklabel review listen` and `serve`: weaklabel studio down, then weaklabel studio up --callbacks"
        yield Finding("callbacks", True, "the server does not call programs on this machine", fix)
    else:
        yield Finding("callbacks", True, "the server may call programs on this machine")


def models(url: str, token: str) -> Iterator[Finding]:
    """The projects of ours whose pre-labels are hidden by a model that does not answer; nothing where none are."""
    api = StudioApi(url, token, timeout=30)
    fix = (
        "start it again with `weaklabel review serve`; or, without it, push once more, or disconnect it in the "
        "project's settings (Model)"
    )
    try:
        listed = api.read("api/projects/", page_size=1000, include="id,title,description")["results"]
        for project in filter(key_of, listed):
            for model in silent(api, project["id"]):
                hidden = f"no task of project {project['id']} ({project['title']!r}) shows its pre-label"
                yield Finding("model", False, f"the model at {model} does not answer, and so {hidden}", fix)
    except ServerError as error:
        yield Finding("model", False, f"nobody knows whether a model hides pre-labels: {error}", "try again")


def writing(url: str, token: str) -> Iterator[Finding]:
    """Whether this token may write, and whether wrong pre-labels are refused; makes a project for a moment."""
    api = StudioApi(url, token, timeout=30)
    title = f"weaklabel doctor {secrets.token_hex(4)}"
    try:
        project = api.write("api/projects/", {"title": title, "label_config": CONFIG})["id"]
    except ServerError as error:
        yield Finding(
            "writing", False, f"no project can be made ({error})", "ask the owner of the server for the right"
        )
        return
    try:
        yield Finding("writing", True, "projects can be made and deleted")
        yield _validation(api, project)
    finally:
        with suppress(ServerError):
            api.write(f"api/projects/{project}/", None, method="DELETE")


def _validation(api: StudioApi, project: int) -> Finding:
    value = {"choices": ["perhaps"]}  # not one of the two
    region = {"id": "r0", "from_name": "label", "to_name": "text", "type": "choices", "value": value}
    task = {"data": {"text": "?"}, "predictions": [{"model_version": "doctor", "result": [region]}]}
    try:
        api.write(f"api/projects/{project}/import", [task])
    except ServerError:
        return Finding("pre-labels", True, "the server refuses pre-labels that the question does not offer")
    return Finding(
        "pre-labels",
        True,
        "the server takes pre-labels that the question does not offer; weaklabel checks its own before it sends them",
        "to have other programs' checked, start the server with fflag_feat_utc_210_prediction_validation_15082025=true",
    )
