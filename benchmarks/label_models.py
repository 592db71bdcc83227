"""Label models on real votes, and their speed and memory on planted ones, beside plain Snorkel and crowd-kit.

    python benchmarks/label_models.py                     everything, some ten minutes
    python benchmarks/label_models.py accuracy gold copies speed        or parts of it

Everything is fitted on the votes of the training split alone, with the defaults of each model. Scores are of all test
items; an item with tied classes counts by chance. Set OPENBLAS_NUM_THREADS=1 for times of one thread.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from side_by_side import threads_of_one
from ws_data import FOLDER, Votes, load_all

import weaklabel as wl
from weaklabel import plugins

Predict = Callable[[np.ndarray], np.ndarray]  # votes to probabilities
Fit = Callable[[np.ndarray, int, np.ndarray | None], Predict]  # votes, k, class balance


def ours(name: str, **params: object) -> Fit:
    """One of weaklabel's models."""

    def fit(votes: np.ndarray, k: int, balance: np.ndarray | None) -> Predict:
        own = params if balance is None else {**params, "class_balance": balance.tolist()}
        model = wl.label_model(name, **own).fit(matrix(votes, k))
        return lambda other: model.predict_proba(matrix(other, k)).probs

    return fit


def plain_snorkel(n_epochs: int) -> Fit:
    """Snorkel's LabelModel as its users call it."""

    def fit(votes: np.ndarray, k: int, balance: np.ndarray | None) -> Predict:
        from snorkel.labeling.model import LabelModel

        model = LabelModel(cardinality=k, verbose=False)
        share = None if balance is None else balance.tolist()
        model.fit(votes.astype(np.int64), n_epochs=n_epochs, seed=1, progress_bar=False, class_balance=share)
        return lambda other: model.predict_proba(other.astype(np.int64))

    return fit


def crowdkit_dawid_skene(votes: np.ndarray, k: int, balance: np.ndarray | None) -> Predict:
    """crowd-kit's Dawid-Skene, which only knows the items that it was fitted to; others by its learned errors."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    item, worker = np.nonzero(votes >= 0)
    answers = pd.DataFrame({"task": item, "worker": worker, "label": votes[item, worker]})
    model = DawidSkene(n_iter=100).fit(answers)
    errors = np.full((votes.shape[1], k, k), np.nan)
    for (who, observed), row in model.errors_.iterrows():
        errors[who, int(observed), [int(y) for y in row.index]] = row.to_numpy()
    prior = np.array([model.priors_.get(y, 0.0) for y in range(k)])
    evidence = np.log(np.clip(np.nan_to_num(errors, nan=1.0), 1e-10, 1))

    def predict(other: np.ndarray) -> np.ndarray:
        scores = np.tile(np.log(np.clip(prior, 1e-10, 1)), (len(other), 1))
        for v in range(k):
            scores += (other == v) @ evidence[:, v]
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    return predict


def contenders() -> dict[str, Fit]:
    """The peers that are installed, and every model here."""
    peers: dict[str, Fit] = {"plain Snorkel, 500 epochs": plain_snorkel(500)}
    try:
        import crowdkit  # noqa: F401
    except ImportError:
        print("crowd-kit is not installed, so its Dawid-Skene is left out: pip install crowd-kit")
    else:
        peers["crowd-kit Dawid-Skene"] = crowdkit_dawid_skene
    return peers | {name: ours(name) for name in plugins.names("model")}


def matrix(votes: np.ndarray, k: int) -> wl.LabelMatrix:
    """Votes as a label matrix."""
    return wl.LabelMatrix.from_array(votes, [str(y) for y in range(k)])


def score(probs: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    """Accuracy by chance among ties, macro-F1, log-loss and calibration error of the items of known class."""
    known = gold >= 0
    probs, y, k = probs[known], gold[known], probs.shape[1]
    best = probs >= probs.max(axis=1, keepdims=True) - 1e-5
    share = best / best.sum(axis=1, keepdims=True)  # of a tied item each of its classes gets a part
    right = share[np.arange(len(y)), y]
    confusion = np.stack([share[y == c].sum(axis=0) for c in range(k)])
    f1 = 2 * confusion.diagonal() / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1e-12)
    confidence = probs.max(axis=1)
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs((confidence - right)[bins == b].sum()) for b in range(10)]
    loss = -np.log(np.clip(probs[np.arange(len(y)), y], 1e-15, 1))
    present = np.isin(np.arange(k), y)
    return {
        "accuracy": right.mean(),
        "macro_f1": f1[present].mean(),
        "log_loss": loss.mean(),
        "ece": sum(gaps) / len(y),
    }


def measured(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The result of the work in a process of its own, with CPU seconds and the peak memory that it added, in MB."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        before = _peak_mb()
        start = time.process_time()
        try:
            result = work()
        except Exception as error:  # a peer that fails is part of the picture
            sender.send({"error": f"{type(error).__name__}: {error}"})
            return
        result["seconds"] = time.process_time() - start
        result.setdefault("peak_mb", _peak_mb() - before)
        sender.send(result)

    process = context.Process(target=child)
    process.start()
    result = receiver.recv()
    process.join()
    return result


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def accuracy(sets: list[Votes]) -> None:
    """One table over every set, without and with the class balance."""
    for balanced in (False, True):
        print(f"\nclass balance {'given, where the validation split tells it' if balanced else 'not given'}")
        heads = "".join(f"{one.name[:13]:>14}" for one in sets)
        print(f"{'model':<28}{heads}   mean LF  crowd  macroF1  logloss    ECE      s  +MB")
        for name, fit in contenders().items():
            found = [measured(partial(_scored, fit, one, balanced)) for one in sets]
            print(f"{name:<28}" + "".join(f"{_cell(result):>14}" for result in found) + _means(sets, found))


def _scored(fit: Fit, one: Votes, balanced: bool) -> dict[str, float]:
    predict = fit(one.fit, one.k, one.balance if balanced else None)
    return score(predict(one.score), one.gold)


def _cell(result: dict[str, float]) -> str:
    return "failed" if "error" in result else f"{result['accuracy']:.3f} {result['seconds']:6.2f}s"


def _means(sets: list[Votes], found: list[dict[str, float]]) -> str:
    fine = [(one, result) for one, result in zip(sets, found, strict=True) if "error" not in result]
    lf = [result["accuracy"] for one, result in fine if not one.crowd]
    crowd = [result["accuracy"] for one, result in fine if one.crowd]
    rest = [np.mean([result[name] for _, result in fine]) for name in ("macro_f1", "log_loss", "ece")]
    marks = "" if len(fine) == len(sets) else f"   ({len(sets) - len(fine)} failed)"
    cost = f"{sum(result['seconds'] for _, result in fine):6.1f} {max(result['peak_mb'] for _, result in fine):4.0f}"
    return f"     {np.mean(lf):.4f} {np.mean(crowd):.4f}   {rest[0]:.4f}   {rest[1]:.4f} {rest[2]:.4f} {cost}{marks}"


def gold(sets: list[Votes], sizes: Iterable[int] = (0, 25, 50, 100), draws: int = 5) -> None:
    """Known classes of some training items; the others are scored, and the test items by the model they made."""
    print("\nknown classes, drawn from the fitted items; accuracy and log-loss of the other fitted items")
    told = [one for one in sets if (one.fit_gold >= 0).sum() > 200]
    for name in ("hybrid_em", "dawid_skene", "snorkel"):
        for size in sizes:
            rows = [
                np.mean([_with_gold(name, one, size, draw) for draw in range(draws if size else 1)], 0) for one in told
            ]
            cells = "".join(f"  {one.name[:13]} {row[0]:.3f}" for one, row in zip(told, rows, strict=True))
            means = np.mean(rows, axis=0)
            print(f"{name:<12} {size:>4}{cells}   mean {means[0]:.4f}   log-loss {means[1]:.4f}")


def _with_gold(name: str, one: Votes, size: int, draw: int) -> tuple[float, float]:
    known = np.full(len(one.fit), -1)
    rows = np.random.default_rng(draw).permutation(np.flatnonzero(one.fit_gold >= 0))[:size]
    known[rows] = one.fit_gold[rows]
    probs = wl.denoise(matrix(one.fit, one.k), name, gold=known).probs
    others = np.where(known >= 0, -1, one.fit_gold)
    scores = score(probs, others)
    return scores["accuracy"], scores["log_loss"]


def copies(sets: list[Votes]) -> None:
    """Five copies of the labeling function that is worst on gold: what they do to each model."""
    print("\nfive further copies of the worst labeling function; accuracy on test items without and with them")
    fits = {
        "plain Snorkel, 500 epochs": plain_snorkel(500),
        "hybrid_em": ours("hybrid_em"),
        "hybrid_em, down-weighting": ours("hybrid_em", down_weight_duplicates=True),
    }
    for name, fit in fits.items():
        cells = []
        for one in (one for one in sets if not one.crowd and (one.fit_gold >= 0).any()):
            worst = _worst(one)
            before = score(fit(one.fit, one.k, None)(one.score), one.gold)["accuracy"]
            fitted = np.hstack([one.fit, *[one.fit[:, [worst]]] * 5])
            scored = np.hstack([one.score, *[one.score[:, [worst]]] * 5])
            after = score(fit(fitted, one.k, None)(scored), one.gold)["accuracy"]
            cells.append(f"  {one.name} {before:.3f} -> {after:.3f}")
        print(f"{name:<28}" + "".join(cells))


def _worst(one: Votes) -> int:
    voted = (one.fit >= 0) & (one.fit_gold >= 0)[:, None]
    right = ((one.fit == one.fit_gold[:, None]) & voted).sum(axis=0)
    often = voted.mean(axis=0) > 0.02
    return int(np.where(often, right / np.maximum(voted.sum(axis=0), 1), 2).argmin())


def speed(repeats: int = 5) -> None:
    """Fit and predict on planted votes, warm, in CPU seconds of one process; and the peak memory that each adds.

    Each gets the votes as its users have them: Snorkel the int64 array that its appliers return, weaklabel a matrix.
    """
    print(f"\nfit + predict on planted votes: CPU s (least of {repeats}), peak memory added, times quicker")
    rivals = {"plain Snorkel, defaults": _snorkel_rival, "hybrid_em": _own_rival, "snorkel": _own_rival}
    for n, m, k in ((10**6, 20, 2), (10**6, 50, 2), (10**6, 100, 2), (10**6, 30, 5)):
        votes, base = planted(n, m, k), 0.0
        for name, rival in rivals.items():
            prepared = votes.astype(np.int64) if rival is _snorkel_rival else matrix(votes, k)
            result = measured(partial(_timed, rival, name, prepared, k, repeats))
            if "error" in result:
                print(f"{n} x {m}, k={k}  {name:<26} {result['error']}")
                continue
            base = base or result["best"]
            print(
                f"{n} x {m}, k={k}  {name:<26} fit {result['fit']:7.2f}  predict {result['predict']:7.2f}"
                f"  +{result['peak_mb']:6.0f} MB  {base / result['best']:6.1f}x  accuracy {result['accuracy']:.4f}"
            )


def _snorkel_rival(name: str, votes: np.ndarray, k: int) -> Callable[[], np.ndarray]:
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=k, verbose=False)
    model.fit(votes, seed=1, progress_bar=False)
    return lambda: model.predict_proba(votes)


def _own_rival(name: str, votes: wl.LabelMatrix, k: int) -> Callable[[], np.ndarray]:
    model = wl.label_model(name).fit(votes)
    return lambda: model.predict_proba(votes).probs


def _timed(rival: Callable, name: str, votes: object, k: int, repeats: int) -> dict[str, float]:
    few = planted(1000, 5, k)
    rival(name, few.astype(np.int64) if rival is _snorkel_rival else matrix(few, k), k)()  # what loads lazily is loaded
    before = _peak_mb()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        predict = rival(name, votes, k)
        middle = time.process_time()
        probs = predict()
        times.append((time.process_time() - start, middle - start))
    best, fitting = min(times)
    truth = np.random.default_rng(0).integers(k, size=(len(probs), 1))[:, 0]
    right = (probs.argmax(axis=1) == truth).mean()
    added = _peak_mb() - before
    return {"best": best, "fit": fitting, "predict": best - fitting, "accuracy": right, "peak_mb": added}


def planted(n: int, m: int, k: int) -> np.ndarray:
    """Votes on 17 % of the cells, 70 % of them on the true class, the rest anywhere."""
    rng = np.random.default_rng(0)
    y = rng.integers(k, size=(n, 1))
    votes = np.empty((n, m), np.int8)
    for start in range(0, n, 100_000):
        part = y[start : start + 100_000]
        shape = (len(part), m)
        said = np.where(rng.random(shape) < 0.7, part, rng.integers(k, size=shape))
        votes[start : start + 100_000] = np.where(rng.random(shape) < 0.17, said, -1)
    return votes


def main(parts: list[str]) -> None:
    """Run the parts, or all."""
    threads_of_one()
    wanted = parts or ["accuracy", "gold", "copies", "speed"]
    sets = load_all()
    if not sets:
        print(f"no data in {FOLDER}: only the speed is measured")
        wanted = ["speed"]
    for part in wanted:
        speed() if part == "speed" else {"accuracy": accuracy, "gold": gold, "copies": copies}[part](sets)


if __name__ == "__main__":
    main(sys.argv[1:])
