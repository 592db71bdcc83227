"""What people in the loop cost: push and pull of 10,000 tasks on a real Label Studio, with people at work meanwhile.

    python benchmarks/review.py

Wall seconds move with whatever else the machine does; the server's CPU seconds are what compares.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crash_people import CLASSES, Office, Person

from weaklabel.artefacts import Prelabel, Task
from weaklabel.review import tasks as making
from weaklabel.review.backends.label_studio import LabelStudio
from weaklabel.review.journal import Journal
from weaklabel.review.pull import OVERLAP, pull
from weaklabel.review.push import push
from weaklabel.review.studio import server

WORDS = "the offer ends tonight so reply with your account and we will send the parcel to you or to a friend at home"
TICK = 100.0  # the kernel counts a process's time in hundredths of a second
# Per 10,000 tasks, on the same server version, by hand-written requests: wall and the server's CPU seconds. CPU of the
# import is read off the rates at batches of 100 and 500, that of the reads off the times per task.
BEFORE = {"push": (11.7, 8.7), "pull": (4.6, 4.5), "full sweep": (2.9, 2.7), "empty pull": (1.0, None)}


@dataclass
class Meter:
    """Wall seconds, and the server's CPU seconds, of what was measured."""

    pid: int
    found: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """What the block takes."""
        wall, cpu = time.perf_counter(), self.cpu()
        yield
        self.found[name] = time.perf_counter() - wall, self.cpu() - cpu
        print(f"  {name:<44}{self.found[name][0]:8.2f} s{self.found[name][1]:9.2f} s of the server", flush=True)

    def cpu(self) -> float:
        """Seconds that the server has computed."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def questions(count: int) -> list[Task]:
    """Tasks of some twenty words, each with a pre-label."""
    made = []
    for rank in range(1, count + 1):
        name, data = f"mail-{rank}", {"text": f"mail number {rank}: {WORDS}"}
        prelabel = Prelabel(CLASSES[rank % 2], 0.75, "lm-1")
        votes = {"has_link": CLASSES[rank % 2]}
        made.append(Task(making.key(name, data), name, data, CLASSES, prelabel, votes, rank))
    return made


def answer_all(office: Office, project: int) -> None:
    """Every pre-label becomes an answer of the administrator: the server's own action."""
    with office.client() as admin:
        query = {"id": "predictions_to_annotations", "project": project}
        body = {"selectedItems": {"all": True, "excluded": []}, "filters": {"conjunction": "and", "items": []}}
        admin.post("/api/dm/actions", params=query, json=body, timeout=600).raise_for_status()


class Timed(Person):
    """A person who notes how long the server keeps them waiting."""

    def __init__(self, office: Office, email: str, seed: int) -> None:
        super().__init__(office, email, seed, pace=0.3)
        self.waits: list[float] = []

    def act(self) -> None:
        """The next task, answered."""
        if (project := self.office.project(self.client)) is None:
            return
        start = time.perf_counter()
        answer = self.client.get(f"/api/projects/{project['id']}/next/")
        shown = time.perf_counter()
        if answer.is_success:
            self.say(answer.json(), self.rng.choice(CLASSES), project["label_config"])
            self.waits += [shown - start, time.perf_counter() - shown]


def waits_of(people: list[Timed]) -> str:
    """Median and 95th percentile, in seconds, of the requests since the last time."""
    waits = sorted(wait for person in people for wait in person.waits)
    for person in people:
        person.waits.clear()
    p50, p95 = waits[len(waits) // 2], waits[int(len(waits) * 0.95)]
    return f"{len(waits)} requests, half within {p50:.2f} s, 95 of 100 within {p95:.2f} s, all within {waits[-1]:.2f} s"


def people_during_a_push(url: str, token: str, folder: Path, count: int, meter: Meter) -> None:
    """Three people answer before a push, and while it runs."""
    office = Office(url, token, "weaklabel busy project")
    backend = LabelStudio(office.title, url, token=token)
    tasks = questions(count + 200)
    with Journal(folder) as journal:
        push(tasks[:200], journal, backend)
        people = [Timed(office, f"{name}@weaklabel.test", seed) for seed, name in enumerate(("ada", "ben", "cy"))]
        for person in people:
            person.start()
        time.sleep(12)
        print(f"  three people alone: {waits_of(people)}")
        with meter.measure(f"push of {count} tasks meanwhile"):
            push(tasks, journal, backend)
        print(f"  three people during the push: {waits_of(people)}")
        office.closed.set()
        for person in people:
            person.join()
        given = sum(len(person.notebook) for person in people)
        print(f"  they gave {given} answers, and a pull brings {pull(journal, backend).count('answered')}")


def run(folder: Path, count: int) -> None:
    """All measurements, one after the other."""
    studio = server.up(folder / "studio")
    try:
        token, meter = studio.token_file.read_text().strip(), Meter(studio.pid)
        office = Office(studio.url, token, "weaklabel timing")
        backend = LabelStudio(office.title, studio.url, token=token)
        tasks = questions(count)
        with Journal(folder / "review") as journal:
            with meter.measure("first contact, with the client's start"):
                push(tasks[:1], journal, backend)
            with meter.measure("push"):
                push(tasks, journal, backend)
            with meter.measure("push again, nothing new"):
                push(tasks, journal, backend)
            with meter.measure("answering all, by the server's own action"):
                answer_all(office, journal.setting("place")["project"])
            answered = time.monotonic()
            with meter.measure("pull"):
                print(f"  {pull(journal, backend).count('answered')} answers")
            people_during_a_push(studio.url, token, folder / "busy", count // 2, meter)
            time.sleep(max(0.0, OVERLAP.total_seconds() + 2 - (time.monotonic() - answered)))
            pull(journal, backend)
            with meter.measure("empty pull"):
                pull(journal, backend)
            with meter.measure("full sweep"):
                everything = sum(1 for _ in backend.survey())
            with meter.measure("empty pull, full"):
                pull(journal, backend, full=True)
        print(f"  {everything} tasks; peak memory of this program {peak():.0f} MiB")
        compare(meter, count)
    finally:
        server.down(folder / "studio")


def compare(meter: Meter, count: int) -> None:
    """Beside what hand-written requests took."""
    print(f"\n  {'per 10,000 tasks':<20}{'wall':>9}{'before':>9}{'ratio':>8}{'CPU':>9}{'before':>9}{'ratio':>8}")
    for name, (wall_before, cpu_before) in BEFORE.items():
        wall, cpu = (seconds * (1 if name == "empty pull" else 10_000 / count) for seconds in meter.found[name])
        line = f"  {name:<20}{wall:9.2f}{wall_before:9.2f}{wall / wall_before:8.2f}{cpu:9.2f}"
        print(line if cpu_before is None else f"{line}{cpu_before:9.2f}{cpu / cpu_before:8.2f}")


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tasks", type=int, default=10_000)
    with tempfile.TemporaryDirectory(prefix="review-") as folder:
        run(Path(folder), options.parse_args().tasks)


if __name__ == "__main__":
    main()
