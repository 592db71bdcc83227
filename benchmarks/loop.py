"""The loop end to end: a real Label Studio, five people who err, killed and resumed; the same training set either way.

    python benchmarks/loop.py                                  youtube, 5 to 15 minutes
    python benchmarks/loop.py --set sms --target 0.9 --seed 1
    python benchmarks/loop.py --set sms_spam                   the messages that ship

No person answers: five accounts give, through the API and each with its own token, what `SimulatedPeople` says, with
accuracies of .95, .9, .9, .8 and .6; an item that is asked about again goes to another of them. A process leads the
loop (`loop_child.py`). It prints the rounds: `wrong` is the share of the audit's labels that the loop thinks people got
wrong; `plain` the score that takes each of them for right, and `score` the one freed of their errors, by which the loop
stops; `true` is what the score estimates: accuracy on the whole pool, answered items predicted by models that did not
learn them. Then the same again in another project, where that process is killed with SIGKILL in the middle of
importing, reading, learning and noting, and at random moments, and started again each time. In the end both must have
asked and found the same, and the files must be equal byte by byte; so nobody may edit the code meanwhile.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crash_people import Office
from loop_data import Pool, load
from loop_people import ACCURACIES, Staff, email
from loop_same import differences

import weaklabel as wl
from weaklabel.review.loop.rounds import records
from weaklabel.review.people.agreement import agreement
from weaklabel.review.simulated import SimulatedPeople
from weaklabel.review.studio import server

CHILD = Path(__file__).with_name("loop_child.py")
PLANNED = (
    "learning", "before note", "after note", "before import", "after import", "reading", "learning:4",
    "reading:2", "after import:2", "learning:9",
)  # fmt: skip
PARTS = ("audit", "repair", "second", "chosen")
PATIENCE = 900.0  # seconds for one life of the process


class Led:
    """One review, led to its end."""

    def __init__(self, name: str, given: argparse.Namespace, home: Path, studio: server.Studio) -> None:
        self.folder, self.given, self.studio = home / name, given, studio
        self.title = f"weaklabel loop {name}"
        self.token = studio.token_file.read_text().strip()
        self.said: dict[int, dict[str, object]] = {}
        self.deaths: dict[str, int] = {}

    def run(self, people: SimulatedPeople, tokens: dict[str, str], deaths: list[str], kills: list[float]) -> Staff:
        """Until it stops, with the deaths that are planned first and then those at random moments."""
        office = Office(self.studio.url, self.token, self.title)
        staff = Staff(office, people, tokens)
        staff.start()
        try:
            while not self._life(deaths.pop(0) if deaths else "", kills):
                if staff.error:
                    raise SystemExit(f"the people stopped: {staff.error}")
        finally:
            office.closed.set()
            staff.join()
        return staff

    def _life(self, moment: str, kills: list[float]) -> bool:
        """One process; whether it came to the end."""
        given = self.given
        told = {"set": given.set, "url": self.studio.url, "title": self.title, "size": given.size, "die": moment,
                "budget": given.budget, "target": given.target, "seed": given.seed}  # fmt: skip
        options = [part for name, value in told.items() if value is not None for part in (f"--{name}", str(value))]
        command = [sys.executable, str(CHILD), str(self.folder), *options]
        env = {**os.environ, "LABEL_STUDIO_API_KEY": self.token}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        try:
            out, _ = child.communicate(timeout=kills.pop(0) if kills and not moment else PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            moment = moment or "a random moment"
        finally:
            child.kill()  # where the run itself is interrupted
        for line in out.splitlines():
            told = json.loads(line)
            self.said[told["number"]] = told
        if child.returncode not in (0, -9):
            raise SystemExit(f"the process that leads the loop ended with {child.returncode}")
        if child.returncode:
            self.deaths[moment] = self.deaths.get(moment, 0) + 1
        return not child.returncode


def show(led: Led, pool: Pool, staff: Staff) -> None:
    """The rounds, the people, the stop, and what came of it."""
    with wl.Journal(led.folder, create=False) as journal:
        rounds, agreed = records(journal), agreement(journal.annotations())
    print("round answers audit  wrong  plain  score  interval       true   audit, repair, second, chosen  verdict")
    for number, found in enumerate(rounds):
        score, said, batch = found["score"], found["verdict"], found["batch"]
        shown = f"{score['value']:.3f}  {score['lower']:.3f}-{score['upper']:.3f}" if score else f"{'-':>5}{'':13}"
        truth = led.said.get(number, {}).get("truth")
        true = f"{truth:.3f}" if isinstance(truth, float) else "  -  "
        parts = ", ".join(str(batch[part]) for part in PARTS) if batch else "-"
        wrong = f"{found['audit_error']:.3f}" if found["audited"] else "  -  "
        plain = f"{found['agreement']:.3f}" if score else "  -  "
        print(f"{number:>5} {found['answers']:>7} {found['audited']:>5}  {wrong}  {plain}  {shown}  {true}   "
              f"{parts:<29}  {said['said'] if said else ''}")  # fmt: skip
    low, high = agreed.interval or (float("nan"), float("nan"))
    alpha = "-" if agreed.alpha is None else f"{agreed.alpha:.3f} ({low:.3f} to {high:.3f})"
    print(f"alpha {alpha} on {agreed.items} items that two people or more answered")
    print("person        answers  planted  was right  estimated")
    for (name, (count, right)), accuracy in zip(staff.rates().items(), ACCURACIES, strict=True):
        estimate = rounds[-1]["people"].get(email(name))
        told = "-" if estimate is None else f"{estimate:.3f}"
        print(f"{name:<13} {count:>7}  {accuracy:>7.2f}  {right:>9.3f}  {told:>9}")
    outcome(led.folder, pool, staff)


def outcome(folder: Path, pool: Pool, staff: Staff) -> None:
    """How good the training set is, and the end model that learns from it, beside one that learns from the truth."""
    made = wl.TrainingSet.load(folder / "training.parquet")
    items = made.table["id"].to_list()
    said = [made.classes[c] for c in made.probs.argmax(axis=1)]
    right = sum(pool.gold[item] == label for item, label in zip(items, said, strict=True)) / len(items)
    answered = {item for item in staff.asked if item in set(items)}
    own = [pool.gold[item] == label for item, label in zip(items, said, strict=True) if item in answered]
    print(f"training set: {len(items)} of {len(pool.table)} items, labels right {right:.3f}; "
          f"of the {len(own)} that people answered {sum(own) / max(len(own), 1):.3f}")  # fmt: skip
    labels = [pool.L.classes.index(pool.gold[item]) for item in pool.table["id"]]
    full = wl.training_set(certain(pool, labels), pool.table)
    scores = [pool.right(wl.train(one, columns=["text"]).predict_proba(pool.test)) for one in (made, full)]
    print(f"end model, accuracy on {len(pool.test)} test texts: {scores[0]:.3f}; taught the truth: {scores[1]:.3f}")


def certain(pool: Pool, labels: list[int]) -> wl.Posterior:
    """The truth as a posterior."""
    import numpy as np

    return wl.Posterior(
        np.eye(len(pool.L.classes))[labels], pool.table["id"], pool.L.classes, np.ones(len(labels), bool)
    )


def main() -> int:
    """Run it; 1 where the killed loop ends elsewhere."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", default="youtube")
    options.add_argument("--size", type=int, default=40, help="of a batch")
    options.add_argument("--target", type=float, help="of the accuracy")
    options.add_argument("--budget", type=float, default=400, help="answers at most")
    options.add_argument("--kills", type=int, default=6, help="at random moments, beside those that are planned")
    options.add_argument("--seed", type=int, default=0, help="of the people and of the random moments")
    given = options.parse_args()
    start, pool, rng = time.monotonic(), load(given.set), random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="loop-") as folder:
        home = Path(folder)
        studio = server.up(home / "studio")
        try:
            whole, killed = Led("whole", given, home, studio), Led("killed", given, home, studio)
            people = SimulatedPeople(pool.gold, pool.L.classes, ACCURACIES, given.seed)
            tokens = {name: Office(studio.url, whole.token, "").account(email(name)) for name in people.names}
            print(f"{pool.name}: {len(pool.table)} items, {pool.L.votes.shape[1]} functions; the people are simulated")
            show(whole, pool, whole.run(people, tokens, [], []))
            print(f"{time.monotonic() - start:.0f} s; now the same, killed and resumed", flush=True)
            killed.run(people, tokens, list(PLANNED), [rng.uniform(2.0, 9.0) for _ in range(given.kills)])
        finally:
            server.down(home / "studio")
        print("killed " + ", ".join(f"{moment} x {count}" for moment, count in killed.deaths.items()))
        found = differences(whole.folder, killed.folder)
    for difference in found:
        print(f"DIFFERS: {difference[:500]}")
    print(
        f"{len(found)} differences"
        if found
        else "the same rounds, the same questions, the same training set byte by byte"
    )
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
