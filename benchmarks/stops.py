"""When the loop stops, whether it should have, and what stopping costs: real pools, the loop itself, right answers.

    python benchmarks/stops.py                          everything: an hour on one core, most of it trec
    python benchmarks/stops.py --sets youtube --seeds 3
    python benchmarks/stops.py --keep looks.jsonl       goes on where it was broken off; a second time it only counts

Pools and features are those of `audit_loop.py`, the questions come 40 at a time, up to 800. What is asked does not hang
on the target, so each loop is led to its end once: its verdict is overheard, and told to go on. Then `verdict` is
asked, with the very scores that the loop gave it, where it would have stopped for each target.

Targets: shares of the score with all answers (cross-validated, `audit.py`); `200 + .01`, the true score of the same run
at 200 answers and a point more; `best + .01`, a point beyond anything the run reaches, where every stop is false.
A stop is false if the truth is below the target at that moment. The truth is the score on the whole pool, answered
items predicted by models that did not see them, and that is what the loop estimates; in brackets the same of the items
that nobody answered, which are easier, as the hard ones were asked. `oracle` stops at the first round with the truth at
the target. `forecast` is the first "labels left" that the loop says, at so many answers, and in brackets the runs that
ever say one; `took` is how many it were from there, of the runs that stopped. `above` is the share of all looks at
which the interval lies wholly above the truth: at the loop's level .0125 if all is well.
worth: stop where another answer surely brings less than .0001.
"""

import argparse
import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
from audit import full_score
from audit_loop import Pool, load

from weaklabel.review.audit.gain import Gain
from weaklabel.review.audit.permutation import AuditSlice
from weaklabel.review.audit.score import AuditScore
from weaklabel.review.audit.stopping import Verdict, verdict
from weaklabel.review.backends.local_file import LocalFile
from weaklabel.review.journal import Journal
from weaklabel.review.learning import Learned, Learner
from weaklabel.review.loop import Loop, judging, review_step
from weaklabel.review.simulated import SimulatedPeople

SETS = ("youtube", "sms", "trec", "imdb")
SIZE, MOST, EARLY = 40, 800, 200
PAYS = 1e-4  # score for an answer
WORTH = 0.01 / PAYS  # of 0.01 of the score, in answers, where one pays at PAYS
BEYOND = 0.01


class Remembering(Learner):
    """Fits nothing twice, which changes no number, and knows what it learned last."""

    def forget(self) -> None:
        """Before another run."""
        self.known: dict[Any, Learned] = {}
        self.newest: tuple[frozenset[str], Learned] | None = None

    def fit(self, answers: Mapping[str, str], audit: AuditSlice, left_out: frozenset[str] = frozenset()) -> Learned:
        """As the learner does."""
        used = frozenset(answers) - left_out
        key = used, frozenset(audit.item_ids) - left_out
        if key not in self.known:
            self.known[key] = super().fit(answers, audit, left_out)
        if not left_out and (self.newest is None or len(used) >= len(self.newest[0])):
            self.newest = used, self.known[key]
        return self.known[key]


@dataclass(frozen=True)
class Look:
    """What the loop knew when it judged, and what was true."""

    answers: int
    score: AuditScore
    gain: Gain | None
    rest: dict[str, Any]
    truth: float
    others: float

    def says(self, target: float | None, least_gain: float | None = None) -> Verdict:
        """The loop's verdict for this target, or for this price."""
        gain = None if least_gain is None else self.gain
        priced = {} if gain is None else {"gain": gain, "least_gain": least_gain}
        return verdict(self.score, target=target, **priced, **self.rest)


def learner_of(pool: Pool) -> Remembering:
    """The numbers are columns of the table."""
    numbers = {f"x{j}": column for j, column in enumerate(pool.features.T)}
    return Remembering(pl.DataFrame({"id": pool.ids, **numbers}), pool.L)


def looked(pool: Pool, learner: Remembering, score: AuditScore, given: dict[str, Any]) -> Look:
    """Beside what is true now."""
    answered, learned = learner.newest
    right = learned.unseen.probs.argmax(axis=1) == pool.y
    others = right[~pool.ids.is_in(list(answered)).to_numpy()]
    rest = {name: given[name] for name in ("asked", "open_items", "share")}
    return Look(len(answered), replace(score, naive={}), given["gain"], rest, right.mean(), others.mean())


def run(pool: Pool, learner: Remembering, seed: int, priced: bool) -> list[Look]:
    """All looks of a loop, which no verdict stops; if it is priced with gains, which take half as many fits again."""
    loop = Loop(learner, size=SIZE, worth=WORTH if priced else None, seed=seed)
    people, looks = SimulatedPeople(pool.gold, pool.L.classes), []
    learner.forget()

    def overheard(score: AuditScore, **given: Any) -> Verdict:
        looks.append(looked(pool, learner, score, given))
        return replace(verdict(score, **given), stop=False)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(judging, "verdict", overheard),
        Journal(folder) as journal,
    ):
        while review_step(loop, journal, LocalFile(folder)).number * SIZE < MOST:
            people.answer_file(journal, folder)
    return looks


def runs(name: str, seeds: int, priced: int, kept: Path | None) -> tuple[float, list[list[Look]]]:
    """The score with all answers, and the loops of a set, those that are kept first."""
    there = {}
    for line in kept.read_text().splitlines() if kept and kept.exists() else ():
        stored = json.loads(line)
        if stored["set"] == name:
            there[stored["seed"]] = stored["full"], [revived(look) for look in stored["looks"]]
    pool = learner = full = None
    for seed in range(seeds):
        if seed in there:
            continue
        if pool is None:
            pool = load(name, features=True)
            learner, full = learner_of(pool), full_score(pool)
        there[seed] = full, run(pool, learner, seed, seed < priced)
        if kept:
            line = {"set": name, "seed": seed, "full": full, "looks": [asdict(look) for look in there[seed][1]]}
            with kept.open("a") as file:
                file.write(json.dumps(line) + "\n")
    return there[0][0], [there[seed][1] for seed in range(seeds)]


def revived(stored: dict[str, Any]) -> Look:
    """From JSON."""
    gain = stored["gain"] and Gain(**stored["gain"])
    return Look(**stored | {"score": AuditScore(**stored["score"]), "gain": gain})


def first(looks: list[Look], holds: Callable[[Look], Any]) -> Look | None:
    """The first look of which it holds."""
    return next((look for look in looks if holds(look)), None)


def targets(full: float, looks: list[Look]) -> dict[str, float]:
    """Names and targets of one run."""
    early = first(looks, lambda look: look.answers >= EARLY)
    return {"95 %": 0.95 * full, "98 %": 0.98 * full, f"{EARLY} + .01": early.truth + BEYOND,
            "best + .01": max(look.truth for look in looks) + BEYOND}  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """What one run made of one target."""

    target: float
    stop: Look | None
    oracle: Look | None
    told: Look | None

    @property
    def missed(self) -> float:
        """By how much the truth lies below the target at the stop."""
        return max(self.target - self.stop.truth, 0.0) if self.stop else 0.0


def ending(looks: list[Look], target: float) -> Ending:
    """Where it stops, where it should, and where it first says how far that is."""
    return Ending(
        target,
        first(looks, lambda look: look.says(target).stop),
        first(looks, lambda look: look.truth >= target),
        first(looks, lambda look: look.says(target).labels_left),
    )


def target_part(name: str, full: float, found: list[list[Look]]) -> None:
    """Where they stop for each target."""
    above = np.mean([look.score.lower > look.truth for looks in found for look in looks])
    off = np.mean([look.score.value - look.truth for looks in found for look in looks])
    print(f"{name}: full {full:.3f}, above {above:.4f}, bias {off:+.4f}")
    for which in targets(full, found[0]):
        ends = [ending(looks, targets(full, looks)[which]) for looks in found]
        stops, told = [end for end in ends if end.stop], [end for end in ends if end.told]
        easy = sum(end.stop.others < end.target for end in stops)
        said = [end.told.says(end.target).labels_left for end in told]
        took = [end.stop.answers - end.told.answers for end in told if end.stop]
        print(f"  {which:<10} target {np.mean([end.target for end in ends]):.3f}  stopped {len(stops):>2}/{len(ends)}"
              f"  false {sum(end.missed > 0 for end in ends)} ({easy}) by {max(end.missed for end in ends):.3f}"
              f"  at {middle([end.stop.answers for end in stops])}"
              f"  oracle {middle([end.oracle.answers for end in ends if end.oracle])}"
              f"  forecast {middle(said)} at {middle([end.told.answers for end in told])} ({len(told)}),"
              f" took {middle(took)}", flush=True)  # fmt: skip


def worth_part(name: str, found: list[list[Look]]) -> None:
    """Where they stop for the price."""
    found = [looks for looks in found if looks[-1].gain]
    stops = [first(looks, lambda look: look.says(None, PAYS).stop) for looks in found]
    pairs = [(stop, looks[-1]) for stop, looks in zip(stops, found, strict=True) if stop]
    lost = np.array([last.truth - stop.truth for stop, last in pairs])
    paid = np.array([(last.truth - stop.truth) / (last.answers - stop.answers) for stop, last in pairs
                     if last.answers > stop.answers])  # fmt: skip
    print(f"  worth      stopped {len(pairs):>2}/{len(found)}  at {middle([stop.answers for stop, _ in pairs])}"
          f"  lost {lost.mean() if len(lost) else np.nan:+.4f} (most {lost.max() if len(lost) else np.nan:+.4f})"
          f"  stops after which an answer did pay {(paid >= PAYS).sum()}", flush=True)  # fmt: skip


def middle(values: list[int]) -> str:
    """The median."""
    return f"{np.median(values):.0f}" if values else "--"


def main() -> None:
    """Count."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--priced", type=int, default=3, help="of the seeds, those that are led with `worth` too")
    parser.add_argument("--keep", type=Path, help="a file that keeps what the loops found")
    options = parser.parse_args()
    for name in options.sets:
        full, found = runs(name, options.seeds, options.priced, options.keep)
        target_part(name, full, found)
        worth_part(name, found)


if __name__ == "__main__":
    main()
