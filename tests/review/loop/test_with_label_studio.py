"""The loop with a real Label Studio, led by a process that is killed and by others that go on.

Run as a program it is that process.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl

import weaklabel as wl
from weaklabel.review.place import find

ITEMS, SIZE, BUDGET = 120, 8, 24
CLASSES = ("ham", "spam")
PEOPLE = (0.95, 0.9, 0.7)
PATIENCE = 240.0  # seconds; ten do on a machine that has nothing else to do
OPEN = {"filter": "filter:tasks:total_annotations", "operator": "equal", "type": "Number", "value": 0}


def pool():
    """Numbers that tell the classes apart but for noise, and votes right in eight of ten cases."""
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, ITEMS)
    ids = [f"mail-{i}" for i in range(ITEMS)]
    x = rng.standard_normal(ITEMS) + 2.0 * (2 * y - 1)
    table = pl.DataFrame({"id": ids, "text": [f"mail number {i}" for i in range(ITEMS)], "x": x})
    said = np.where(rng.random((ITEMS, 3)) < 0.8, y[:, None], 1 - y[:, None])
    votes = np.where(rng.random((ITEMS, 3)) < 0.5, said, -1).astype(np.int8)
    L = wl.LabelMatrix(votes, pl.Series("id", ids), ("lf0", "lf1", "lf2"), CLASSES)
    return table, L, {item: CLASSES[label] for item, label in zip(ids, y, strict=True)}


class DyingLearner:
    """Learns once; the second time it takes its process with it."""

    def __init__(self, learner):
        self.learner, self.left = learner, 2

    def __getattr__(self, name):
        return getattr(self.learner, name)

    def fit(self, *arguments, **named):
        self.left -= 1
        if not self.left:
            threading.Timer(0.002, die).start()
        return self.learner.fit(*arguments, **named)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def dying_between_import_and_note(backend):
    """The server has taken a batch, and nobody has noted it."""
    send = backend.send

    def sent(tasks):
        send(tasks)
        die()

    backend.send = sent


def dying_with_answers_in_hand(backend):
    """Answers were read, and are not recorded."""
    changed = backend.changed

    def pages(*arguments):
        for page in changed(*arguments):
            yield page if not any(task.annotations for task in page.tasks) else die()

    backend.changed = pages


def lead(folder, url, title, moment="", token=""):
    """Until the loop stops, or its process dies at that moment."""
    begun = time.monotonic()
    table, L, _ = pool()
    learner = wl.Learner(table, L, columns=["x"])
    learner = DyingLearner(learner) if moment == "learning" else learner
    loop = wl.Loop(learner, size=SIZE, budget=wl.Budget(BUDGET), folds=2, tasks={"columns": ["text"]})
    with wl.Journal(folder) as journal:
        known = journal.setting("place") is not None
        backend = find(journal, token=token) if known else wl.LabelStudio(title, url, token=token)
        if moment == "reading":
            dying_with_answers_in_hand(backend)
        elif moment == "import":
            dying_between_import_and_note(backend)
        while (found := wl.review_step(loop, journal, backend)).state != "stopped":
            assert time.monotonic() < begun + PATIENCE, f"{found.open} questions stay open"
            time.sleep(0.3)
        return found


def answering(studio, annotator, title, people, closed):
    """Simulated people who look for open tasks, and answer each in their own name."""
    query = {"filters": {"conjunction": "and", "items": [OPEN]}}
    about = {}
    with studio.client() as admin:
        while not closed.wait(0.15):
            for project in admin.get("/api/projects/", params={"title": title}).json()["results"]:
                asked = {"project": project["id"], "page_size": 500, "query": json.dumps(query)}
                there = admin.get("/api/tasks", params=asked).json().get("tasks", [])
                for task in sorted(there, key=lambda task: task["id"]):
                    keys = about.setdefault(task["data"]["wl_item"], [])
                    if task["data"]["wl_key"] not in keys:
                        keys.append(task["data"]["wl_key"])
                        name, label = people.answer(task["data"]["wl_item"], len(keys))
                        annotator(f"{name}@weaklabel.test").answer(task["id"], label)


def led(studio, annotator, folder, moments):
    """A project led by processes that die at these moments, one after another, and at last by one that does not."""
    title = f"weaklabel loop {folder.parent.name[-20:]} {folder.name}"
    closed = threading.Event()
    people = wl.SimulatedPeople(pool()[2], CLASSES, PEOPLE)
    staff = threading.Thread(target=answering, args=(studio, annotator, title, people, closed), daemon=True)
    staff.start()
    env = {**os.environ, "LABEL_STUDIO_API_KEY": studio.token}
    try:
        for moment in moments:
            command = [sys.executable, __file__, str(folder), studio.url, title, moment]
            died = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=env, check=False)
            assert died.returncode == -signal.SIGKILL, f"{moment}: {died.returncode}\n{died.stderr}"
        return lead(folder, studio.url, title, token=studio.token)
    finally:
        closed.set()
        staff.join()
        with studio.client() as admin:
            for project in admin.get("/api/projects/", params={"title": title}).json()["results"]:
                admin.delete(f"/api/projects/{project['id']}/").raise_for_status()


def state(folder):
    """All that a review ends with, but for times and the server's numbers."""
    with wl.Journal(folder, create=False) as journal:
        tasks = journal.frame("tasks").select("key", "item", "batch", "rank", "label", "probability").sort("key").rows()
        said = sorted((each.key, each.annotator, each.label) for each in journal.annotations())
        return tasks, said, journal.frame("rounds")["record"].to_list()


def test_killed_in_the_middle_it_ends_with_the_same_training_set_byte_by_byte(studio, annotator, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    last = led(studio, annotator, whole, [])
    resumed = led(studio, annotator, killed, ["import", "reading", "learning"])

    assert (last.state, last.record["spent"]) == ("stopped", BUDGET)
    assert resumed.record == last.record
    assert state(killed) == state(whole)
    tasks, said, _ = state(killed)
    assert len(tasks) == len(said) == BUDGET  # each asked once and answered once
    assert {person for _, person, _ in said} == {f"simulated-{n}@weaklabel.test" for n in (1, 2, 3)}
    for name in ("training.parquet", "labels.parquet", "beliefs.parquet"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


if __name__ == "__main__":
    lead(Path(sys.argv[1]), *sys.argv[2:])
    sys.exit("it should have died, and came to the end")
