"""What the loop's benchmark asks about: a real pool with votes and texts, what is right, and texts to test on."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from ws_data import texts, with_texts

import weaklabel as wl

DEMO = "sms_spam"  # ships
CLASSES = ("ham", "spam")


@dataclass(frozen=True)
class Pool:
    """Texts with votes; `gold` is what the simulated people know."""

    name: str
    table: pl.DataFrame
    L: wl.LabelMatrix
    gold: dict[str, str]
    test: pl.DataFrame
    test_gold: dict[str, str]

    def right(self, beliefs: wl.Posterior) -> float:
        """The share of the items whose most probable class is right."""
        gold = self.gold | self.test_gold
        truth = np.array([beliefs.classes.index(gold[item]) for item in beliefs.item_ids])
        return float((beliefs.probs.argmax(axis=1) == truth).mean())


def load(name: str) -> Pool:
    """A spam set of shared/data/ws, or where it is not there the messages that ship."""
    if name not in with_texts():
        return _demo()
    parts = texts(name)
    (said, votes, y), (asked, _, known) = parts["train"], parts["test"]
    table, test = _table(said, "c"), _table(asked, "t")
    L = wl.LabelMatrix(votes, table["id"], tuple(f"lf_{j}" for j in range(votes.shape[1])), CLASSES)
    return Pool(name, table, L, _gold(table, y), test, _gold(test, known))


def _demo() -> Pool:
    table, test = (wl.datasets.load(DEMO, split) for split in ("train", "test"))
    rules = wl.load_lfs(DEMO)
    L = wl.apply(rules.lfs, table, rules.classes)
    gold, known = (dict(zip(rows["id"], rows["label"], strict=True)) for rows in (table, test))
    return Pool(DEMO, table.select("id", "text"), L, gold, test.select("id", "text"), known)


def _table(said: list[str], prefix: str) -> pl.DataFrame:
    return pl.DataFrame({"id": [f"{prefix}-{number}" for number in range(len(said))], "text": said})


def _gold(table: pl.DataFrame, y: np.ndarray) -> dict[str, str]:
    return {item: CLASSES[label] for item, label in zip(table["id"], y, strict=True)}
