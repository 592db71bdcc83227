"""Label models on planted votes, beside Snorkel's LabelModel.

All get the same int8 votes, on 17 % of the cells; 70 % of them are for the true class, the others for any.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from growth import Growth
from side_by_side import Contest, Way, close_arrays, same_arrays

import weaklabel as wl

PEER = "Snorkel LabelModel"
AT_ONCE = 100_000
CELLS = 6 * 10**7  # n m k up to which the peer is asked: it takes some 50 bytes of memory for each


def contests(full: bool) -> Iterator[Contest]:
    """What a user does: fit, predict, both."""
    shapes = ((10**6, 20, 2), (10**6, 50, 2), (10**6, 100, 2), (10**6, 30, 5)) if full else ((10**5, 20, 2),)
    for n, m, k in shapes:
        size, votes = f"{n:,} x {m}, k = {k}", partial(planted, m=m, k=k)
        fit = {PEER: Way(partial(peer_mu, k=k)), **of_ours(own_mu, k)}
        yield Contest(f"fit, {size}", fit, votes, n, agrees=same_arrays, memory=full)
        predict = {PEER: Way(peer_predicts, partial(peer_fitted, k=k)), **of_ours(own_predicts, k, fitted=True)}
        yield Contest(f"predict, {size}", predict, votes, n, agrees=close_arrays, memory=full)
        yield Contest(f"fit and predict, {size}", both(k), votes, n, agrees=close_arrays)


def growths(full: bool) -> Iterator[Growth]:
    """Of fit and predict: by items, functions and classes."""
    sizes = (10**5, 10**6, 10**7) if full else (10**4, 10**5, 10**6)
    yield Growth("fit and predict", "n", {n: growing(n, 20, 2) for n in sizes})
    n = 10**6 if full else 10**5
    yield Growth("fit and predict", "m", {m: growing(n, m, 2) for m in (10, 20, 50, 100)})
    yield Growth("fit and predict", "k", {k: growing(n, 20, k) for k in (2, 3, 5, 10)})


def growing(n: int, m: int, k: int) -> Contest:
    """One point."""
    ways = both(k)
    if n * m * k > CELLS:
        del ways[PEER]
    return Contest(f"{n:,} x {m}, k = {k}", ways, partial(planted, m=m, k=k), n, memory=False)


def both(k: int) -> dict[str, Way]:
    """Fit and predict."""
    return {PEER: Way(partial(peer_does_both, k=k)), **of_ours(own_does_both, k)}


def of_ours(run: Callable[..., Any], k: int, fitted: bool = False) -> dict[str, Way]:
    """Snorkel's own model trained from counts, then the model that is our default."""
    found = {}
    for name, model in (("snorkel, from counts", "snorkel"), ("hybrid_em, our default", "hybrid_em")):
        prepare = partial(own_fitted, model, k=k) if fitted else partial(matrix, k=k)
        found[name] = Way(partial(run, model), prepare, agrees=None if model == "snorkel" else another_model)
    return found


def another_model(first: np.ndarray, other: np.ndarray) -> str:
    """Another model learns something else; on how many items it says the same."""
    if first.shape != other.shape or first.ndim != 2 or len(first) < 1000:
        return "another model"
    return f"another model, labels {(first.argmax(axis=1) == other.argmax(axis=1)).mean():.2%}"


def planted(n: int, _: Path, m: int, k: int) -> np.ndarray:
    """Votes of m functions, shape (n, m)."""
    rng, votes = np.random.default_rng(0), np.empty((n, m), np.int8)
    for start in range(0, n, AT_ONCE):
        part = votes[start : start + AT_ONCE]
        y = rng.integers(k, size=(len(part), 1), dtype=np.int8)
        said = np.where(rng.random(part.shape, np.float32) < 0.7, y, rng.integers(k, size=part.shape, dtype=np.int8))
        part[:] = np.where(rng.random(part.shape, np.float32) < 0.17, said, -1)
    return votes


def matrix(votes: np.ndarray, k: int) -> wl.LabelMatrix:
    """As ours take them."""
    return wl.LabelMatrix.from_array(votes, classes=[str(y) for y in range(k)])


def peer_fitted(votes: np.ndarray, k: int) -> tuple[Any, np.ndarray]:
    """Snorkel's model with its defaults, but that the prior is given, as ours takes it: uniform."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=k, verbose=False)
    model.fit(votes, seed=0, progress_bar=False, class_balance=[1 / k] * k)
    return model, votes


def peer_mu(votes: np.ndarray, k: int) -> np.ndarray:
    """What it learns, shape (m k, k)."""
    return peer_fitted(votes, k)[0].mu.detach().numpy().astype(np.float64)


def peer_predicts(prepared: tuple[Any, np.ndarray]) -> np.ndarray:
    """Probabilities, shape (n, k)."""
    model, votes = prepared
    return model.predict_proba(votes)


def peer_does_both(votes: np.ndarray, k: int) -> np.ndarray:
    """Probabilities, shape (n, k)."""
    return peer_predicts(peer_fitted(votes, k))


def own_fitted(model: str, votes: np.ndarray, k: int) -> tuple[Any, wl.LabelMatrix]:
    """One of ours, with its defaults."""
    L = matrix(votes, k)
    return wl.label_model(model).fit(L), L


def own_mu(model: str, L: wl.LabelMatrix) -> np.ndarray:
    """What it learns, shape (m k, k), where it is Snorkel's model."""
    fitted = wl.label_model(model).fit(L)
    return fitted.mu_.reshape(-1, L.cardinality) if model == "snorkel" else np.empty(0)


def own_predicts(model: str, prepared: tuple[Any, wl.LabelMatrix]) -> np.ndarray:
    """Probabilities, shape (n, k)."""
    fitted, L = prepared
    return fitted.predict_proba(L).probs


def own_does_both(model: str, L: wl.LabelMatrix) -> np.ndarray:
    """Probabilities, shape (n, k)."""
    return wl.denoise(L, model).probs
