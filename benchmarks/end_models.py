"""End models on real texts, by what labelled their training set and by the class prior that is left in the labels.

    python benchmarks/end_models.py                  every set whose texts lie in shared/data/ws, and the demo's spam
    python benchmarks/end_models.py youtube sms      or some of them

The label models are fitted to the votes of the training split alone. The end model, `train` with its defaults (TF-IDF
and logistic regression on soft labels), learns from the training texts that have votes, or, where there are none, from
those of the validation split, and is scored on all test texts. The number is the accuracy; for spam in text messages
its F1.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from label_models import matrix, score
from ws_data import load, texts, with_texts

import weaklabel as wl
from weaklabel.errors import DatasetError

DEMO = "sms_spam"  # the messages and rules that ship; split at random, other rules than those of `sms`
F1 = ("sms", DEMO)  # sets whose number is the F1 of class 1, as in the published comparison
DRAWS = 2000  # of the bootstrap

Row = tuple[str, str]  # labels from, prior
Found = dict[Row, np.ndarray]
Fit = Callable[[list[float]], object]  # from the class balance of the validation split to a label model

MODELS: dict[str, Fit] = {
    "majority": lambda _: wl.label_model("majority"),
    "Snorkel": lambda _: wl.label_model("snorkel", n_epochs=500, seed=1),
    "hybrid_em": lambda _: wl.label_model("hybrid_em"),
    "Snorkel, told": lambda share: wl.label_model("snorkel", n_epochs=500, seed=1, class_balance=share),
    "hybrid_em, told": lambda share: wl.label_model("hybrid_em", class_balance=share),
}
PRIORS = ("uniform", "balance")
PAIRS = (  # differences that are worth an interval
    (("hybrid_em", "uniform"), ("Snorkel", "uniform")),
    (("hybrid_em", "uniform"), ("majority", "uniform")),
    (("hybrid_em", "uniform"), ("hybrid_em", "balance")),
    (("hybrid_em, told", "uniform"), ("hybrid_em, told", "balance")),
    (("Snorkel, told", "uniform"), ("Snorkel, told", "balance")),
)


@dataclass(frozen=True)
class Texts:
    """One data set: votes to fit to, texts with votes to train on, texts to test on."""

    name: str
    fit: wl.LabelMatrix
    items: pl.DataFrame
    votes: wl.LabelMatrix
    gold: np.ndarray
    test: pl.DataFrame
    y: np.ndarray
    balance: list[float]


def stored(name: str) -> Texts:
    """One of those in shared/data/ws."""
    one, parts = load(name), texts(name)
    said, votes, gold = parts["train"] if "train" in parts else parts["valid"]
    test, _, y = parts["test"]
    balance = one.balance.tolist()
    return Texts(name, matrix(one.fit, one.k), table(said), matrix(votes, one.k), gold, table(test), y, balance)


def demo() -> Texts:
    """The messages and rules that ship."""
    items, valid, test = (wl.datasets.load(DEMO, split) for split in ("train", "valid", "test"))
    rules = wl.load_lfs(DEMO)
    L = wl.apply(rules.lfs, items, rules.classes)
    gold, known, y = (wl.gold_labels(rows, rows["id"], rules.classes) for rows in (items, valid, test))
    votes = matrix(L.votes, len(rules.classes))
    share = (np.bincount(known) / len(known)).tolist()
    return Texts(DEMO, votes, table(items["text"].to_list()), votes, gold, table(test["text"].to_list()), y, share)


def table(said: list[str]) -> pl.DataFrame:
    """Texts with the ids that a matrix from a bare array has."""
    return pl.DataFrame({"id": [str(i) for i in range(len(said))], "text": said})


def predictions(one: Texts) -> Found:
    """P(class) of the test texts by each end model, shape (n, k)."""
    found = {}
    for name, make in MODELS.items():
        posterior = make(one.balance).fit(one.fit).predict_proba(one.votes)
        for prior in PRIORS:
            chosen = wl.training_set(posterior, one.items, prior=prior)
            found[name, prior] = wl.train(chosen).predict_proba(one.test).probs
    certain = np.eye(one.fit.cardinality)[np.maximum(one.gold, 0)]
    known = wl.Posterior(certain, one.items["id"], one.fit.classes, one.gold >= 0)
    found["gold", ""] = wl.train(wl.training_set(known, one.items)).predict_proba(one.test).probs
    return found


def number(name: str, probs: np.ndarray, y: np.ndarray) -> float:
    """What a set is judged by: accuracy, or the F1 of class 1."""
    said = probs.argmax(axis=1)
    if name not in F1:
        return float((said == y).mean())
    return float(2 * ((said == 1) & (y == 1)).sum() / max((said == 1).sum() + (y == 1).sum(), 1))


def main(names: list[str]) -> None:
    """One table, a row for each kind of labels; then what differences are worth."""
    start = time.perf_counter()
    sets = [stored(name) for name in with_texts() if not names or name in names]
    try:
        sets += [demo()] if not names or DEMO in names else []
    except DatasetError as error:
        print(f"{DEMO} is left out: {error}")
    by_set = {one.name: predictions(one) for one in sets}
    heads = "".join(f"{one.name + (' F1' if one.name in F1 else ''):>12}" for one in sets)
    print(f"{'labels from':<18}{'prior':<9}{heads}{'mean':>10}{'accuracy':>10}{'macro-F1':>10}{'log-loss':>10}")
    for row in next(iter(by_set.values()), {}):
        cells = [number(one.name, by_set[one.name][row], one.y) for one in sets]
        others = [score(by_set[one.name][row], one.y) for one in sets]
        means = [np.mean([each[key] for each in others]) for key in ("accuracy", "macro_f1", "log_loss")]
        numbers = "".join(f"{x:>12.3f}" for x in cells) + "".join(f"{x:>10.4f}" for x in (np.mean(cells), *means))
        print(f"{row[0]:<18}{row[1]:<9}{numbers}")
    print("\n'told': given the class balance of the validation split. Differences of the mean, 95 % paired bootstrap:")
    for one, other in PAIRS:
        low, middle, high = difference(sets, by_set, one, other)
        print(f"  {' '.join(one)} - {' '.join(other)}: {middle:+.4f} ({low:+.4f} to {high:+.4f})")
    print(f"{time.perf_counter() - start:.0f} s")


def difference(
    sets: list[Texts],
    by_set: dict[str, dict[tuple[str, str], np.ndarray]],
    one: tuple[str, str],
    other: tuple[str, str],
) -> tuple[float, float, float]:
    """The difference of the mean over the sets, with a 95 % interval from redrawing each set's test texts."""
    rng = np.random.default_rng(0)

    def gap(draw: Callable[[int], np.ndarray]) -> float:
        gaps = []
        for each in sets:
            rows = draw(len(each.y))
            pair = (number(each.name, by_set[each.name][which][rows], each.y[rows]) for which in (one, other))
            gaps.append(next(pair) - next(pair))
        return float(np.mean(gaps))

    drawn = [gap(lambda n: rng.integers(0, n, n)) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), gap(np.arange), float(high)


if __name__ == "__main__":
    main(sys.argv[1:])
