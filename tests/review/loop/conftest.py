"""A small pool with a known truth, and loops over it that simulated people answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

import weaklabel as wl


@dataclass
class Trial:
    """A review in a folder, answered by simulated people."""

    folder: Any
    loop: wl.Loop
    people: wl.SimulatedPeople

    def step(self, answer=True):
        with wl.Journal(self.folder) as journal:
            found = wl.review_step(self.loop, journal, wl.LocalFile(self.folder))
            if answer and found.state != "stopped":
                self.people.answer_file(journal, self.folder)
        return found

    def until_it_stops(self, most=100):
        rounds = []
        while not rounds or rounds[-1].state != "stopped":
            rounds.append(self.step())
            assert len(rounds) < most, "it does not stop"
        return rounds

    def frame(self, table):
        with wl.Journal(self.folder, create=False) as journal:
            return journal.frame(table)


def planted(n=240, seed=0, lfs=4):
    """Two classes that three numbers tell apart but for noise, and labeling functions of known accuracy."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    ids = [f"item {i}" for i in range(n)]
    X = rng.standard_normal((n, 3)) + 2.0 * (2 * y[:, None] - 1) * np.array([1.0, 0.5, 0.0])
    table = pl.DataFrame({"id": ids, **{f"x{j}": X[:, j] for j in range(3)}})
    right = rng.random((n, lfs)) < 0.8
    votes = np.where(rng.random((n, lfs)) < 0.6, np.where(right, y[:, None], 1 - y[:, None]), -1)
    L = wl.LabelMatrix(votes.astype(np.int8), pl.Series("id", ids), tuple(f"lf{j}" for j in range(lfs)), ("no", "yes"))
    return table, L, dict(zip(ids, np.array(["no", "yes"])[y].tolist(), strict=True))


@pytest.fixture
def pool():
    return planted


@pytest.fixture
def trial(tmp_path):
    def make(folder="review", accuracies=(1.0,), votes=True, n=240, **options):
        table, L, gold = planted(n)
        learner = wl.Learner(table, L if votes else None, classes=None if votes else ("no", "yes"))
        people = wl.SimulatedPeople(gold, ("no", "yes"), accuracies)
        return Trial(tmp_path / folder, wl.Loop(learner, **{"size": 12, "folds": 4} | options), people)

    return make
