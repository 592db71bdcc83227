"""Which project on a server is ours, and making it."""

import logging
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from weaklabel.errors import InDoubtError, ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.formats import same_question

KEY = re.compile(r"\[weaklabel:([0-9a-f-]+)\]")  # in the description: a project has no name that is its alone
SHORTEST, LONGEST = 3, 50  # characters of a title, by Label Studio's rule
PER_PAGE = 100
SETTINGS = {
    "sampling": "Sequential sampling",
    "show_collab_predictions": True,
    "skip_queue": "REQUEUE_FOR_ME",  # REQUEUE_FOR_OTHERS loses what a lone annotator skips
}
INCLUDE = f"id,title,description,label_config,maximum_annotations,{','.join(SETTINGS)}"

Project = dict[str, Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """The project that is looked for, and made if there is none."""

    title: str
    key: str
    number: int | None
    label_config: str
    overlap: int


def key_of(project: Project) -> str:
    """The key in a project's description; empty where it is not one of ours."""
    found = KEY.search(project.get("description") or "")
    return found.group(1) if found else ""


def find(api: StudioApi, wanted: Wanted) -> Project | None:
    """The project of that number, else of that key, else of that title if it is one of ours.

    Raises
    ------
    ServerError
        It is gone, is another review's, or several could be meant.
    """
    if wanted.number is not None:
        return numbered(api, wanted.number, wanted.key)
    _check_title(wanted.title)
    if not wanted.key:
        return _titled(api, wanted.title)
    return _only([project for project in _listed(api) if key_of(project) == wanted.key], api.url)


def check(found: Project, wanted: Wanted, url: str) -> None:
    """See that a project asks this question; other settings that differ are said aloud. Nothing of it is changed.

    Raises
    ------
    ServerError
        It asks something else.
    """
    if difference := same_question(found["label_config"], wanted.label_config):
        raise ServerError(
            f"project {found['id']} at {url} ({found['title']!r}) asks another question. Of the project and these "
            f"tasks, {difference}. The project stays as it is: choose another title"
        )
    for name, value in (SETTINGS | {"maximum_annotations": wanted.overlap}).items():
        if found[name] != value:
            logger.warning("project %s has %s = %r, not %r; it stays so", found["id"], name, found[name], value)


def create(api: StudioApi, wanted: Wanted) -> Project:
    """A new project, once the server has found its page good.

    Raises
    ------
    InDoubtError
        Nobody can tell whether it was made; by its key it can be found later.
    ServerError
        The server refuses.
    """
    api.write("api/projects/validate/", {"label_config": wanted.label_config})
    body = SETTINGS | {
        "title": wanted.title,
        "description": f"Made by weaklabel, which finds it by this key; please leave it here. [weaklabel:{wanted.key}]",
        "label_config": wanted.label_config,
        "maximum_annotations": wanted.overlap,
    }
    try:
        made: Project = api.write("api/projects/", body)
    except InDoubtError:
        api.wait()
        found = find(api, wanted)
        if found is None:
            raise
        return found
    return made


def new_key() -> str:
    """A key that no other project has."""
    return str(uuid.uuid4())


def numbered(api: StudioApi, number: int, key: str) -> Project:
    """The project of that number, if it is the one with this key.

    Raises
    ------
    ServerError
        It is gone, or another: numbers are given on every server.
    """
    project: Project = api.read(f"api/projects/{number}/")
    if key and key_of(project) != key:
        raise ServerError(
            f"project {number} at {api.url} ({project['title']!r}) is not the one this review was made in: "
            f"its description lacks [weaklabel:{key}]; is this the right server?"
        )
    return project


def _titled(api: StudioApi, title: str) -> Project | None:
    same = [project for project in _listed(api, title=title) if project["title"] == title]
    ours = [project for project in same if key_of(project)]
    if same and not ours:
        raise ServerError(
            f"project {same[0]['id']} at {api.url} is called {title!r} too and was not made by weaklabel: "
            "choose another title, or give its number to ask there"
        )
    return _only(ours, api.url)


def _only(found: list[Project], url: str) -> Project | None:
    if len(found) > 1:
        numbers = ", ".join(str(project["id"]) for project in found)
        raise ServerError(f"{url} has {len(found)} projects that could be meant: give the number of one ({numbers})")
    return found[0] if found else None


def _listed(api: StudioApi, **params: Any) -> Iterator[Project]:
    page = 1
    while True:
        answer = api.read("api/projects/", page=page, page_size=PER_PAGE, include=INCLUDE, **params)
        yield from answer["results"]
        if answer["next"] is None:
            return
        page += 1


def _check_title(title: str) -> None:
    if not SHORTEST <= len(title) <= LONGEST:
        raise ServerError(
            f"the project title {title!r} has {len(title)} characters; Label Studio takes {SHORTEST} to {LONGEST}"
        )
