"""A real Label Studio for the tests: one server for a whole run, a project for each test, people who answer."""

import os
import shlex
import subprocess
import sys
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
import pytest

from weaklabel.errors import ServerError
from weaklabel.review.studio import process, server
from weaklabel.review.studio.install import executable

PASSWORD = "pass-1234-word"
REQUIRED = "WEAKLABEL_REQUIRE_LABEL_STUDIO"
# Whatever ends the run, a signal that nobody can catch too, its servers go with it; its folder may be gone before them.
WATCH = """
import pathlib, sys, time
from weaklabel.review.studio import home, process
folder, run = pathlib.Path(sys.argv[1]), int(sys.argv[2])
born, servers, over = process.born(run), {}, False
while not over:
    time.sleep(0.25)
    over = process.born(run) != born
    notes = [home.Home(note.parent).running() for note in folder.glob("*/run.json")]
    servers |= {note["pid"]: note["born"] for note in notes if note}
for pid, known in servers.items():
    if process.born(pid) == known:
        process.stop(pid, patience=5)
"""


@dataclass(frozen=True)
class Server:
    """A Label Studio of the tests, in a folder of its own."""

    home: Path

    @property
    def url(self):
        """The same while it is down and when it is up again."""
        return f"http://127.0.0.1:{(self.home / 'port').read_text()}"

    @property
    def pid(self):
        return server.status(self.home).pid

    @cached_property
    def token(self):
        return (self.home / "token").read_text()

    def start(self):
        server.up(self.home, callbacks=True)

    def stop(self):
        server.down(self.home)

    def kill(self):
        """As the system does it when memory runs out: at once, in the middle of anything."""
        process.kill(self.pid)

    def client(self, token=""):
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@pytest.fixture(scope="session")
def studios(tmp_path_factory):
    """The folder in which the servers of this run live, watched over; all xdist workers share it."""
    try:
        executable()
    except ServerError as error:
        if os.environ.get(REQUIRED) == "1":
            raise
        pytest.skip(f"no Label Studio: {error}")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "studios"
    folder.mkdir(exist_ok=True)
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    try:
        (folder / "watched").touch(exist_ok=False)
    except FileExistsError:
        return folder
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    watcher = subprocess.Popen([sys.executable, "-c", WATCH, str(folder), str(run)], **streams, start_new_session=True)
    watcher.returncode = 0  # it outlives this process on purpose
    return folder


@pytest.fixture(scope="session")
def studio(studios):
    """A running server: `.url`, `.token`; shared by all tests and all workers, so nobody may stop it."""
    shared = Server(studios / "shared")
    shared.start()
    return shared


@pytest.fixture
def own_studio(studios):
    """A running server that a test may `.kill()`, `.stop()` and `.start()`; each costs 7 seconds of processor."""
    own = Server(studios / uuid.uuid4().hex)
    own.start()
    yield own
    own.stop()


@pytest.fixture
def backend(studio):
    """The backend with a project title of its own; the project goes with the test."""
    from weaklabel.review.backends.label_studio import LabelStudio

    title = f"weaklabel test {uuid.uuid4().hex[:12]}"
    yield LabelStudio(title=title, url=studio.url, token=studio.token)
    with studio.client() as admin:
        for project in admin.get("/api/projects/", params={"title": title}).json()["results"]:
            admin.delete(f"/api/projects/{project['id']}/").raise_for_status()


@pytest.fixture(scope="session")
def annotators(studio):
    """Email -> person, each made once."""
    return {}


@pytest.fixture
def annotator(studio, annotators):
    """A person by email, a member of the same organisation with an account and a token of their own."""

    def person(email, on=studio):
        if (on, email) not in annotators:
            annotators[on, email] = Annotator(on.client(account(on, email)), email)
        return annotators[on, email]

    return person


@pytest.fixture
def ada(annotator):
    """Somebody who answers."""
    return annotator("ada@weaklabel.test")


@pytest.fixture
def journal(tmp_path):
    """An empty journal."""
    from weaklabel.review.journal import Journal

    with Journal(tmp_path / "review") as opened:
        yield opened


def account(on, email):
    """The token of this person's account, which is made if there is none; as a browser would do it."""
    with on.client() as admin:
        invitation = admin.get("/api/invite").json()["token"]
    for page, query in (("login", {}), ("signup", {"token": invitation}), ("login", {})):
        with httpx.Client(base_url=on.url, trust_env=False, timeout=60) as browser:
            browser.get(f"/user/{page}/", params=query)
            form = {"email": email, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            if browser.post(f"/user/{page}/", params=query, data=form).status_code == 302:
                return _token(browser)
    raise AssertionError(f"no account for {email}: another worker may have made it with another password")


def _token(browser):
    """The account's token; now and then the server makes an account without one."""
    found = browser.get("/api/current-user/token")
    if found.status_code == 500:
        headers = {"X-CSRFToken": browser.cookies["csrftoken"]}
        found = browser.post("/api/current-user/reset-token/", headers=headers)
    return found.raise_for_status().json()["token"]


@dataclass
class Annotator:
    """Somebody who answers over the API what they would answer in a browser, with the same JSON."""

    client: httpx.Client
    email: str
    controls: dict = field(default_factory=dict)

    def answer(self, task_id, label, *, kind="choice", lead_time=5.0, origin=None, prediction=None):
        """Submit; `origin` says what was done with the pre-label, `prediction` is its id (by default the newest)."""
        task = self.task(task_id)
        shown = self.shown(task, origin, prediction)
        body = {"result": self.regions(task, label, kind, origin, shown), "lead_time": lead_time}
        if shown is not None:
            body["parent_prediction"] = shown["id"]
        return self.said("POST", f"/api/tasks/{task_id}/annotations/", body)

    def skip(self, task_id, label=None):
        """Decline; with a label, as the browser does it where that label was pre-filled."""
        task = self.task(task_id)
        shown = None if label is None else self.shown(task, "prediction", None)
        result = [] if label is None else self.regions(task, label, "choice", "prediction", shown)
        body = {"result": result, "was_cancelled": True, "lead_time": 2.0}
        if shown is not None:
            body["parent_prediction"] = shown["id"]
        return self.said("POST", f"/api/tasks/{task_id}/annotations/", body)

    def draft(self, task_id, label):
        """Choose without submitting."""
        body = {"result": self.regions(self.task(task_id), label, "choice", "manual", None), "lead_time": 1.0}
        return self.said("POST", f"/api/tasks/{task_id}/drafts", body)

    def edit(self, annotation_id, label, *, kind="choice"):
        """Change one's mind; an edited skip becomes an answer."""
        task = self.task(self.said("GET", f"/api/annotations/{annotation_id}/")["task"])
        body = {"result": self.regions(task, label, kind, "manual", None), "was_cancelled": False}
        return self.said("PATCH", f"/api/annotations/{annotation_id}/", body)

    def delete(self, annotation_id):
        """Take it back."""
        self.said("DELETE", f"/api/annotations/{annotation_id}/")

    def task(self, task_id):
        return self.said("GET", f"/api/tasks/{task_id}/")

    def said(self, method, path, body=None):
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def shown(self, task, origin, prediction):
        """The pre-label that was accepted or changed."""
        if prediction is None and (origin is None or origin == "manual"):
            return None
        known = {each["id"]: each for each in task["predictions"]}
        return known[max(known) if prediction is None else prediction] if known else None

    def regions(self, task, label, kind, origin, shown):
        """What the control of the task's project stores for this label."""
        control = self.control(task["project"])
        chosen = [label] if isinstance(label, str) else list(label)
        value = {
            "Choices": {"choices": chosen},
            "Rating": {"rating": label},
            "Pairwise": {"selected": label},
        }[control.tag]
        region = shown["result"][0]["id"] if shown else uuid.uuid4().hex[:10]
        named = {"id": region, "from_name": control.get("name"), "to_name": control.get("toName").split(",")[0]}
        found = named | {"type": control.tag.lower(), "value": value}
        return [found if origin is None else found | {"origin": origin}]

    def control(self, project):
        """The first tag of the project's page that takes an answer."""
        if project not in self.controls:
            config = self.said("GET", f"/api/projects/{project}/")["label_config"]
            tags = [tag for tag in ET.fromstring(config).iter() if tag.tag in ("Choices", "Rating", "Pairwise")]
            self.controls[project] = tags[0]
        return self.controls[project]


@pytest.fixture
def typed(capsys):
    """Runs a command as a person types it; what it said on both streams."""
    from weaklabel.cli import main

    def command(line, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(shlex.split(line))
        said = capsys.readouterr()
        assert (stopped.value.code or 0) == code, said.err
        return said.out + said.err

    return command
