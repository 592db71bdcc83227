"""Tasks in a real project, a posterior about them, and a log of what our services were asked."""

import socket
import threading
import time

import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Posterior, Prelabel, Task
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.formats import Page

SECRET = "s3cret-of-the-tests-0123456789"
CLASSES = ("ham", "spam")


def make_task(item_id, version="", blind=False):
    """A task about an item; with a version, it comes with the pre-label ham at 0.6."""
    prelabel = Prelabel("ham", 0.6, version) if version else None
    data = {"text": f"the text of {item_id}"}
    return Task(f"key-of-{item_id}", item_id, data, CLASSES, prelabel, blind=blind)


def make_posterior(spam, model="planted"):
    """Item id -> its probability of spam."""
    p = np.array(list(spam.values()))
    ids = pl.Series(list(spam), dtype=pl.String)
    return Posterior(np.column_stack([1 - p, p]), ids, CLASSES, np.ones(len(p), bool), provenance={"model": model})


class Project:
    """A project on a real server with tasks of ours in it."""

    def __init__(self, studio, tasks):
        self.api, self.client, self.page = StudioApi(studio.url, studio.token), studio.client(), Page.of(tasks)
        body = {"title": "weaklabel serving", "label_config": self.page.label_config()}
        self.id = self.client.post("/api/projects/", json=body).json()["id"]
        self.task_ids = self.add(tasks)

    def add(self, tasks):
        url, body = f"/api/projects/{self.id}/import", [self.page.encode(each) for each in tasks]
        answer = self.client.post(url, params={"return_task_ids": "true"}, json=body).raise_for_status().json()
        # What an import forgets where its database was locked by another writer.
        predicted = [
            prediction | {"task": number}
            for number, sent in zip(answer["task_ids"], body, strict=True)
            for prediction in sent["predictions"]
            if not self.predicted(number)
        ]
        if predicted:
            self.client.post(f"/api/projects/{self.id}/import/predictions", json=predicted).raise_for_status()
        if versions := [each.prelabel.model_version for each in tasks if each.prelabel]:
            self.show(versions[-1])
        return answer["task_ids"]

    def predicted(self, task_id):
        return self.client.get("/api/predictions/", params={"task": task_id}).raise_for_status().json()

    def show(self, version):
        """Make this the project's model version."""
        self.client.patch(f"/api/projects/{self.id}/", json={"model_version": version}).raise_for_status()

    def shown(self):
        """The pre-labels that the next person sees in the label stream: version, score, choice."""
        answer = self.client.get(f"/api/projects/{self.id}/next").raise_for_status().json()
        return [seen(prediction) for prediction in answer["predictions"]]

    def shows(self, wanted, seconds=15.0):
        """What the next person sees, once it is what was wanted: a busy server may miss the model's answer."""
        deadline = time.monotonic() + seconds
        while (shown := self.shown()) != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        return shown

    def opened(self, task_id):
        """The pre-labels of a task that is opened from the list."""
        answer = self.client.get(f"/api/tasks/{task_id}/").raise_for_status().json()
        return [seen(prediction) for prediction in answer["predictions"]]

    @property
    def model_version(self):
        return self.client.get(f"/api/projects/{self.id}/").json()["model_version"]

    @property
    def models(self):
        return self.client.get("/api/ml", params={"project": self.id}).json()

    @property
    def webhooks(self):
        return self.client.get("/api/webhooks/", params={"project": self.id}).json()

    def close(self):
        self.client.delete(f"/api/projects/{self.id}/")
        self.client.close()


def seen(prediction):
    return prediction["model_version"], round(prediction["score"], 6), prediction["result"][0]["value"]["choices"][0]


@pytest.fixture
def project(studio):
    """A factory of projects that go with the test."""
    made = []

    def make(tasks):
        made.append(Project(studio, tasks))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Calls:
    """Counts calls, and waits for them."""

    def __init__(self, during=lambda: None):
        self.times, self.during, self.changed = [], during, threading.Condition()

    def __call__(self):
        with self.changed:
            self.times.append(time.monotonic())
            self.changed.notify_all()
        self.during()

    def __len__(self):
        return len(self.times)

    def wait(self, n, seconds=5.0):
        """Whether there were n calls within that time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.times) >= n, seconds)


@pytest.fixture
def calls():
    """A counting function."""
    return Calls


@pytest.fixture
def task():
    """A factory of tasks."""
    return make_task


@pytest.fixture
def posterior():
    """A factory of posteriors."""
    return make_posterior


@pytest.fixture
def secret():
    return SECRET
