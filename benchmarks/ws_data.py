"""The real label matrices that the benchmarks run on: votes and gold, in `shared/data/ws` beside the checkout."""

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "ws"


@dataclass(frozen=True)
class Votes:
    """One data set: votes to fit on, votes and gold to score on, and gold that may be learned from."""

    name: str
    k: int
    fit: np.ndarray
    score: np.ndarray
    gold: np.ndarray
    fit_gold: np.ndarray
    balance: np.ndarray | None

    @property
    def crowd(self) -> bool:
        """Whether people voted; then the fitted items themselves are scored."""
        return self.name.startswith("crowd")


def load_all() -> list[Votes]:
    """Every data set that lies there, labeling functions first."""
    names = sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) if FOLDER.is_dir() else []
    return [load(name) for name in sorted(names, key=lambda name: (name.startswith("crowd"), name))]


def load(name: str) -> Votes:
    """One data set by name."""
    if not (FOLDER / name / "votes.npz").exists():
        return _answers(name)
    with np.load(FOLDER / name / "votes.npz") as stored:
        part = dict(stored)
    k = json.loads((FOLDER / name / "meta.json").read_text())["k"]
    if "L_test" not in part:
        return Votes(name, k, part["L_train"], part["L_train"], part["y_train"], part["y_train"], None)
    valid = part.get("y_valid", np.zeros(0, int))
    balance = np.bincount(valid[valid >= 0], minlength=k) + 1e-3
    known = part.get("y_train", np.full(len(part["L_train"]), -1))
    return Votes(
        name,
        k,
        part["L_train"],
        part["L_test"],
        part["y_test"],
        known,
        balance / balance.sum() if valid.size else None,
    )


def with_texts() -> list[str]:
    """The names of the data sets whose texts lie there, too."""
    return sorted(path.parent.name for path in FOLDER.glob("*/texts.json.gz"))


def texts(name: str) -> dict[str, tuple[list[str], np.ndarray, np.ndarray]]:
    """The splits whose texts there are: texts, votes and gold, in the same order."""
    with gzip.open(FOLDER / name / "texts.json.gz", "rt", encoding="utf-8") as file:
        said = json.load(file)
    with np.load(FOLDER / name / "votes.npz") as stored:
        return {split: (rows, stored[f"L_{split}"], stored[f"y_{split}"]) for split, rows in said.items()}


def _answers(name: str) -> Votes:
    """People's answers as (item, worker, label) rows."""
    truth = {row[0]: int(row[1]) for row in _rows(FOLDER / name / "truth.csv")}
    answers = [row for row in _rows(FOLDER / name / "label.csv") if row[0] in truth]
    items = {item: i for i, item in enumerate(sorted(truth))}
    workers = {worker: j for j, worker in enumerate(sorted({row[1] for row in answers}))}
    votes = np.full((len(items), len(workers)), -1, np.int8)
    for item, worker, label in answers:
        votes[items[item], workers[worker]] = int(label)
    gold = np.array([truth[item] for item in items])
    return Votes(name, int(gold.max()) + 1, votes, votes, gold, gold, None)


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]
