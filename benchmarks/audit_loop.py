"""Real pools and an active-learning loop over them that keeps an audit slice; `audit.py` measures what it says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from ws_data import FOLDER, texts, with_texts

import weaklabel as wl
from weaklabel.review.audit.held_out import HeldOut, held_out
from weaklabel.review.audit.measures import found, measure
from weaklabel.review.audit.permutation import audit_next, audit_quota, audit_slice

BATCH = 20
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pool:
    """Items with votes, gold and, where there are texts, features."""

    name: str
    L: wl.LabelMatrix
    y: np.ndarray
    features: np.ndarray | None

    @property
    def ids(self) -> pl.Series:
        return self.L.item_ids

    @property
    def gold(self) -> dict[str, str]:
        """The answers that people would give."""
        return {item: self.L.classes[y] for item, y in zip(self.ids, self.y, strict=True)}


def pools(names: list[str], *, features: bool) -> Iterator[Pool]:
    """The real data sets of these names, or all that have what is needed."""
    there = with_texts() if features else sorted({*with_texts(), "tennis"})
    for name in names or there:
        yield load(name, features=features)


def load(name: str, *, features: bool) -> Pool:
    """One pool; tennis has no gold but for its test split, and no texts."""
    k = json.loads((FOLDER / name / "meta.json").read_text())["k"]
    if name == "tennis":
        with np.load(FOLDER / name / "votes.npz") as stored:
            votes, y, said = stored["L_test"], stored["y_test"], None
    else:
        splits = texts(name)
        splits = {"train": splits["train"]} if "train" in splits else splits
        said = [text for part in splits.values() for text in part[0]]
        votes, y = (np.concatenate([part[i] for part in splits.values()]) for i in (1, 2))
    matrix = wl.LabelMatrix.from_array(votes, classes=[f"class {c}" for c in range(k)])
    return Pool(name, matrix, y, lsa(said) if features and said else None)


def lsa(said: list[str]) -> np.ndarray:
    """TF-IDF of words and word pairs in 100 dimensions, of length 1."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(said)
    return normalize(TruncatedSVD(100, random_state=0).fit_transform(words))


@dataclass(frozen=True)
class Truth:
    """Probabilities of the end model: on items that it did not see, on all; and which are answered."""

    y: np.ndarray
    unseen: np.ndarray
    whole: np.ndarray
    rows: np.ndarray

    def scores(self, name: str) -> tuple[float, float, float]:
        """The score on unseen items, on the whole pool, and cross-validated on the answers."""
        answers = rate(self.unseen[self.rows], self.y[self.rows], name)
        return rate(self.unseen, self.y, name), rate(self.whole, self.y, name), answers


@dataclass
class Loop:
    """An active-learning loop that keeps an audit slice."""

    pool: Pool
    seed: int
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gold = self.pool.gold
        self.row = {item: row for row, item in enumerate(self.pool.ids)}
        self.ask(audit_next(self.pool.ids, BATCH, seed=self.seed))

    def ask(self, items: pl.Series) -> None:
        self.answers.update({item: self.gold[item] for item in items})

    def step(self) -> None:
        """One batch: the audit's share first, then the smallest margins."""
        quota = audit_quota(BATCH, len(self.answers))
        probs = self.fit(NONE).probs.copy()
        self.ask(audit_next(self.pool.ids, quota, asked=self.answers, seed=self.seed))
        ranked = np.sort(probs, axis=1)
        margin = ranked[:, -1] - ranked[:, -2]
        margin[[self.row[item] for item in self.answers]] = np.inf
        self.ask(self.pool.ids.gather(np.argsort(margin)[: BATCH - quota]))

    def fit(self, left_out: frozenset[str]) -> wl.Posterior:
        """The end model's beliefs about the pool, learned from the other answers."""
        from sklearn.linear_model import LogisticRegression

        rows = [self.row[item] for item in self.answers if item not in left_out]
        y, n = self.pool.y[rows], len(self.pool.y)
        probs = np.zeros((n, len(self.pool.L.classes)))
        if len(set(y)) == 1:
            probs[:, y[0]] = 1
        else:
            model = LogisticRegression(C=10.0, max_iter=300).fit(self.pool.features[rows], y)
            probs[:, model.classes_] = model.predict_proba(self.pool.features)
        return wl.Posterior(probs, self.pool.ids, self.pool.L.classes, np.ones(n, bool))

    def held(self) -> HeldOut:
        """The audit slice beside predictions that did not see it."""
        audit = audit_slice(self.pool.ids, self.answers, seed=self.seed)
        return held_out(self.fit, audit, self.answers)

    def truth(self) -> Truth:
        """What is true of the end model."""
        whole, items = self.fit(NONE).probs, np.array(list(self.answers))
        probs, rows = whole.copy(), np.array([self.row[item] for item in items])
        fold = np.random.default_rng(0).permutation(len(items)) % 5
        for held in range(5):
            probs[rows[fold == held]] = self.fit(frozenset(items[fold == held])).probs[rows[fold == held]]
        return Truth(self.pool.y, probs, whole, rows)


def rate(probs: np.ndarray, y: np.ndarray, name: str) -> float:
    """The measure of probabilities whose best class is taken."""
    labels = probs.argmax(axis=1).astype(np.int8)
    return measure(name).value(found(labels, probs, y).mean(axis=0))
