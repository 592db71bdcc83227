"""A project on a Label Studio server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from weaklabel.artefacts import Changes, RemoteTask, Seen, Task
from weaklabel.errors import InDoubtError, ServerError
from weaklabel.review.backends import _studio_predictions as predictions
from weaklabel.review.backends import _studio_project as projects
from weaklabel.review.backends import _studio_tasks as listing
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends._studio_people import People
from weaklabel.review.backends._studio_shown import Shown
from weaklabel.review.formats import Page, remote_task

__all__ = ["LabelStudio"]

COUNTS = ("total_annotations", "cancelled_annotations")


@dataclass
class LabelStudio:
    """A project in which people answer in their browser.

    Every method raises `ServerError` where the server cannot be reached or refuses; no message holds the token.

    Parameters
    ----------
    title
        What people see; 3 to 50 characters. A project of this title that weaklabel made is used again.
    url
        Where Label Studio is; by default LABEL_STUDIO_URL, or the one that `weaklabel studio up` started.
    project
        The number of an existing project to ask in, which must ask the same question.
    key
        Says which project is this review's, in the project's description.
    overlap
        How many people answer each task.
    token_file
        A file that holds the token of a user; by default LABEL_STUDIO_API_KEY.
    token
        The token itself; shown nowhere.
    """

    title: str
    url: str = ""
    project: int | None = None
    key: str = ""
    overlap: int = 1
    token_file: str = ""
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self._shown = ""
        self._seen: int | None = None
        self._page: Page | None = None

    def prepare(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Make the project, or find it and see that it asks this question. Nothing of an existing one is changed.

        Returns
        -------
        dict
            The fields by which the same project is found again, without the token.

        Raises
        ------
        ServerError
            Also: a project of this title is not ours, or asks something else.
        InDoubtError
            Nobody can tell whether the project was made; this object looks before it makes another.
        AnswerError
            The page cannot be shown.
        """
        self._page = None
        wanted = projects.Wanted(self.title, self.key, self.project, Page.of(tasks).label_config(), self.overlap)
        found = projects.find(self._api, wanted)
        if found is None:
            self.key = self.key or projects.new_key()
            found = projects.create(self._api, replace(wanted, key=self.key))
        self.project, self.key = found["id"], self.key or projects.key_of(found)
        page = self._page_for(tasks)
        projects.check(found, replace(wanted, label_config=page.label_config()), self._api.url)
        for task in tasks:
            page.encode(task)
        return {name: getattr(self, name) for name in ("title", "url", "project", "key", "overlap", "token_file")}

    def ready(self) -> None:
        """Wait until the server says that it is up, for a minute at most."""
        self._api.wait(60)

    def find(self, keys: Iterable[str]) -> dict[str, str]:
        """Key -> number of those of these tasks that are in the project; the oldest where there are several."""
        found: dict[str, str] = {}
        for task in listing.lookup(self._api, self._number, "data.wl_key", list(keys), "id,data"):
            found.setdefault(task["data"]["wl_key"], str(task["id"]))
        return found

    def send(self, tasks: Sequence[Task]) -> list[str]:
        """Import all of these tasks with their pre-labels, or none; their numbers in the same order.

        Raises
        ------
        InDoubtError
            It is not known whether they were imported.
        ServerError
            They certainly were not.
        AnswerError
            A pre-label cannot be shown, or a task does not suit the page.
        """
        if not tasks:
            return []
        page = self._page_for(tasks)
        encoded = [page.encode(task) for task in tasks]
        suggested = [entry["predictions"] for entry in encoded]
        predictions.check(zip(tasks, suggested, strict=True), page.label_config())
        answer = self._api.write(f"api/projects/{self._number}/import", encoded, return_task_ids="true")
        numbers = [str(number) for number in answer.get("task_ids", ())]
        if len(numbers) != len(tasks):
            raise InDoubtError(f"{self._api.url} was sent {len(tasks)} tasks and named {len(numbers)} of them")
        try:
            self._see_to_predictions(answer, zip(numbers, tasks, suggested, strict=True))
        except ServerError as error:
            # The tasks are there: to call this a refusal would have them sent again.
            raise InDoubtError(f"tasks were imported, but their pre-labels may not show: {error}") from error
        return numbers

    def suggest(self, tasks: Mapping[str, Task]) -> list[str]:
        """Show these pre-labels from now on; may be repeated.

        Returns
        -------
        list of str
            The tasks that show what they should; those deleted meanwhile are missing.

        Raises
        ------
        AnswerError
            A pre-label cannot be shown.
        """
        if not tasks:
            return []
        page = self._page_for(list(tasks.values()))
        entries = {int(number): (task, page.prediction(task)) for number, task in tasks.items()}
        predictions.check(entries.values(), page.label_config())
        wanted = {number: (task.key, shown[0]) for number, (task, shown) in entries.items() if shown}
        stored = {*predictions.store(self._api, self._number, wanted)}
        self._show([prediction for number, (_, prediction) in wanted.items() if number in stored])
        return [str(number) for number in entries if number in stored or number not in wanted]

    def changed(self, since: str = "", after: str = "") -> Iterator[Changes]:
        """Tasks in which something was answered, skipped, edited or deleted since a time of the server's.

        At least one page comes, if only with the server's time.
        """
        clock = self._api.clock()
        conditions = [listing.since(since)] if since else []
        shown = Shown(self._api, self._number)
        for page in listing.with_annotations(self._api, self._number, conditions, int(after or 0)):
            after = str(page[-1]["id"]) if page else after
            yield Changes([self._decode(task) for task in shown.beside(page)], after, clock)

    def survey(self) -> Iterator[Seen]:
        """Every task of the project, and whether somebody answered, skipped, drafted or opened it."""
        begun = listing.begun(self._api, self._number)
        for page in listing.scan(self._api, self._number, [], f"id,data,{','.join(COUNTS)}"):
            for task in page:
                answered = task["id"] in begun or any(task[count] for count in COUNTS)
                yield Seen(str(task["id"]), str(task["data"].get("wl_key", "")), answered)

    def mark(self) -> str:
        """How many tasks the project has, and which is the newest.

        The server numbers a new task above all that there are, so the newest of those that came is the newest of all;
        and if none came, some that went are missing from the number. A number that is used again has a later time.
        """
        return listing.mark(self._api, self._number)

    def remove(self, remote_ids: Sequence[str]) -> list[str]:
        """Delete those of these tasks that nobody has answered, skipped, drafted or opened.

        Returns
        -------
        list of str
            Those that are not there now.
        """
        numbers = [int(number) for number in remote_ids]
        listing.delete_untouched(self._api, self._number, numbers)
        left = {task["id"] for task in listing.lookup(self._api, self._number, "id", numbers, "id")}
        return [str(number) for number in numbers if number not in left]

    def delete_project(self) -> None:
        """Delete the project with all its tasks and answers."""
        self._api.write(f"api/projects/{self._number}/", None, method="DELETE")
        self.project = None

    @property
    def web_url(self) -> str:
        """Where people open the project in a browser."""
        return f"{self._api.url}/projects/{self._number}/data"

    @property
    def api(self) -> StudioApi:
        """Raw calls to the server."""
        return self._api

    @cached_property
    def _api(self) -> StudioApi:
        if self.url and self.token:
            return StudioApi(self.url, self.token)
        from weaklabel.review.studio.connection import connection

        url, token = connection(self.url or None, self.token_file or None)
        return StudioApi(self.url or url, self.token or token)

    @cached_property
    def _people(self) -> People:
        return People(self._api)

    @property
    def _number(self) -> int:
        if self.project is None:
            raise ServerError(f"the project {self.title!r} was neither made nor found yet: push to it first")
        if self._seen != self.project:  # another server has projects of the same numbers
            projects.numbered(self._api, self.project, self.key)
            self._seen = self.project
        return self.project

    def _page_for(self, tasks: Sequence[Task]) -> Page:
        self._page = self._page or self._page_there() or Page.of(tasks)
        return self._page

    def _page_there(self) -> Page | None:
        """The page of the tasks that the project holds: a column that is empty in a later batch changes nothing."""
        first = listing.first(self._api, self._number)
        config = None if first is None else self._api.read(f"api/projects/{self._number}/")["label_config"]
        return None if first is None or config is None else Page.stored(first["data"], config)

    def _see_to_predictions(self, answer: Mapping[str, Any], sent: Iterable[tuple[str, Task, list[Any]]]) -> None:
        wanted = {int(number): (task.key, shown[0]) for number, task, shown in sent if shown}
        if answer.get("prediction_count") != len(wanted):
            # An import that waits for the database to be unlocked begins anew, and forgets its predictions then.
            predictions.store(self._api, self._number, wanted)
        self._show([prediction for _, prediction in wanted.values()])

    def _show(self, shown: Sequence[predictions.Prediction]) -> None:
        """Have the newest of these pre-labels' model versions shown."""
        versions = predictions.versions(shown)
        if versions and versions[-1] != self._shown:
            predictions.show(self._api, self._number, versions[-1])
            self._shown = versions[-1]

    def _decode(self, task: Mapping[str, Any]) -> RemoteTask:
        people = [entry.get("completed_by") for entry in task["annotations"]]
        return replace(remote_task(task, self._people.emails(people)), made_at=task["created_at"])
