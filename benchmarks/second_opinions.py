"""Second opinions: single labels, fixed triples and adaptive ones at equal cost, and what they do to the audit's score.

    python benchmarks/second_opinions.py                             all four parts: some ten minutes on one core
    python benchmarks/second_opinions.py cost --sets youtube digits --seeds 3

Five people of accuracy .95 .9 .9 .8 .6 answer, who does is random; nobody answers an item twice. Of each set 70 % are
the pool and the rest is the test. The end model is logistic regression on LSA of 100 dimensions (of digits: on the
pixels), learned from the labels alone. Batches of 20: up to a third goes to second opinions; of the others a quarter is
the audit, the rest by margin. Beliefs are those of the same model, cross-fitted in five folds.

cost: score on the test (sms: macro-F1, else accuracy) and accuracy of the labels after 600 paid answers. `single`: one
answer an item; `triple`: three, the majority; `settled`: one answer, labels by people and model; `adaptive`: that, with
second opinions.
care: how many of 600 answers are second opinions, and what becomes of the labels, if people are careful.
audit: bias and coverage of the 95 % interval of the audit's score after 400 answers: with people's labels of the audit
as they are, freed of people's errors by `without_peoples_errors`, and, to warn, labelled by model and people.
crowds: accuracy of the consensus of real crowds without a model, beside the rules; what a rule leaves open is wrong in
"of all".
"""

import argparse
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import ws_data
from audit_loop import load

import weaklabel as wl
from weaklabel.artefacts import Annotation
from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.permutation import audit_next, audit_quota, audit_slice
from weaklabel.review.audit.score import audit_score
from weaklabel.review.people.consensus import consensus
from weaklabel.review.second.freed import without_peoples_errors
from weaklabel.review.second.settle import Settled, settle_answers

CROWD = (0.95, 0.9, 0.9, 0.8, 0.6)
SETS = ("youtube", "imdb", "sms", "digits")
BATCH, BUDGET = 20, 600
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Task:
    """A pool and a test."""

    name: str
    X: np.ndarray
    y: np.ndarray
    test: np.ndarray
    test_y: np.ndarray

    @classmethod
    def split(cls, name: str, X: np.ndarray, y: np.ndarray, seed: int) -> "Task":
        """Seven tenths are the pool."""
        order, n = np.random.default_rng(seed).permutation(len(y)), int(0.7 * len(y))
        pool, test = order[:n], order[n:]
        return cls(name, X[pool], y[pool], X[test], y[test])

    def score(self, y: np.ndarray) -> float:
        """Of what is predicted for the test."""
        from sklearn.metrics import f1_score

        return float(f1_score(self.test_y, y, average="macro") if self.name == "sms" else (self.test_y == y).mean())


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and classes."""
    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return X / 16, y
    pool = load(name, features=True)
    return pool.features, pool.y


@dataclass
class Loop:
    """Labels bought one way; `how` is single, triple, settled or adaptive."""

    task: Task
    how: str
    seed: int
    crowd: tuple[float, ...] = CROWD
    said: list[Annotation] = field(default_factory=list)
    who: dict[str, list[int]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    settled: Settled | None = None
    second: int = 0

    def __post_init__(self) -> None:
        n = len(self.task.y)
        self.rng = np.random.default_rng(self.seed)
        self.classes = tuple(f"class {y}" for y in range(int(self.task.y.max()) + 1))
        self.ids = pl.Series([f"i{row:05}" for row in range(n)])
        self.row = {item: row for row, item in enumerate(self.ids)}

    def ask(self, item: str) -> None:
        """Somebody who did not answer it yet answers it."""
        free = [who for who in range(len(self.crowd)) if who not in self.who.get(item, [])]
        who = free[self.rng.integers(len(free))]
        truth, k = self.task.y[self.row[item]], len(self.classes)
        y = truth if self.rng.random() < self.crowd[who] else (truth + self.rng.integers(1, k)) % k
        self.who.setdefault(item, []).append(who)
        self.said.append(Annotation(str(len(self.said)), item, item, self.classes[y], f"p{who}"))

    def fit(self, labels: dict[str, str], left_out: Iterable[str] = NONE) -> Callable[[np.ndarray], np.ndarray]:
        """The end model: features to probabilities."""
        from sklearn.linear_model import LogisticRegression

        items = sorted(set(labels) - set(left_out))
        y = np.array([self.classes.index(labels[item]) for item in items])
        if len(set(y)) == 1:
            return lambda X: np.eye(len(self.classes))[np.repeat(y[0], len(X))]
        model = LogisticRegression(C=10.0, max_iter=300).fit(self.task.X[[self.row[item] for item in items]], y)
        return lambda X: model.predict_proba(X) @ np.eye(len(self.classes))[model.classes_]

    def posterior(self, probs: np.ndarray) -> wl.Posterior:
        return wl.Posterior(probs, self.ids, self.classes, np.ones(len(probs), bool))

    def unseen(self, labels: dict[str, str]) -> np.ndarray:
        """Beliefs about the pool, those about answered items by a model that did not see their labels."""
        probs, items = self.fit(labels)(self.task.X), np.array(sorted(labels))
        fold = np.random.default_rng(0).permutation(len(items)) % 5
        for held in range(5):
            out = items[fold == held]
            rows = [self.row[item] for item in out]
            probs[rows] = self.fit(labels, out)(self.task.X[rows])
        return probs

    def settle(self) -> None:
        raw: dict[str, list[str]] = {}
        for said in self.said:
            raw.setdefault(said.item_id, []).append(said.label)
        most = {item: max(sorted(set(given)), key=given.count) for item, given in raw.items()}
        if self.how in ("single", "triple"):
            self.labels = most
            return
        beliefs = self.posterior(self.unseen({item: self.labels.get(item, label) for item, label in most.items()}))
        self.settled = settle_answers(self.said, beliefs, audit_slice(self.ids, self.who, seed=self.seed).item_ids)
        self.labels = dict(self.settled.labels)

    def step(self) -> None:
        """One batch: second opinions, then the audit's share, then the smallest margins."""
        size = min(BATCH, BUDGET - len(self.said))
        if self.said:
            self.settle()
        again = self.settled.next_opinions(size) if self.settled and self.how == "adaptive" else ()
        for item in again:
            self.ask(item)
        self.second += len(again)
        each = 3 if self.how == "triple" else 1
        for item in self.new(max((size - len(again)) // each, 1)):
            for _ in range(each):
                self.ask(item)

    def new(self, size: int) -> list[str]:
        if not self.said:
            return list(audit_next(self.ids, size, seed=self.seed))
        audit = list(audit_next(self.ids, audit_quota(size, len(self.who)), asked=self.who, seed=self.seed))
        ranked = np.sort(self.fit(self.labels)(self.task.X), axis=1)
        margin = ranked[:, -1] - ranked[:, -2]
        margin[[self.row[item] for item in (*self.who, *audit)]] = np.inf
        return [*audit, *self.ids.gather(np.argsort(margin, kind="stable")[: size - len(audit)])]

    def run(self, budget: int = BUDGET) -> "Loop":
        while len(self.said) < budget:
            self.step()
        self.settle()
        return self

    def score(self) -> float:
        """Of the end model on the test."""
        return self.task.score(self.fit(self.labels)(self.task.test).argmax(axis=1))

    def right(self, labels: dict[str, str]) -> float:
        """The share of labels that are."""
        return float(np.mean([label == self.classes[self.task.y[self.row[item]]] for item, label in labels.items()]))


def cost_part(names: list[str], seeds: int) -> None:
    """Four ways to spend 600 answers."""
    print("set      how        score (gain over single, its standard error)  labels right  items  second opinions")
    for name in names:
        X, y = data(name)
        single: np.ndarray | None = None
        for how in ("single", "triple", "settled", "adaptive"):
            loops = [Loop(Task.split(name, X, y, seed), how, seed).run() for seed in range(seeds)]
            scores = np.array([loop.score() for loop in loops])
            single = scores if single is None else single
            gain, error = (scores - single).mean(), (scores - single).std(ddof=1) / np.sqrt(seeds)
            rest = np.mean([(loop.right(loop.labels), len(loop.who), loop.second) for loop in loops], axis=0)
            print(f"{name:<9}{how:<11}{scores.mean():.3f} ({gain:+.3f}, {error:.3f}){rest[0]:>38.3f}{rest[1]:>7.0f}"
                  f"{rest[2]:>17.0f}", flush=True)  # fmt: skip


def care_part(names: list[str], seeds: int) -> None:
    """What careful people are asked, and what becomes of their labels."""
    print(
        "set      people                        second of 600   raw labels right  settled  overruled  crowd said to be"
    )
    for name in names:
        X, y = data(name)
        for crowd in ((1.0,), (0.98,), (0.9,), (1.0,) * 3, (0.98,) * 3, (0.9,) * 3, CROWD):
            rows = []
            for seed in range(seeds):
                loop = Loop(Task.split(name, X, y, seed), "adaptive", seed, crowd).run()
                raw = Loop(loop.task, "single", seed, crowd, said=loop.said, who=loop.who)
                raw.settle()
                found = loop.settled
                rows.append((loop.second, raw.right(raw.labels), loop.right(loop.labels), len(found.overruled),
                             found.people["accuracy"].mean()))  # fmt: skip
            row = np.mean(rows, axis=0)
            print(f"{name:<9}{crowd!s:<30}{row[0]:>13.0f}{row[1]:>15.3f}{row[2]:>9.3f}{row[3]:>11.0f}{row[4]:>18.3f}",
                  flush=True)  # fmt: skip


def audit_part(names: list[str], seeds: int) -> None:
    """The audit's score where people err."""
    print("set      people's errors: true, said     as it is: bias, cover         freed: same   with the model: same")
    for name in names:
        X, y = data(name)
        rows = np.array([audited(Loop(Task.split(name, X, y, seed), "adaptive", seed)) for seed in range(seeds)])
        wrong, said, *rest = rows.mean(axis=0)
        pairs = "   ".join(f"{bias:+18.3f}, {cover:.2f}" for bias, cover in zip(rest[::2], rest[1::2], strict=True))
        print(f"{name:<9}{wrong:>23.3f}, {said:.3f} {pairs}", flush=True)


def audited(loop: Loop) -> tuple[float, ...]:
    """People's errors, true and estimated; bias and coverage of three scores."""
    loop.run(400)
    truth = float((loop.unseen(loop.labels).argmax(axis=1) == loop.task.y).mean())
    audit, k = audit_slice(loop.ids, loop.who, seed=loop.seed), len(loop.classes)

    def fit(left_out: frozenset[str]) -> wl.Posterior:
        return loop.posterior(loop.fit(loop.labels, left_out)(loop.task.X))

    plain = audit_score(held_out(fit, audit, {**loop.labels, **loop.settled.audited}))
    model = audit_score(held_out(fit, audit, loop.labels))
    ends = [(score.value, score.lower, score.upper) for score in (plain, model)]
    freed = tuple(without_peoples_errors(end, loop.settled.audit_error, k) for end in ends[0])
    found = (ends[0], freed, ends[1])
    looked = [(value - truth, float(lower <= truth <= upper)) for value, lower, upper in found]
    return 1 - loop.right(loop.settled.audited), loop.settled.audit_error, *np.ravel(looked)


def crowds_part(names: list[str], seeds: int) -> None:
    """Real crowds, without a model."""
    print("crowd         answers   majority: of all, share decided   dawid_skene: same   second opinions: of all")
    for name in ("crowd_bird", "crowd_product", "crowd_rte"):
        votes = ws_data.load(name)
        for of_each in (None, 3, 2):
            rows = [crowd_row(votes, of_each, seed) for seed in range(seeds if of_each else 1)]
            row = np.mean(rows, axis=0)
            pairs = f"{row[0]:>20.3f}, {row[1]:.3f}{row[2]:>23.3f}, {row[3]:.3f}"
            print(f"{name:<14}{of_each or 'all':>7}{pairs}{row[4]:>18.3f}", flush=True)


def crowd_row(votes: ws_data.Votes, of_each: int | None, seed: int) -> tuple[float, ...]:
    """Accuracy and the share decided, of two rules, and the accuracy of what is settled."""
    rng, classes = np.random.default_rng(seed), tuple(f"class {y}" for y in range(votes.k))
    said = [
        Annotation(f"{i} {j}", f"i{i:05}", f"i{i:05}", classes[row[j]], f"p{j:03}")
        for i, row in enumerate(votes.fit)
        for j in rng.permutation(np.flatnonzero(row >= 0))[:of_each]
    ]
    truth = {f"i{i:05}": classes[y] for i, y in enumerate(votes.gold)}
    beliefs = wl.Posterior(
        np.full((len(truth), votes.k), 1 / votes.k), pl.Series(list(truth)), classes, np.ones(len(truth), bool)
    )
    found = [consensus(said, rule, classes=classes).labels for rule in ("majority", "dawid_skene")]
    found.append(dict(settle_answers(said, beliefs).labels))
    right = [np.mean([labels.get(item) == label for item, label in truth.items()]) for labels in found]
    return right[0], len(found[0]) / len(truth), right[1], len(found[1]) / len(truth), right[2]


PARTS = {"cost": cost_part, "care": care_part, "audit": audit_part, "crowds": crowds_part}
SEEDS = {"cost": 5, "care": 2, "audit": 20, "crowds": 5}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=[*PARTS, []])
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", type=int)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)  # the rules say when the majority decides
    for part in chosen.parts:
        PARTS[part](chosen.sets, chosen.seeds or SEEDS[part])
