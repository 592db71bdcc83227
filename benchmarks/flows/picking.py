"""Choosing what to ask people about, beside modAL, scikit-activeml and plain numpy.

All get float64 probabilities that lie in memory, so that only scoring and choosing are measured. Of two classes all
measures of doubt put the items in the same order, by |p - 1/2|: `recall` is how many of the truly closest a way found.
scikit-activeml's own way to make a batch keeps a copy of all scores for each item in it (8 GB for 1,000 of a million):
it takes part where the pool is small, and where it is large its scores do, with numpy's argpartition.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from growth import Growth
from side_by_side import Contest, Way

import weaklabel as wl

SIZE, FEW = 1000, 100
ENTROPY, MARGIN = "entropy", "margin"
CLOSE = 1e-9  # scores of float64 logarithms
Result = tuple[np.ndarray, np.ndarray]  # probabilities, and the rows that were picked


def contests(full: bool) -> Iterator[Contest]:
    """Both measures, from two classes and from ten; small pools; pools in files."""
    n = 10**7 if full else 10**6
    for k, rows in ((2, n), (10, n // 10)):
        for measure in (ENTROPY, MARGIN):
            name = f"{SIZE:,} of {rows:,} x {k} by {measure}"
            yield Contest(name, large(measure), partial(pool, k=k), rows, agrees=partial(recall, measure=measure))
    for measure in (ENTROPY, MARGIN):
        name = f"{FEW} of 100,000 x 10 by {measure}"
        yield Contest(name, small(measure), partial(pool, k=10), 10**5, agrees=partial(recall, measure=measure))
    ways = {"polars and numpy, all in memory": Way(numpy_of_file), "pick_file": Way(own_of_file)}
    name = f"{SIZE:,} of {n:,} x 2 by entropy, from a Parquet file"
    yield Contest(name, ways, pool_file, n, write, partial(recall, measure=ENTROPY))


def growths(full: bool) -> Iterator[Growth]:
    """By items and by classes."""
    sizes = (10**5, 10**6, 10**7) if full else (10**4, 10**5, 10**6)
    yield Growth("pick by margin", "n", {n: growing(n, 2) for n in sizes})
    yield Growth("pick by margin", "k", {k: growing(10**6 if full else 10**5, k) for k in (2, 5, 10, 20)})


def growing(n: int, k: int) -> Contest:
    """One point."""
    ways = {name: way for name, way in large(MARGIN).items() if name in ("numpy and argpartition", "pick")}
    return Contest("", ways, partial(pool, k=k), n, memory=False)


def large(measure: str) -> dict[str, Way]:
    """Those that can choose from a large pool."""
    return {
        "numpy and argpartition": Way(partial(by_numpy, measure)),
        "modAL": Way(partial(by_modal, measure), needs="modAL"),
        "scikit-activeml's scores and argpartition": Way(partial(by_activeml, measure), needs="skactiveml"),
        "pick": Way(partial(by_pick, measure), beliefs),
    }


def small(measure: str) -> dict[str, Way]:
    """Those that choose a small batch."""
    return {
        "scikit-activeml": Way(partial(by_activeml, measure, batch=True, size=FEW), needs="skactiveml"),
        "modAL": Way(partial(by_modal, measure, size=FEW), needs="modAL"),
        "pick": Way(partial(by_pick, measure, size=FEW), beliefs),
    }


def pool(n: int, _: Path, k: int) -> np.ndarray:
    """Probabilities, shape (n, k)."""
    rng = np.random.default_rng(0)
    if k == 2:
        p = rng.random(n)
        return np.stack([p, 1 - p], axis=1)
    probs = rng.standard_exponential((n, k))
    probs /= probs.sum(axis=1, keepdims=True)
    return probs


def beliefs(probs: np.ndarray) -> wl.Posterior:
    """As ours takes them."""
    ids = pl.Series(range(len(probs))).cast(pl.String)
    return wl.Posterior(probs, ids, tuple(map(str, range(probs.shape[1]))), np.ones(len(probs), bool))


def doubt(probs: np.ndarray, measure: str) -> np.ndarray:
    """In plain numpy: the larger, the more is to be learned."""
    if measure == ENTROPY:
        return -(probs * np.log(probs)).sum(axis=1)
    top = np.partition(probs, probs.shape[1] - 2, axis=1)[:, -2:]
    return top[:, 0] - top[:, 1]


def best(scores: np.ndarray, size: int) -> np.ndarray:
    """The rows of the largest scores."""
    return np.argpartition(-scores, size)[:size]


def by_numpy(measure: str, probs: np.ndarray, size: int = SIZE) -> Result:
    """Plain numpy."""
    return probs, best(doubt(probs, measure), size)


def by_modal(measure: str, probs: np.ndarray, size: int = SIZE) -> Result:
    """modAL, whose model knows the answer."""
    from modAL import uncertainty

    choose: Callable[..., Any] = getattr(uncertainty, f"{measure}_sampling")
    found = choose(Told(), probs, n_instances=size)
    return probs, np.asarray(found[0] if isinstance(found, tuple) else found)


class Told:
    """A model that is asked about probabilities, and gives them back."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """As they are."""
        return X


def by_activeml(measure: str, probs: np.ndarray, batch: bool = False, size: int = SIZE) -> Result:
    """scikit-activeml's scores, and its batch or argpartition's."""
    from skactiveml.pool import uncertainty_scores
    from skactiveml.utils import simple_batch

    scores = uncertainty_scores(probs, method=MARGINS.get(measure, measure))
    return probs, np.asarray(simple_batch(scores, 0, size)).ravel() if batch else best(scores, size)


MARGINS = {MARGIN: "margin_sampling"}


def by_pick(measure: str, posterior: wl.Posterior, size: int = SIZE) -> Result:
    """Ours."""
    batch = wl.pick(posterior, size, measure)
    return posterior.probs, batch.item_ids.cast(pl.Int64).to_numpy()


def write(n: int, folder: Path) -> None:
    """The same pool in a file."""
    path = folder / "pool.parquet"
    if not path.exists():
        beliefs(pool(n, folder, 2)).save(path)


def pool_file(_: int, folder: Path) -> Path:
    """What was written."""
    return folder / "pool.parquet"


def numpy_of_file(path: Path) -> Result:
    """Read as a whole, then plain numpy."""
    return by_numpy(ENTROPY, pl.read_parquet(path, columns=["p_0", "p_1"]).to_numpy())


def own_of_file(path: Path) -> Result:
    """Read part by part."""
    batch = wl.pick_file(path, SIZE, ENTROPY)
    return np.empty(0), batch.item_ids.cast(pl.Int64).to_numpy()


def recall(first: Result, other: Result, measure: str) -> str:
    """How many of the truly best were found, whatever way found them."""
    probs, found = first[0], other[1]
    if probs.shape[1] == 2:  # logarithms cannot tell the closest apart; the distance to 1/2 can
        scores, close = -np.abs(probs[:, 0] - 0.5), 0.0
    else:
        scores, close = doubt(probs, measure), CLOSE
    cut = np.partition(scores, len(scores) - len(found))[len(scores) - len(found)]
    return f"recall {(scores[found] >= cut - close).mean():.1%}, {len(set(found.tolist())):,} items"
