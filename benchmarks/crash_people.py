"""People for the crash campaign: they answer, skip, change their minds and take answers back, and remember what."""

import random
import threading
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "pass-1234-word"
CLASSES = ("ham", "spam")


@dataclass
class Said:
    """What a person last did with one annotation."""

    key: str
    label: str | None  # None: a skip
    there: bool = True
    sure: bool = True  # the server confirmed it
    edits: int = 0


@dataclass
class Office:
    """What all who work in a project know of each other."""

    url: str
    token: str
    title: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    on_desks: set[int] = field(default_factory=set)
    closed: threading.Event = field(default_factory=threading.Event)

    def client(self, token: str = "") -> httpx.Client:
        """Requests as the owner of a token, by default the administrator."""
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def project(self, client: httpx.Client) -> dict[str, Any] | None:
        """The project, once there is one."""
        found = client.get("/api/projects/", params={"title": self.title}).json()["results"]
        return found[0] if found else None

    def account(self, email: str) -> str:
        """A token of a new account, made as a browser makes it."""
        with self.client() as admin:
            invitation = admin.get("/api/invite").json()["token"]
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as browser:
            query = {"token": invitation}
            browser.get("/user/signup/", params=query)
            form = {"email": email, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            browser.post("/user/signup/", params=query, data=form)
            return token_of(browser)


class Person(threading.Thread):
    """An annotator at work.

    Attributes
    ----------
    number
        The server's number of this person.
    notebook
        Annotation id -> what became of it.
    unknown
        Tasks answered or skipped without hearing whether that was stored.
    """

    def __init__(self, office: Office, email: str, seed: int, pace: float) -> None:
        super().__init__(daemon=True)
        self.office, self.email, self.pace = office, email, pace
        self.client = office.client(office.account(email))
        self.number = int(self.client.get("/api/current-user/whoami").raise_for_status().json()["id"])
        self.rng = random.Random(seed)
        self.notebook: dict[int, Said] = {}
        self.unknown: list[str] = []
        self.error = ""

    def run(self) -> None:
        """Work until the office closes, whatever the server does."""
        while not self.office.closed.wait(self.rng.uniform(0, 2 * self.pace)):
            try:
                self.act()
            except (httpx.HTTPError, ValueError):
                continue  # it was down, or answered nonsense: it is asked again
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
                return

    def act(self) -> None:
        """One thing, drawn by lot."""
        lot = self.rng.random()
        mine = [number for number, said in self.notebook.items() if said.there and said.sure]
        if lot < 0.7 or not mine:
            self.take_next(None if lot < 0.1 else self.rng.choice(CLASSES))
        elif lot < 0.9:
            self.edit(self.rng.choice(mine), self.rng.choice(CLASSES))
        else:
            self.delete(self.rng.choice(mine))

    def take_next(self, label: str | None) -> None:
        """What the server shows next, answered or skipped; it is locked meanwhile, as in a browser."""
        if (project := self.office.project(self.client)) is None:
            return
        answer = self.client.get(f"/api/projects/{project['id']}/next/")
        task = answer.raise_for_status().json()  # 404: there is none
        with self.office.lock:
            self.office.on_desks.add(task["id"])
        try:
            self.say(task, label, project["label_config"])
        finally:
            with self.office.lock:
                self.office.on_desks.discard(task["id"])

    def say(self, task: dict[str, Any], label: str | None, config: str) -> int | None:
        """Answer a task, or skip it with the pre-label inside, as the browser does."""
        body = {"result": regions(config, label or CLASSES[1]), "was_cancelled": label is None, "lead_time": 3.0}
        key = task["data"]["wl_key"]
        answer = self.write("POST", f"/api/tasks/{task['id']}/annotations/", body)
        if answer is None:
            self.unknown.append(key)
        elif answer.is_success:
            self.notebook[answer.json()["id"]] = Said(key, label)
            return int(answer.json()["id"])
        return None

    def edit(self, number: int, label: str) -> None:
        """Change one's mind."""
        said = self.notebook.setdefault(number, Said("", None))  # an answer of which it was not known that it arrived
        held = self.client.get(f"/api/annotations/{number}/").raise_for_status().json()["result"]
        held[0]["value"] = {"choices": [label]}
        answer = self.write("PATCH", f"/api/annotations/{number}/", {"result": held, "was_cancelled": False})
        if answer is None or answer.is_success:
            said.edits += 1
            said.label, said.sure = label, answer is not None

    def delete(self, number: int) -> None:
        """Take an answer back."""
        answer = self.write("DELETE", f"/api/annotations/{number}/", None)
        if answer is None or answer.is_success:
            said = self.notebook.setdefault(number, Said("", None))
            said.there, said.sure = False, answer is not None

    def write(self, method: str, path: str, body: Any) -> httpx.Response | None:
        """The server's answer; none where nobody knows whether it was done."""
        try:
            answer = self.client.request(method, path, json=body)
        except httpx.ConnectError:
            raise
        except httpx.TransportError:
            return None
        return None if answer.status_code >= 500 else answer


class Janitor(threading.Thread):
    """Deletes a task that nobody has answered, now and then.

    Attributes
    ----------
    deleted
        Keys of the tasks deleted, those included of which it is not known.
    """

    def __init__(self, office: Office, seed: int, pace: float) -> None:
        super().__init__(daemon=True)
        self.office, self.pace, self.rng = office, pace, random.Random(seed)
        self.client = office.client()
        self.deleted: set[str] = set()

    def run(self) -> None:
        """Work until the office closes."""
        while not self.office.closed.wait(self.rng.uniform(0, 2 * self.pace)):
            try:
                self.act()
            except (httpx.HTTPError, ValueError):
                continue

    def act(self) -> None:
        """Delete one, unless it lies on a desk."""
        if (project := self.office.project(self.client)) is None:
            return
        query = {"project": project["id"], "page_size": 1000, "include": "id,data", "fields": "task_only"}
        listed = self.client.get("/api/tasks", params=query).raise_for_status().json()["tasks"]
        if not listed:
            return
        chosen = self.rng.choice(listed)
        path = f"/api/tasks/{chosen['id']}/"
        with self.office.lock:
            if chosen["id"] in self.office.on_desks or self.client.get(path).raise_for_status().json()["annotations"]:
                return
            self.deleted.add(chosen["data"]["wl_key"])
            self.client.delete(path)


def token_of(browser: httpx.Client) -> str:
    """The token of who is signed in; now and then the server makes an account without one, and fails when asked."""
    found = browser.get("/api/current-user/token")
    if found.status_code == 500:
        headers = {"X-CSRFToken": browser.cookies["csrftoken"]}
        found = browser.post("/api/current-user/reset-token/", headers=headers)
    return str(found.raise_for_status().json()["token"])


def regions(config: str, label: str) -> list[dict[str, Any]]:
    """What the page's control stores for a label."""
    (control,) = ET.fromstring(config).iter("Choices")
    named = {"id": "r0", "from_name": control.get("name"), "to_name": control.get("toName")}
    return [named | {"type": "choices", "value": {"choices": [label]}, "origin": "manual"}]
