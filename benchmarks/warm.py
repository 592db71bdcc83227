"""Weak labels and answers in one end model: what a review gains by beginning with labeling functions.

    python benchmarks/warm.py                               curves, honesty and cost: about an hour on one core
    python benchmarks/warm.py curves --sets youtube sms --seeds 2
    python benchmarks/warm.py honest cost

Texts become LSA vectors of 100 dimensions; answers are the gold labels, 20 to 200 of them in batches of 20.

curves: mean score over 20 to 200 answers, at 20 and at 200, and the median number of answers with which 95 % of the
score with all answers is reached (-- in fewer than half of the runs; 0: without any). `scratch` begins with 20 random
answers and asks by margin, a logistic regression learns from answers alone. `weak` is without answers. All others keep
an audit of a quarter of each batch; `weight 10` and `weight 3` count an answer for so many weak labels in any case;
`stack` multiplies the probabilities of a weak and of a human model, each to a power fitted to held-out audit answers.
honest: what the audit says of accuracy, held out in five folds as the loop does it, after margin: bias and its standard
error, root mean squared error, coverage and width of the interval of 95 %, coverage of that of 97.5 %, which the loop
stops by. What is true is the accuracy on the pool, answered items predicted by models that did not see them. `drawn`:
the bias of the audit's items alone, unmoved by beliefs. `small` takes 500 items of the pool, so that most get answered.
cost: CPU seconds of one fit, after 100 answers.
"""

import argparse
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import ws_data
from active import BY_F1, fitted, padded
from audit_loop import rate

import weaklabel as wl
from weaklabel.numerics import normalise_log
from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.permutation import AuditSlice, audit_next, audit_quota, audit_slice
from weaklabel.review.audit.score import audit_score
from weaklabel.review.audit.stopping import LEVEL
from weaklabel.review.learning import Learned, Learner
from weaklabel.review.learning.evidence import Evidence
from weaklabel.review.loop.composing import RIGHT, SEEN

SETS = ("youtube", "sms", "trec", "imdb")
BATCH, MOST = 20, 200
LOOKS, FOLDS = (100, 200, 300), 5


@dataclass(frozen=True, eq=False)
class Task:
    """A pool with votes and gold, a test split, and a learner whose features are made."""

    name: str
    learner: Learner
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @cached_property
    def gold(self) -> dict[str, str]:
        """The answers that people would give."""
        return {item: self.learner.classes[y] for item, y in zip(self.learner.item_ids, self.y, strict=True)}

    @cached_property
    def full(self) -> float:
        """The score with all answers."""
        return self.score(padded(fitted(self.learner.features, self.y), self.X_test, len(self.learner.classes)))

    def score(self, probs: np.ndarray) -> float:
        """On the test split."""
        from sklearn.metrics import f1_score

        said = probs.argmax(axis=1)
        if self.name in BY_F1:
            return float(f1_score(self.y_test, said, average="macro"))
        return float((said == self.y_test).mean())


def load(name: str, lsa: bool = True, most: int | None = None) -> Task:
    """A data set by name, or as many items of its pool."""
    splits = ws_data.texts(name)
    said, votes, y = splits.get("train") or splits["valid"]
    rows = np.random.default_rng(0).permutation(len(y))[:most] if most else np.arange(len(y))
    said, votes, y = [said[row] for row in rows], votes[rows], y[rows]
    others, _, y_test = splits["test"]
    classes = [f"class {c}" for c in range(int(max(y.max(), y_test.max())) + 1)]
    L = wl.LabelMatrix.from_array(votes, classes=classes)
    learner = Learner({"id": L.item_ids, "text": said}, L, text_features=vectors() if lsa else None)
    empty = learner.fit({}, audit_slice(L.item_ids, ()))
    X_test = empty.end_model.features.transform(pl.DataFrame({"id": range(len(others)), "text": others}))
    return Task(name, learner, y, X_test, y_test)


def vectors() -> Any:
    """LSA, as `active.py` has it."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(words, TruncatedSVD(100, random_state=0), Normalizer())


Model = Callable[[Task, dict[str, str], AuditSlice], tuple[np.ndarray, np.ndarray]]  # on the pool and on the test split


def ours(task: Task, answers: dict[str, str], audit: AuditSlice) -> tuple[np.ndarray, np.ndarray]:
    """By `Learner`."""
    learned = task.learner.fit(answers, audit)
    return learned.beliefs.probs, predicted(learned.end_model.classifier, task)


def predicted(classifier: Any, task: Task) -> np.ndarray:
    """Probabilities on the test split."""
    return padded(classifier, task.X_test, len(task.learner.classes))


def fixed(weight: float) -> Model:
    """An answer counts so much in any case."""

    def model(task: Task, answers: dict[str, str], audit: AuditSlice) -> tuple[np.ndarray, np.ndarray]:
        evidence = evidence_of(task, answers, audit)
        classifier = evidence.trained(weight)
        return evidence.expected(classifier), predicted(classifier, task)

    return model


def evidence_of(task: Task, answers: dict[str, str], audit: AuditSlice) -> Evidence:
    """What the learner trains on."""
    known, taught = (numbers(task, items) for items in (answers, audit.item_ids))
    return task.learner.evidence(known, task.learner.teacher.teach(taught))


def numbers(task: Task, items: Iterable[str]) -> np.ndarray:
    """Classes of these items, -1 for the others."""
    there = task.learner.item_ids.is_in(pl.Series(list(items), dtype=pl.String).implode()).to_numpy()
    return np.where(there, task.y, -1)


def stack(task: Task, answers: dict[str, str], audit: AuditSlice) -> tuple[np.ndarray, np.ndarray]:
    """A weak and a human model, each to a power that the held-out audit answers like best."""
    evidence = evidence_of(task, answers, audit)
    none = np.zeros(len(evidence.y), bool)
    weak = evidence.trained(1.0, none)
    rows, y, k = evidence.rows, evidence.y, len(task.learner.classes)
    crossed, X = np.zeros((len(rows), k)), task.learner.features
    for fold in range(3):
        held = evidence.fold == fold
        crossed[held] = human(X[rows[~held]], y[~held], X[rows[held]], k)
    drawn = np.isin(rows, np.flatnonzero(numbers(task, audit.item_ids) >= 0))
    powers = fitted_powers([evidence.expected(weak, rows)[drawn], crossed[drawn]], y[drawn])
    on_pool = [evidence.expected(weak), human(X[rows], y, X, k)]
    on_test = [predicted(weak, task), human(X[rows], y, task.X_test, k)]
    return product(on_pool, powers), product(on_test, powers)


def human(X: np.ndarray, y: np.ndarray, there: np.ndarray, k: int) -> np.ndarray:
    """Learned from answers alone."""
    if not len(y):
        return np.full((len(there), k), 1 / k)
    return np.eye(k)[np.full(len(there), y[0])] if len(set(y)) == 1 else padded(fitted(X, y), there, k)


def product(parts: list[np.ndarray], powers: np.ndarray) -> np.ndarray:
    """The product of probabilities to these powers, as probabilities."""
    return normalise_log(sum(power * np.log(part + 1e-3) for part, power in zip(parts, powers, strict=True)))


def fitted_powers(parts: list[np.ndarray], y: np.ndarray) -> np.ndarray:
    """The powers, drawn towards 1."""
    from scipy.optimize import minimize

    def loss(logs: np.ndarray) -> float:
        probs = product(parts, np.exp(logs))
        return float(-np.log(probs[np.arange(len(y)), y] + 1e-12).sum() + logs @ logs)

    return np.exp(minimize(loss, np.zeros(2), bounds=[(-4, 2)] * 2).x)


def scratch(task: Task, answers: dict[str, str], audit: AuditSlice) -> tuple[np.ndarray, np.ndarray]:
    """Learned from answers alone."""
    rows, k = np.flatnonzero(numbers(task, answers) >= 0), len(task.learner.classes)
    X = task.learner.features
    return tuple(human(X[rows], task.y[rows], there, k) for there in (X, task.X_test))


@dataclass(frozen=True)
class Contender:
    """A way to learn and to ask."""

    model: Model
    strategy: str = "margin"
    share: float = 0.25
    first: int = 0


CONTENDERS = {
    "scratch, margin": Contender(scratch, share=0.0, first=BATCH),
    "ours, margin": Contender(ours),
    "ours, lf_aware": Contender(ours, "lf_aware"),
    "weight 10, margin": Contender(fixed(10.0)),
    "weight 3, margin": Contender(fixed(3.0)),
    "stack, margin": Contender(stack),
}


def curve(task: Task, contender: Contender, seed: int, most: int = MOST) -> list[float]:
    """Scores at 20, 40 and so on answers."""
    answers: dict[str, str] = {}
    probs, found = np.zeros(0), []
    while len(answers) < most:
        if len(answers) < contender.first:
            rows = np.random.default_rng(seed).permutation(len(task.y))[: contender.first]
            answers.update({item: task.gold[item] for item in task.learner.item_ids.gather(rows)})
        else:
            probs = probs if len(probs) else contender.model(task, {}, slice_of(task, {}, seed))[0]
            ask(task, answers, probs, contender.strategy, contender.share, seed)
        probs, on_test = contender.model(task, answers, slice_of(task, answers, seed))
        found.append(task.score(on_test))
    return found


def slice_of(task: Task, answers: dict[str, str], seed: int) -> AuditSlice:
    """The audit."""
    return audit_slice(task.learner.item_ids, answers, seed=seed)


def ask(task: Task, answers: dict[str, str], probs: np.ndarray, strategy: str, share: float, seed: int) -> None:
    """One batch: the audit's share first."""
    ids = task.learner.item_ids
    audit = slice_of(task, answers, seed)
    items = audit_next(ids, audit_quota(BATCH, len(answers), share), asked=answers, seed=seed).to_list()
    posterior = wl.Posterior(probs, ids, task.learner.classes, np.ones(len(ids), bool))
    weak = task.learner.teacher.teach(numbers(task, audit.item_ids))
    known = {"weak": weak, "lf_accuracy": gate(task, audit)} if strategy == "lf_aware" else {}
    known |= {"features": task.learner.features} if strategy == "diverse" else {}
    batch = wl.pick(posterior, BATCH - len(items), strategy, exclude=[*answers, *items], seed=seed, **known)
    answers.update({item: task.gold[item] for item in [*items, *batch.item_ids]})


def gate(task: Task, audit: AuditSlice) -> float:
    """How often the majority of functions is right, as a review's loop says it."""
    said = wl.denoise(task.learner.L, "majority").labels()
    true = numbers(task, audit.item_ids)
    voted = (true >= 0) & (said >= 0)
    return float(((said == true)[voted].sum() + RIGHT) / (voted.sum() + SEEN))


def curves_part(names: list[str], seeds: int, only: list[str]) -> None:
    """Learning curves."""
    print(f"{'':<22}" + "".join(f"{name + ': mean':>15} {'at 20':>6} {'at 200':>6} {'n95':>4}" for name in names)
          + f"{'mean':>8}")  # fmt: skip
    tasks = [load(name) for name in names]
    weak = [task.score(ours(task, {}, slice_of(task, {}, 0))[1]) for task in tasks]
    print(f"{'full':<22}" + "".join(f"{task.full:>15.3f}{'':>19}" for task in tasks))
    zero = ["0" if value >= 0.95 * task.full else "--" for value, task in zip(weak, tasks, strict=True)]
    print(f"{'weak':<22}" + "".join(f"{value:>15.3f} {value:>6.3f} {value:>6.3f} {n:>4}"
          for value, n in zip(weak, zero, strict=True)) + f"{np.mean(weak):>8.4f}")  # fmt: skip
    for name in only:
        contender = CONTENDERS[name]
        line, means = "", []
        for task in tasks:
            found = np.array([curve(task, contender, seed) for seed in range(seeds)])
            reached = [next((BATCH * (i + 1) for i, value in enumerate(row) if value >= 0.95 * task.full), np.inf)
                       for row in found]  # fmt: skip
            n95 = f"{np.median(reached):.0f}" if np.isfinite(np.median(reached)) else "--"
            means.append(found.mean())
            line += f"{found.mean():>15.3f} {found[:, 0].mean():>6.3f} {found[:, -1].mean():>6.3f} {n95:>4}"
        print(f"{name:<22}{line}{np.mean(means):>8.4f}", flush=True)


def honest_part(names: list[str], seeds: int, _: list[str]) -> None:
    """What the audit says of the warm loop."""
    print(f"{'set':<15}{'n':>4}{'audit':>6}{'truth':>7}{'bias':>8} +- error{'drawn':>8}{'rmse':>7}{'cover':>7}"
          f"{'width':>7}{'cover of .975':>15}")  # fmt: skip
    for name in [shown for own in names for shown in (own, own + " small")]:
        task = load(name.removesuffix(" small"), most=500 if name.endswith("small") else None)
        rows = [honest(task, seed) for seed in range(seeds)]
        for look, found in zip(LOOKS, np.array(rows).transpose(1, 2, 0), strict=True):
            audit, truth, bias, drawn, cover, width, surely = found
            error, rmse = bias.std(ddof=1) / np.sqrt(seeds), np.sqrt((bias**2).mean())
            print(f"{name:<15}{look:>4}{audit.mean():>6.0f}{truth.mean():>7.3f}{bias.mean():>+8.3f} +- {error:.3f}"
                  f"{drawn.mean():>+8.3f}{rmse:>7.3f}{cover.mean():>7.2f}{width.mean():>7.3f}{surely.mean():>15.2f}",
                  flush=True)  # fmt: skip


def honest(task: Task, seed: int) -> list[list[float]]:
    """One run's looks. The audit's order is of the seed alone, so runs are independent."""
    answers: dict[str, str] = {}
    learned, rows = task.learner.fit(answers, slice_of(task, answers, seed)), []
    while len(answers) < max(LOOKS):
        ask(task, answers, learned.beliefs.probs, "margin", 0.25, seed)
        learned = task.learner.fit(answers, slice_of(task, answers, seed))
        if len(answers) in LOOKS:
            rows.append(looked(task, answers, seed, learned))
    return rows


def looked(task: Task, answers: dict[str, str], seed: int, learned: Learned) -> list[float]:
    """Audit answers, the truth, bias, that of the drawn items alone, coverage, width, and coverage at 97.5 %."""
    audit, truth = slice_of(task, answers, seed), rate(learned.unseen.probs, task.y, "accuracy")
    held = held_out(
        lambda out: task.learner.fit(answers, audit, out).beliefs, audit, answers, folds=FOLDS, unseen=learned.unseen
    )
    score, surely = audit_score(held), audit_score(held, level=LEVEL)
    drawn = float(held.found[:, : len(held.classes)].sum(axis=1).mean())
    return [len(audit), truth, score.value - truth, drawn - truth, score.lower <= truth <= score.upper, score.width,
            surely.lower <= truth <= surely.upper]  # fmt: skip


def cost_part(names: list[str], seeds: int, _: list[str]) -> None:
    """CPU seconds of one fit."""
    print(f"{'set':<9}{'features':>12}{'one fit':>10}{'unseen':>10}")
    for name in names:
        for lsa in (True, False):
            task = load(name, lsa)
            answers: dict[str, str] = {}
            while len(answers) < 100:
                ask(task, answers, task.learner.fit({}, slice_of(task, {}, 0)).beliefs.probs, "margin", 0.25, 0)
            began = time.process_time()
            for seed in range(seeds):
                learned = task.learner.fit(answers, slice_of(task, answers, 0), frozenset(list(answers)[seed::20]))
            half = time.process_time()
            _ = learned.unseen
            once, rest = (half - began) / seeds, time.process_time() - half
            print(f"{name:<9}{'LSA-100' if lsa else 'TF-IDF':>12}{once:>10.2f}{rest:>10.2f}", flush=True)


PARTS = {"curves": (curves_part, 5), "honest": (honest_part, 20), "cost": (cost_part, 3)}


def main() -> None:
    """Run the parts that are asked for."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--only", nargs="+", default=list(CONTENDERS), choices=CONTENDERS, help="of the curves")
    parser.add_argument("--seeds", type=int, help="default: 5, 20 and 3")
    options = parser.parse_args()
    for part in options.parts or PARTS:
        run, seeds = PARTS[part]
        print(f"\n{part}")
        run(options.sets, options.seeds or seeds, options.only)


if __name__ == "__main__":
    main()
