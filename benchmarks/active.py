"""Query strategies beside their peers: what labels buy, and what choosing among ten million items costs.

    python benchmarks/active.py                           every data set, 5 seeds, and the large pool: some minutes
    python benchmarks/active.py --sets digits sms --seeds 2 --no-pool
    python benchmarks/active.py --slow                    committees, ranked batches and BADGE over the whole pool, too
    python benchmarks/active.py --install                 first, modAL and scikit-activeml into a folder of their own

Texts become LSA vectors of 100 dimensions; the end model is a logistic regression on the answers alone, and all
contenders begin with the same random answers. `aulc` is the mean score on the test split over all rounds (the area
under the learning curve), `n95` the median number of labels with which 95 % of the score with all labels is reached
(-- in fewer than half of the runs), `seconds` the CPU seconds of choosing, per run. `same` says in how many rounds of
all runs a peer's margin asks for the items that ours asks for, from the same state. lf_aware is told how often the
label model is right on 100 items drawn at random, which is not counted as labels: a review's audit has them anyway.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import ws_data

import weaklabel as wl
from weaklabel.review.strategies.diverse import Diverse

HERE = Path(__file__).parent
HOME = HERE / ".active_peers"
NEEDED = ("modAL-python==0.4.2.1", "scikit-activeml==1.0.1", "makefun", "skorch", "tabulate", "tqdm")
SETS = ("youtube", "sms", "trec", "imdb", "hausa", "digits", "breast_cancer")
BY_F1 = ("sms", "trec")  # few are spam, and some kinds of question are rare
MEMBERS = 5
Query = Callable[["State"], Any]


@dataclass(frozen=True)
class Task:
    """A data set: a pool whose classes an oracle knows, and a test split."""

    name: str
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    votes: np.ndarray | None = None

    @property
    def k(self) -> int:
        """How many classes there are."""
        return int(max(self.y.max(), self.y_test.max())) + 1

    @property
    def steps(self) -> tuple[int, int]:
        """Labels in a batch, and in the end."""
        return (10, 200) if len(self.y) < 2000 else (20, 300)


@dataclass
class State:
    """What a contender may look at."""

    task: Task
    answered: np.ndarray
    seed: int
    weak: Any = None
    lf_accuracy: float | None = None
    model: Any = None
    probs: np.ndarray = field(default_factory=lambda: np.empty(0))

    def fit(self) -> None:
        """Train on the answers."""
        self.model = fitted(self.task.X[self.answered], self.task.y[self.answered])
        self.probs = padded(self.model, self.task.X, self.task.k)

    @property
    def open(self) -> np.ndarray:
        """Rows that nobody answered."""
        return np.flatnonzero(~np.isin(np.arange(len(self.task.y)), self.answered))


def fitted(X: np.ndarray, y: np.ndarray) -> Any:
    """The end model."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=1000).fit(X, y)


def padded(model: Any, X: np.ndarray, k: int) -> np.ndarray:
    """Its probabilities of all classes, those that it has not seen included."""
    probs = np.zeros((len(X), k))
    probs[:, model.classes_] = model.predict_proba(X)
    return probs


def ours(strategy: Any) -> Query:
    """By `pick`."""

    def query(state: State) -> np.ndarray:
        members = bagged(state) if strategy == "committee" else []
        answered = np.isin(np.arange(len(state.probs)), state.answered)
        known = {"features": state.task.X, "weak": state.weak, "lf_accuracy": state.lf_accuracy, "members": members}
        batch = wl.pick(beliefs(state.probs, answered), state.task.steps[0], strategy, seed=state.seed, **known)
        return batch.item_ids.cast(pl.Int64).to_numpy()

    return query


def beliefs(probs: np.ndarray, answered: Any = ()) -> wl.Posterior:
    """Probabilities of items that are called by their row."""
    ids, classes = pl.Series(range(len(probs))).cast(pl.String), [str(c) for c in range(probs.shape[1])]
    return wl.Posterior(probs, ids, tuple(classes), np.ones(len(probs), bool), answered)


def bagged(state: State) -> list[wl.Posterior]:
    """A committee trained on bootstrap samples."""
    rng, found = np.random.default_rng(state.seed), []
    while len(found) < MEMBERS:
        rows = rng.choice(state.answered, len(state.answered))
        if len(np.unique(state.task.y[rows])) > 1:
            model = fitted(state.task.X[rows], state.task.y[rows])
            found.append(beliefs(padded(model, state.task.X, state.task.k)))
    return found


def modal(batch: str) -> Query:
    """By modAL: the margin, or its ranked batches."""
    from modAL.batch import uncertainty_batch_sampling
    from modAL.models import ActiveLearner
    from modAL.uncertainty import margin_sampling

    def query(state: State) -> np.ndarray:
        rows, size = state.open, state.task.steps[0]
        if batch == "margin":
            return rows[_rows(margin_sampling(state.model, state.task.X[rows], n_instances=size))]
        X, y = state.task.X[state.answered], state.task.y[state.answered]
        learner = ActiveLearner(fitted(X, y), X_training=X, y_training=y)
        return rows[_rows(uncertainty_batch_sampling(learner, state.task.X[rows], n_instances=size))]

    return query


def _rows(found: Any) -> np.ndarray:
    return np.asarray(found[0] if isinstance(found, tuple) else found)


def activeml(name: str) -> Query:
    """By scikit-activeml: the margin, or BADGE over the whole pool."""
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Badge, UncertaintySampling
    from sklearn.linear_model import LogisticRegression

    def query(state: State) -> np.ndarray:
        y = np.full(len(state.task.y), np.nan)
        y[state.answered] = state.task.y[state.answered]
        classifier = SklearnClassifier(LogisticRegression(C=10.0, max_iter=1000), classes=list(range(state.task.k)))
        chooser = UncertaintySampling(method="margin_sampling") if name == "margin" else Badge()
        chooser.random_state = state.seed
        return np.asarray(chooser.query(state.task.X, y, clf=classifier, batch_size=state.task.steps[0]))

    return query


def contenders(slow: bool) -> dict[str, Query]:
    """Everything that runs on a data set."""
    named = ("random", "margin", "least_confident", "entropy", "diverse", "lf_aware")
    found = {name: ours(name) for name in named} | {"diverse, badge": ours(Diverse("badge"))}
    found["diverse, lf_aware"] = ours(Diverse(by="lf_aware"))
    if slow:
        found["committee"] = ours("committee")
    if not HOME.exists():
        return found
    sys.path.append(str(HOME))
    found |= {"modAL margin": modal("margin"), "scikit-activeml margin": activeml("margin")}
    return found | ({"modAL ranked": modal("ranked"), "scikit-activeml BADGE": activeml("badge")} if slow else {})


def load(name: str) -> Task:
    """A data set as numbers."""
    if name in ("digits", "breast_cancer"):
        from sklearn.model_selection import train_test_split

        table = wl.datasets.load(name)
        X = table.select(pl.exclude("id", "label", "split")).to_numpy().astype(float)
        X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
        y = table["label"].rank("dense").to_numpy().astype(int) - 1
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
        return Task(name, X, y, X_test, y_test)
    splits = ws_data.texts(name)
    texts, votes, y = splits.get("train") or splits["valid"]
    X, X_test = lsa(texts, splits["test"][0])
    return Task(name, X, y, X_test, splits["test"][2], votes)


def lsa(texts: list[str], others: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Texts as unit vectors, by what the first of them teach."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pipeline = make_pipeline(words, TruncatedSVD(100, random_state=0), Normalizer())
    return pipeline.fit_transform(texts), pipeline.transform(others)


def score(model: Any, task: Task) -> float:
    """On the test split."""
    from sklearn.metrics import accuracy_score, f1_score

    said = model.predict(task.X_test)
    if task.name in BY_F1:
        return float(f1_score(task.y_test, said, average="macro"))
    return float(accuracy_score(task.y_test, said))


def start(task: Task, seed: int) -> State:
    """The first random answers; one of another class joins where all are of one."""
    order = np.random.default_rng(seed).permutation(len(task.y))
    first = order[: task.steps[0]]
    if len(np.unique(task.y[first])) == 1:
        first = np.append(first, order[np.flatnonzero(task.y[order] != task.y[first[0]])[0]])
    state = State(task, first, seed)
    if task.votes is not None:
        names = [str(c) for c in range(task.k)]
        state.weak = wl.denoise(wl.LabelMatrix.from_array(task.votes, classes=names), "majority")
        audit = np.random.default_rng(1000 + seed).permutation(len(task.y))[:100]
        audit = audit[state.weak.covered[audit]]
        state.lf_accuracy = right(state.weak.probs[audit], task.y[audit]) if len(audit) else None
    return state


def right(probs: np.ndarray, y: np.ndarray) -> float:
    """How often the most probable class is right; of classes that tie each counts for its share."""
    best = np.isclose(probs, probs.max(axis=1, keepdims=True))
    return float((best[np.arange(len(y)), y] / best.sum(axis=1)).mean())


def curve(query: Query, task: Task, seed: int, beside: Query | None) -> dict[str, Any]:
    """Scores by number of labels, the CPU seconds of choosing, and how many batches are those of another contender."""
    state, seconds, same, points = start(task, seed), 0.0, [], []
    size, most = task.steps
    while True:
        state.fit()
        points.append((len(state.answered), score(state.model, task)))
        if len(state.answered) >= most:
            return {"points": points, "seconds": seconds, "same": same}
        began = time.process_time()
        rows = query(state)
        seconds += time.process_time() - began
        if len(set(rows.tolist())) < size or np.isin(rows, state.answered).any():
            print(f"  (a batch on {task.name} holds {len(set(rows.tolist()))} new items of {size})")
        if beside is not None:
            same.append(set(rows.tolist()) == set(beside(state).tolist()))
        state.answered = np.unique(np.concatenate([state.answered, rows]))


def table(task: Task, chosen: Any) -> None:
    """All contenders on one data set."""
    size, most = task.steps
    full = score(fitted(task.X, task.y), task)
    measure = "macro F1" if task.name in BY_F1 else "accuracy"
    print(
        f"\n{task.name}: {len(task.y):,} items, {task.k} classes, {size} to {most} labels, {measure}, full {full:.3f}"
    )
    print(f"{'':24}{'aulc':>8}{'n95':>7}{'seconds':>9}{'same':>9}")
    everyone = contenders(chosen.slow)
    for name, query in everyone.items():
        if name.endswith("lf_aware") and task.votes is None:
            continue
        beside = everyone["margin"] if name.endswith("margin") and name != "margin" else None
        print(f"{name:24}{line([curve(query, task, seed, beside) for seed in range(chosen.seeds)], full)}", flush=True)


def line(runs: list[dict[str, Any]], full: float) -> str:
    """Means over the seeds."""
    aulc = np.mean([np.mean([value for _, value in run["points"]]) for run in runs])
    reached = [min((n for n, value in run["points"] if value >= 0.95 * full), default=np.inf) for run in runs]
    n95 = np.median(reached)
    same = [each for run in runs for each in run["same"]]
    shown = f"{sum(same)}/{len(same)}" if same else ""
    seconds = np.mean([run["seconds"] for run in runs])
    return f"{aulc:8.4f}{f'{n95:.0f}' if np.isfinite(n95) else '--':>7}{seconds:9.2f}{shown:>9}"


def large_pool(n: int) -> None:
    """A pool on the disk, picked from in a process of its own, and sorted as a whole in another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pool.parquet"
        write_pool(path, n)
        print(f"\n{n:,} items of 32 features and 10 classes, a batch of 100 ({path.stat().st_size / 1e9:.1f} GB)")
        done = subprocess.run([sys.executable, HERE / "active_pool.py", path], capture_output=True, text=True)
        print(done.stdout or done.stderr)


def write_pool(path: Path, n: int, at_a_time: int = 1 << 16) -> None:
    """Normal features, in row groups that fit the cache."""
    from polars.io.plugins import register_io_source

    names, rng = [f"x{j}" for j in range(32)], np.random.default_rng(0)

    def parts(*_: Any) -> Iterator[pl.DataFrame]:
        for start in range(0, n, at_a_time):
            rows = range(start, min(start + at_a_time, n))
            X = rng.standard_normal((len(rows), 32), dtype=np.float32)
            ids = pl.Series("id", rows).cast(pl.String)
            yield pl.DataFrame([ids, *(pl.Series(name, X[:, j]) for j, name in enumerate(names))])

    schema = {"id": pl.String} | dict.fromkeys(names, pl.Float32)
    rows = register_io_source(parts, schema=schema)
    rows.sink_parquet(path, row_group_size=at_a_time, compression="uncompressed", engine="streaming")


def main() -> None:
    """Print one table for each data set, and the cost of the large pool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--slow", action="store_true", help="the contenders that take minutes, too")
    parser.add_argument("--pool", type=int, default=10_000_000, help="items in the large pool")
    parser.add_argument("--no-pool", action="store_true")
    parser.add_argument("--install", action="store_true", help="the peers, without what they need beyond weaklabel")
    chosen = parser.parse_args()
    if chosen.install:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(HOME), *NEEDED]
        subprocess.run(command, check=True)
        (HOME / ".gitignore").write_text("*\n")
        return
    for name in chosen.sets:
        table(load(name), chosen)
    if not chosen.no_pool:
        large_pool(chosen.pool)


if __name__ == "__main__":
    main()
