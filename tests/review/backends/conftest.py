"""Tasks to ask, and a look at the server that does not go through the code under test."""

import pytest

from weaklabel.artefacts import Prelabel, Task


@pytest.fixture
def ask():
    """A task by its number; nothing else decides what it is."""

    def make(number, label="spam", probability=0.9, version="lm-1"):
        prelabel = Prelabel(label, probability, version) if label else None
        data = {"text": f"message {number}"}
        return Task(f"{number:032x}", f"item-{number}", data, ("ham", "spam"), prelabel, {}, number + 1)

    return make


@pytest.fixture
def pushed(backend, ask):
    """The numbers of so many tasks that are in the project."""

    def push(count, **options):
        tasks = [ask(i, **options) for i in range(count)]
        backend.prepare(tasks)
        return backend.send(tasks)

    return push


@pytest.fixture
def look(studio):
    """What the server says at a path."""
    with studio.client() as admin:
        yield lambda path, **params: admin.get(path, params=params).raise_for_status().json()


@pytest.fixture
def tell(studio):
    """Send the server something, as its own pages do."""
    with studio.client() as admin:
        yield lambda method, path, body=None: admin.request(method, path, json=body).raise_for_status()
