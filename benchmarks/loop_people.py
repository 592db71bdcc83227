"""Five people with accounts of their own, who answer in Label Studio what `SimulatedPeople` says."""

import json
import threading
from typing import Any

import httpx
from crash_people import Office, regions

from weaklabel.review.simulated import SimulatedPeople

ACCURACIES = (0.95, 0.9, 0.9, 0.8, 0.6)
PACE = 0.2  # seconds between two looks for open tasks
OPEN = {"filter": "filter:tasks:total_annotations", "operator": "equal", "type": "Number", "value": 0}
QUERY = json.dumps({"filters": {"conjunction": "and", "items": [OPEN]}})


class Staff(threading.Thread):
    """They see a project's open tasks through the API, each with a token of their own, and answer until it closes.

    Which question about its item a task is, they know from those that they saw before, so that the journal tells them
    nothing.

    Attributes
    ----------
    given
        (person, right or not) of every answer.
    """

    def __init__(self, office: Office, people: SimulatedPeople, tokens: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.office, self.people = office, people
        self.clients = {name: office.client(tokens[name]) for name in people.names}
        self.asked: dict[str, list[str]] = {}  # item -> keys of the tasks about it
        self.given: list[tuple[str, bool]] = []
        self.error = ""

    def run(self) -> None:
        """Look, answer, look again."""
        with self.office.client() as admin:
            while not self.office.closed.wait(PACE):
                try:
                    self.look(admin)
                except Exception as error:
                    self.error = f"{type(error).__name__}: {error}"
                    return

    def look(self, admin: httpx.Client) -> None:
        """Answer all that is open now."""
        if (project := self.office.project(admin)) is None:
            return
        query = {"project": project["id"], "page_size": 500, "query": QUERY}
        there = admin.get("/api/tasks", params=query)
        if there.status_code == 404:
            return
        for task in sorted(there.raise_for_status().json()["tasks"], key=lambda task: task["id"]):
            known = self.asked.setdefault(task["data"]["wl_item"], [])
            if task["data"]["wl_key"] not in known:  # a twin is left to those who look for twins
                known.append(task["data"]["wl_key"])
                self.say(task, len(known), project["label_config"])

    def say(self, task: dict[str, Any], attempt: int, config: str) -> None:
        """One answer, by whose turn it is."""
        item = task["data"]["wl_item"]
        name, label = self.people.answer(item, attempt)
        body = {"result": regions(config, str(label)), "was_cancelled": label is None, "lead_time": 3.0}
        self.clients[name].post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()
        self.given.append((name, label == self.people.gold[item]))

    def rates(self) -> dict[str, tuple[int, float]]:
        """Person -> answers, and the share of them that was right."""
        own = {name: [right for person, right in self.given if person == name] for name in self.people.names}
        return {name: (len(said), sum(said) / max(len(said), 1)) for name, said in own.items()}


def email(name: str) -> str:
    """The account of a person."""
    return f"{name}@weaklabel.test"
