"""Crash campaign: a real Label Studio, people at work, and everything killed at random; then nothing may be missing.

    python benchmarks/crash.py                 200 crashes, 6 minutes
    python benchmarks/crash.py --crashes 12    half a minute

A child process pushes and pulls without end and is killed with SIGKILL at random moments, often just between an import
and the note that it arrived. The server is killed and started again. A proxy loses answers, breaks connections and
delivers imports late. Three people answer, skip, edit and take back meanwhile; a fourth deletes tasks. Afterwards the
journal is compared with what the server says, with what the people remember, and with the server's own file.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from crash_child import TITLE, questions, without_patience, work
from crash_people import Janitor, Office, Person
from crash_truth import differences, file_differences, tasks_there
from faulty_proxy import FaultyProxy, Request

from weaklabel.artefacts import Task
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.place import find
from weaklabel.review.pull import Pulled, pull
from weaklabel.review.push import push
from weaklabel.review.studio import process, server

A_CRASH = 5  # new tasks between a crash and the next
LATE = 4.0  # seconds after which an import that seemed lost is carried out
LOADED = ["weaklabel.review.push", "weaklabel.review.pull", "weaklabel.review.backends.label_studio"]
LOADED += ["weaklabel.review.formats", "label_studio_sdk.client", "crash_child"]
IMPORT_ODDS = {"gateway_504": 8, "drop_after": 8, "drop_before": 6, "late": 8, "stall": 10, "pass": 60}
WRITE_ODDS = {"gateway_504": 3, "drop_after": 3, "drop_before": 3, "pass": 91}
READ_ODDS = {"gateway_504": 1, "drop_after": 1, "pass": 198}


class Campaign:
    """One run of it."""

    def __init__(self, home: Path, folder: Path, crashes: int, seed: int) -> None:
        self.home, self.review = home, folder / "review"
        self.crashes, self.rng = crashes, random.Random(seed)
        self.review.mkdir()
        self.tally: Counter[str] = Counter()
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(LOADED)
        self.stage = self.processes.Value("i", 0)
        self.server_crashes = set(self.rng.sample(range(crashes), max(1, crashes // 25)))
        self.tasks: list[Task] = []

    def run(self) -> list[str]:
        """What differs in the end."""
        studio = server.up(self.home)
        try:
            token = studio.token_file.read_text().strip()
            office = Office(studio.url, token, TITLE)
            pace = 0.5
            people = [
                Person(office, f"{name}@weaklabel.test", number, pace)
                for number, name in enumerate(("ada", "ben", "cy"))
            ]
            janitor = Janitor(office, 7, 8 * pace)
            with FaultyProxy(studio.url, self._choose, LATE) as self.proxy:
                for worker in (*people, janitor):
                    worker.start()
                self._crash_often(token)
                office.closed.set()
                for worker in (*people, janitor):
                    worker.join()
                return self._compare(office, people, janitor)
        finally:
            server.down(self.home)

    def _choose(self, request: Request) -> str:
        odds = IMPORT_ODDS if request.is_import else WRITE_ODDS if request.is_write else READ_ODDS
        return self.rng.choices(list(odds), list(odds.values()))[0]

    def _crash_often(self, token: str) -> None:
        child = self._child(0, token)
        for number in range(self.crashes):
            delay = self.rng.uniform(0.05, 3.0)
            caught = self.proxy.stalled.wait(delay)
            if number in self.server_crashes:
                self._kill_server()
            else:
                child.kill()
                child.join()
                self._note(caught)
                child = self._child(number + 1, token)
            self.proxy.release()
            self._say(number + 1)
        child.kill()
        child.join()

    def _child(self, number: int, token: str) -> Any:
        self.tasks = questions(A_CRASH * (number + 1), 4 * number // self.crashes)
        self.stage.value = 2
        child = self.processes.Process(target=work, args=(self.review, self.proxy.url, token, self.tasks, self.stage))
        child.start()
        return child

    def _kill_server(self) -> None:
        process.kill(server.status(self.home).pid)
        self.tally["server killed"] += 1
        server.up(self.home)

    def _note(self, caught: bool) -> None:
        where = ("in push", "in pull", "before either")[self.stage.value]
        self.tally["client killed between an import and its note" if caught else f"client killed {where}"] += 1
        with Journal(self.review) as journal:
            flying = "in_flight" in journal.ledger.states().values()
        self.tally["of these with tasks in flight"] += flying

    def _say(self, number: int) -> None:
        if number % 10 == 0 or number == self.crashes:
            print(f"{number:5} of {self.crashes} crashes, {len(self.tasks)} tasks", flush=True)

    def _compare(self, office: Office, people: list[Person], janitor: Janitor) -> list[str]:
        self.proxy.choose = lambda _: "pass"
        self.proxy.settle()
        with Journal(self.review) as journal, office.client() as admin:
            backend = find(journal, token=office.token)
            pull(journal, backend)  # so that the push knows which tasks are open
            push(self.tasks, journal, backend)
            pulled = pull(journal, backend)
            project = journal.setting("place")["project"]
            there = tasks_there(admin, project)
            found = differences(self.tasks, there, journal, people, janitor, pulled.swept.answered_twins)
            found += nothing_new("after the last crash", pull(journal, backend))
            self._count(journal, pulled)
            found += quiet_changes(office, people, there, journal, backend)
            server.down(self.home)
            found += file_differences(self.home / "data" / "label_studio.sqlite3", project, journal)
        unexpected = self.review / "unexpected.txt"
        return found + ([unexpected.read_text()] if unexpected.exists() else [])

    def _count(self, journal: Journal, pulled: Pulled) -> None:
        faults = {f"proxy: {name}": count for name, count in self.proxy.counts.items() if name != "pass"}
        events = {f"event: {name}": count for name, count in Counter(journal.frame("events")["kind"]).items()}
        self.tally.update(faults | events | {"answered twins that stay": len(pulled.swept.answered_twins)})


def nothing_new(when: str, pulled: Pulled) -> list[str]:
    """A pull that should have brought nothing."""
    brought = [*pulled.events, *pulled.swept.events]
    return [f"a pull with nothing new, {when}, brought {brought[:5]}"] if brought else []


def quiet_changes(
    office: Office, people: list[Person], there: list[dict[str, Any]], journal: Journal, backend: AnnotationBackend
) -> list[str]:
    """Some of each change, now that nothing breaks: the next pull must bring exactly these."""
    single = {key for key, count in Counter(task["data"]["wl_key"] for task in there).items() if count == 1}
    there = [task for task in there if task["data"]["wl_key"] in single]
    opened = [task for task in there if not task["annotations"]]
    answered = [task for task in there if task["annotations"]]
    some = max(1, min(len(opened) // 4, len(answered) // 4, 10))
    wanted: list[tuple[str, str]] = []
    by_number = {person.number: person for person in people}
    with office.client() as admin:
        config = office.project(admin)["label_config"]
        for task in answered[:some]:
            said = task["annotations"][0]
            label = "ham" if said["was_cancelled"] or said["result"][0]["value"]["choices"] == ["spam"] else "spam"
            by_number[said["completed_by"]].edit(said["id"], label)
            wanted.append(("edited", task["data"]["wl_key"]))
        for task in answered[some : 2 * some]:
            said = task["annotations"][0]
            by_number[said["completed_by"]].delete(said["id"])
            wanted.append(("deleted", task["data"]["wl_key"]))
        for kind, label, chosen in (("skipped", None, opened[:some]), ("answered", "ham", opened[some : 2 * some])):
            for task in chosen:
                people[0].say(task, label, config)
                wanted.append((kind, task["data"]["wl_key"]))
        for task in (*answered[2 * some : 3 * some], *opened[2 * some : 3 * some]):
            admin.delete(f"/api/tasks/{task['id']}/").raise_for_status()
            wanted.append(("task_deleted", task["data"]["wl_key"]))
    pulled = pull(journal, backend)
    brought = [(event.kind, event.key) for event in (*pulled.events, *pulled.swept.events)]
    print(f"then people did {kinds(wanted)}, and the pull brought {kinds(brought)}")
    missing, needless = Counter(wanted) - Counter(brought), Counter(brought) - Counter(wanted)
    found = [f"the pull should have brought {event}" for event in missing]
    found += [f"the pull should not have brought {event}" for event in needless]
    return found + nothing_new("after the quiet changes", pull(journal, backend))


def kinds(events: list[tuple[str, str]]) -> dict[str, int]:
    """How many there are of each."""
    return dict(sorted(Counter(kind for kind, _ in events).items()))


def main() -> int:
    """Run it; 1 where anything differs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--crashes", type=int, default=200)
    options.add_argument("--seed", type=int, default=0, help="of the dice; when each falls is the machine's affair")
    options.add_argument("--home", type=Path, help="folder for the server; by default one that is deleted afterwards")
    chosen = options.parse_args()
    start = time.monotonic()
    without_patience()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        campaign = Campaign(chosen.home or Path(folder, "studio"), Path(folder), chosen.crashes, chosen.seed)
        found = campaign.run()
    for name, count in sorted(campaign.tally.items()):
        print(f"  {name:<52}{count:7}")
    print(f"{chosen.crashes} crashes with seed {chosen.seed} in {time.monotonic() - start:.0f} s")
    for difference in found[:50]:
        print(f"DIFFERS: {difference}")
    print(f"{len(found)} differences" if found else "nothing differs")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
