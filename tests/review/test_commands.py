"""The commands of a review, as a person types them, against a real server."""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest

import weaklabel as wl

N = 6


@pytest.fixture
def run(tmp_path, monkeypatch, typed, studio):
    """Run a command in a folder with a table, votes and a posterior, and the server that the environment names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    ids = pl.Series("id", [f"c-{i}" for i in range(N)])
    pl.DataFrame({"id": ids, "text": [f"Win {i}" for i in range(N)], "label": ["ham", "spam"] * 3}).write_csv("t.csv")
    probs = np.linspace(0.3, 0.8, N)
    votes = np.where(probs > 0.5, 1, -1)[:, None]
    wl.LabelMatrix(votes.astype(np.int8), ids, ("prize",), ("ham", "spam")).save("votes.parquet")
    beliefs = wl.Posterior(np.column_stack([1 - probs, probs]), ids, ("ham", "spam"), np.ones(N, bool))
    beliefs.save("posterior.parquet")

    return typed


@pytest.fixture
def pushed(run, backend):
    """Four items pushed from the folder `review`."""
    run("pick posterior.parquet --size 4 --out batch.parquet")
    line = f'push batch.parquet review --table t.csv --posterior posterior.parquet --title "{backend.title}"'
    assert "4 new tasks, 0 were there already" in run(line)
    return line


@pytest.fixture
def remote(tmp_path):
    """Item -> number of its task on the server."""

    def number(item, attempt=-1):
        with wl.Journal(tmp_path / "review") as journal:
            return int(journal.ledger.remote_ids()[journal.ledger.about([item])[item][attempt].key])

    return number


def asked(run, tmp_path):
    return wl.Batch.load(tmp_path / "batch.parquet").item_ids.to_list()


def test_push_again_makes_nothing_and_says_where_to_answer(run, pushed, studio):
    said = run(pushed)

    assert "0 new tasks, 4 were there already" in said
    assert f"answer at {studio.url}/projects/" in said


def test_the_loop_from_answers_to_the_next_batch(run, pushed, annotator, remote, tmp_path):
    first, second, third, _ = asked(run, tmp_path)
    ada = annotator("ada@weaklabel.test")
    ada.answer(remote(first), "ham", origin="prediction-changed")
    ada.answer(remote(second), "spam", origin="prediction")
    ada.skip(remote(third), "spam")

    assert "annotations: 2 answered, 1 skipped" in run("pull review")
    assert "annotations: nothing new" in run("pull review")
    assert "2 items answered by 1 people, 1 skipped" in run("fold posterior.parquet review --out answered.parquet")
    folded = wl.Posterior.load(tmp_path / "answered.parquet")
    assert folded.labels()[folded.item_ids.to_list().index(first)] == 0
    assert "picked 2 of 2 items" in run("pick answered.parquet --asked review --size 4 --out next.parquet")
    said = run("push next.parquet review --table t.csv --posterior answered.parquet --model-version round-2")
    assert "2 new tasks" in said
    assert "1 task that waits shows a new pre-label" in said


def test_the_status_tells_who_answered_and_what_is_open(run, pushed, annotator, remote, tmp_path):
    first, *_ = asked(run, tmp_path)
    annotator("ada@weaklabel.test").answer(remote(first), "ham", lead_time=4.0)
    run("pull review")

    said = run("review status review --page status.html")

    assert "4 items asked about: 1 answered (1 answers), 0 skipped only, 3 tasks open." in said
    assert "ada@weaklabel.test" in said
    assert "<svg" in (tmp_path / "status.html").read_text()


def test_skipped_items_are_listed_and_asked_again_in_another_task(run, pushed, annotator, remote, tmp_path):
    first, *_ = asked(run, tmp_path)
    annotator("ada@weaklabel.test").skip(remote(first), "spam")
    run("pull review")

    said = run("review skipped review --ask-again")

    assert said.splitlines() == [first, "1 asked again"]
    assert remote(first, 0) != remote(first, 1)


def test_items_on_which_people_tie_are_listed_and_asked_again(run, pushed, annotator, remote, tmp_path):
    first, second, *_ = asked(run, tmp_path)
    for name, label in (("ada", "ham"), ("bob", "spam")):
        annotator(f"{name}@weaklabel.test").answer(remote(first), label)
        annotator(f"{name}@weaklabel.test").answer(remote(second), "spam")
    run("pull review")

    said = run("review disputed review --ask-again")
    annotator("cy@weaklabel.test").answer(remote(first), "ham")
    run("pull review")

    assert said.splitlines()[0].startswith(f"{first}: ")
    assert said.splitlines()[1] == "1 asked again"
    assert run("review disputed review") == ""
    assert "2 items answered by 3 people, 0 skipped, 0 left open" in run("fold posterior.parquet review")


def test_people_are_compared_and_drawn(run, pushed, annotator, remote, tmp_path):
    people = [annotator(f"{name}@weaklabel.test") for name in ("ada", "bob")]
    for item, labels in zip(asked(run, tmp_path), (("ham", "ham"), ("spam", "ham"), ("spam", "spam")), strict=False):
        for person, label in zip(people, labels, strict=True):
            person.answer(remote(item), label)
    run("pull review")

    said = run("review people review --gold t.csv --page people.html")

    assert "Krippendorff's alpha (nominal) is 0.4" in said  # 1 - (2/6) / (18/30)
    assert "Items on which people differ" in said
    assert (tmp_path / "people.html").read_text().count("<svg") == 1


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_the_export_holds_every_version_of_every_answer(run, pushed, annotator, remote, tmp_path, kind):
    first, *_ = asked(run, tmp_path)
    ada = annotator("ada@weaklabel.test")
    given = ada.answer(remote(first), "ham")
    run("pull review")
    ada.edit(given["id"], "spam")
    run("pull review")

    run(f"review export review --out out --format {kind}")

    read = pl.read_parquet if kind == "parquet" else pl.read_ndjson
    assert read(tmp_path / "out" / f"annotations.{kind}")["label"].to_list() == ['"ham"', '"spam"']
    assert read(tmp_path / "out" / f"events.{kind}")["kind"].to_list() == ["pushed", "answered", "edited"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pull nowhere", "no journal in nowhere"),
        ("review status nowhere", "no journal in nowhere"),
        ("fold posterior.parquet .", "no journal in ."),
        ("review export review --format csv", "parquet or jsonl"),
        ("push batch.parquet review --table t.csv --kind quiz", "no kind 'quiz'"),
        ("push batch.parquet review --table t.csv", "say what the answers may be"),
        ("pull review --token-file missing.txt", "missing.txt"),
        ("review people review --gold t.csv --gold-column truth", "t.csv has no column 'truth'; there are: id, text"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, pushed, line, said):
    told = run(line, code=1)

    assert said in told
    assert told.startswith("error: ")
    assert len(told.splitlines()) == 1


def test_a_wrong_token_is_said_without_showing_it(run, pushed, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0123456789" * 4)

    told = run("pull review", code=1)

    assert "token" in told
    assert "0123456789" not in told


@contextmanager
def program(line, log):
    """A command that goes on until it is stopped, and what it said so far; killed if it still runs at the end."""
    with log.open("w") as output:
        command = [sys.executable, "-c", "from weaklabel.cli import main; main()", *shlex.split(line)]
        started = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        within(20, lambda: "Ctrl-C" in log.read_text() or started.poll() is not None)
        assert started.poll() is None, log.read_text()
        yield started
    finally:
        started.kill()
        started.wait()


def within(seconds, happened):
    """Whether it happens in that time."""
    until = time.monotonic() + seconds
    while not happened() and time.monotonic() < until:
        time.sleep(0.02)
    return happened()


def stopped(started, number=signal.SIGINT):
    """Its exit code after this signal."""
    started.send_signal(number)
    return started.wait(20)


def test_listening_pulls_soon_after_an_answer_and_leaves_no_webhook(run, pushed, annotator, remote, tmp_path):
    first, second, *_ = asked(run, tmp_path)
    ada, log = annotator("ada@weaklabel.test"), tmp_path / "log"
    with wl.Journal(tmp_path / "review") as journal:
        webhooks = f"/api/webhooks/?project={journal.setting('place')['project']}"

    with program("review listen review --port 0 --interval 600", log) as started:
        ada.answer(remote(first), "ham")
        heard = within(5, lambda: "1 answered" in log.read_text())
        during = ada.said("GET", webhooks)
        code = stopped(started)
    ada.answer(remote(second), "ham")

    assert heard, log.read_text()
    assert (code, len(during), ada.said("GET", webhooks)) == (0, 1, [])
    assert log.read_text().endswith("stopped; from now on run: weaklabel pull review\n")
    assert "1 answered" in run("pull review")


@pytest.fixture
def alone(run, own_studio, monkeypatch):
    """As `pushed`, on a server of its own: a model that is down there disturbs nobody's check-up."""
    monkeypatch.setenv("LABEL_STUDIO_URL", own_studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", own_studio.token)
    run("pick posterior.parquet --size 4 --out batch.parquet")
    line = "push batch.parquet review --table t.csv --posterior posterior.parquet"
    run(line)
    return line


def test_a_model_serves_until_it_is_stopped_and_one_that_was_killed_is_found_and_disconnected(
    run, alone, own_studio, annotator, remote, tmp_path
):
    first, log = asked(run, tmp_path)[0], tmp_path / "log"
    annotator("ada@weaklabel.test", own_studio).answer(remote(first), "ham")  # of it the model knows nothing
    serve = "review serve review --model posterior.parquet --port 0"
    doctor = f"studio doctor --home {tmp_path / 'none'}"

    def shown():
        """The model versions of the pre-labels that the next person sees."""
        with own_studio.client() as ada:
            return {one["model_version"] for one in ada.get("/api/projects/1/next").json()["predictions"]}

    before = shown()
    with program(serve, log) as started:
        served = within(10, lambda: shown() and shown() != before)
        code, after = stopped(started), shown()
    with program(serve, log) as started:
        started.kill()
        started.wait()
    hidden = within(5, lambda: not shown())
    ill, mended, well = run(doctor, code=1), run(alone), run(doctor)

    assert served, log.read_text()
    assert (code, after) == (0, before)
    assert hidden
    assert "does not answer, and so no task of project 1 ('weaklabel: review') shows its pre-label" in ill
    assert "does not answer, and so no task of project 1 showed its pre-label: it is disconnected now" in mended
    assert "FAIL" not in well
    assert shown() == before
