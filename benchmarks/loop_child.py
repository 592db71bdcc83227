"""The process that leads the loop of `loop.py`; it may be told at which moment to die.

It dies by SIGKILL, from its own hand, so that the moment is the same in every run.
"""

import argparse
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from loop_data import Pool, load

from weaklabel.review.audit.budget import Budget
from weaklabel.review.backends.label_studio import LabelStudio
from weaklabel.review.journal import Journal
from weaklabel.review.learning import Learner
from weaklabel.review.loop import Loop, Round, review_run
from weaklabel.review.place import find

MOMENTS = ("before import", "after import", "reading", "learning", "before note", "after note")
INTO = 0.02  # seconds into learning


class Fate:
    """Counts how often each moment came, and kills this process when its own comes."""

    def __init__(self, moment: str) -> None:
        self.name, _, number = moment.partition(":")
        self.left = int(number or 1)

    def came(self, name: str) -> None:
        """Die if it is this moment."""
        if self.is_now(name):
            die()

    def is_now(self, name: str) -> bool:
        """Whether it is the last one."""
        self.left -= name == self.name
        return name == self.name and not self.left


def die() -> None:
    """At once, without goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A learner that remembers what it learned last, and may die in the middle of it."""

    def __init__(self, learner: Learner, fate: Fate) -> None:
        self.learner, self.fate, self.last = learner, fate, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.learner, name)

    def fit(self, answers: Any, audit: Any, left_out: frozenset[str] = frozenset()) -> Any:
        """As the learner does."""
        if self.fate.is_now("learning"):
            threading.Timer(INTO, die).start()
        learned = self.learner.fit(answers, audit, left_out)
        self.last = self.last if left_out else learned
        return learned


def mortal(owner: Any, name: str, before: Callable[[], None], after: Callable[[], None]) -> None:
    """Let something happen before and after a method of this one object."""
    method = getattr(owner, name)

    def called(*args: Any, **kwargs: Any) -> Any:
        before()
        result = method(*args, **kwargs)
        after()
        return result

    setattr(owner, name, called)


def read_mortal(backend: Any, fate: Fate) -> None:
    """A page of answers was read, and is not recorded yet."""
    changed = backend.changed

    def pages(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for page in changed(*args, **kwargs):
            if page.tasks:
                fate.came("reading")
            yield page

    backend.changed = pages


def lead(pool: Pool, given: argparse.Namespace) -> Round:
    """Step until the loop stops, or this process dies."""
    fate = Fate(given.die)
    learner = Watched(Learner(pool.table, pool.L, columns=["text"]), fate)
    loop = Loop(learner, size=given.size, target=given.target, budget=Budget(given.budget), seed=given.seed)

    def tell(found: Round) -> None:
        if found.state != "waiting":
            truth = None if learner.last is None else pool.right(learner.last.unseen)
            print(json.dumps({"number": found.number, "state": found.state, "truth": truth}), flush=True)

    with Journal(given.folder) as journal:
        backend: Any = find(journal) if journal.setting("place") else LabelStudio(given.title, given.url)
        mortal(backend, "send", lambda: fate.came("before import"), lambda: fate.came("after import"))
        read_mortal(backend, fate)
        mortal(journal, "note_round", lambda: fate.came("before note"), lambda: fate.came("after note"))
        return review_run(loop, journal, backend, every=0.2, tell=tell)


def main() -> None:
    """Lead it; the token is in LABEL_STUDIO_API_KEY."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--set", required=True)
    options.add_argument("--url", required=True)
    options.add_argument("--title", required=True)
    options.add_argument("--size", type=int, required=True)
    options.add_argument("--target", type=float)
    options.add_argument("--budget", type=float, required=True)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--die", default="", help=f"one of {', '.join(MOMENTS)}, and after a colon the how-manieth")
    given = options.parse_args()
    lead(load(given.set), given)


if __name__ == "__main__":
    main()
