"""Pick: the items that are most worth a person's time."""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import plugins
from weaklabel.artefacts import Batch, Posterior
from weaklabel.errors import ModelError, TableError
from weaklabel.numerics import Floats
from weaklabel.protocols import QueryStrategy

Rows = NDArray[np.intp]


def pick(
    posterior: Posterior,
    size: int,
    strategy: str | QueryStrategy = "margin",
    *,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> Batch:
    """The items to ask about next, never one that a person has answered.

    Items on which no labeling function voted take part: all that is known about them is the prior.

    Parameters
    ----------
    posterior
        n items, k classes.
    size
        How many, 1 or more; fewer come back where fewer are left.
    strategy
        Name of a query strategy, or a function from probabilities (n, k) to scores (n,), higher is more worthwhile.
    exclude
        Ids that are not to be picked, such as those already asked; ids that `posterior` lacks are ignored.
    seed
        Decides among equal scores, by a hash of it and the item's id: neither the order of the rows nor the machine
        changes the draw.

    Returns
    -------
    Batch
        Best first. Its provenance says how many items were left to choose from, and how many of those picked no
        labeling function voted on.

    Raises
    ------
    TableError
        `size` is below 1, or no item is left.
    ModelError
        The strategy gives NaN, or not one score for each item.
    UnknownNameError
        There is no such strategy.
    """
    if size < 1:
        raise TableError(f"a batch of {size} items asks nothing: pick at least 1")
    score = plugins.get("strategy", strategy) if isinstance(strategy, str) else strategy
    name = strategy if isinstance(strategy, str) else getattr(strategy, "__name__", type(strategy).__name__)
    excluded = _among(posterior.item_ids, exclude)
    pool = _pool(posterior, excluded)
    ids = posterior.item_ids.gather(pool)
    scores = _checked(score(posterior.probs[pool]), ids, name)
    best = _best(scores, ids, size, seed)
    provenance = {
        "seed": seed,
        "size": size,
        "items": len(posterior.item_ids),
        "answered": int(posterior.answered.sum()),
        "excluded": int(excluded.sum()),
        "pool": len(pool),
        "pool_uncovered": int((~posterior.covered[pool]).sum()),
        "picked_uncovered": int((~posterior.covered[pool[best]]).sum()),
        "labels": dict(posterior.provenance),
    }
    return Batch(ids.gather(best), scores[best], name, provenance)


def _among(item_ids: pl.Series, wanted: Iterable[str]) -> NDArray[np.bool_]:
    if isinstance(wanted, str):
        raise TableError(f"ids to exclude are a list, such as [{wanted!r}], not one text")
    return item_ids.is_in(pl.Series(list(wanted), dtype=pl.String).implode()).to_numpy()


def _pool(posterior: Posterior, excluded: NDArray[np.bool_]) -> Rows:
    pool = np.flatnonzero(~(posterior.answered | excluded))
    if not len(pool):
        raise TableError(
            f"none of the {len(posterior.item_ids)} items is left to ask about: "
            f"{int(posterior.answered.sum())} are answered, {int(excluded.sum())} excluded"
        )
    return pool


def _checked(scores: Any, ids: pl.Series, strategy: str) -> Floats:
    checked = np.asarray(scores, np.float64)
    if checked.shape != (len(ids),):
        raise ModelError(f"strategy {strategy!r} gave scores of shape {checked.shape}; {len(ids)} items need one each")
    if np.isnan(checked).any():
        row = int(np.isnan(checked).argmax())
        raise ModelError(f"strategy {strategy!r} gave item {ids[row]!r} the score NaN: it must rank every item")
    return checked


def _best(scores: Floats, ids: pl.Series, size: int, seed: int) -> Rows:
    """The rows of the `size` highest scores, best first; equal scores in the order of their seeded hashes."""
    rows: Rows = np.arange(len(scores))
    if size < len(scores):
        cut = np.partition(scores, -size)[-size]
        above = np.flatnonzero(scores > cut)
        tied = np.flatnonzero(scores == cut)
        rows = np.concatenate([above, _draw(tied, ids, size - len(above), seed)])
    draws = _draws(ids.gather(rows).to_list(), seed)
    order = sorted(range(len(rows)), key=lambda i: (-scores[rows[i]], draws[i]))
    return rows[order]


def _draw(rows: Rows, ids: pl.Series, size: int, seed: int) -> Rows:
    """`size` of the rows: those with the smallest hashes. Only items tied at the cut come here, not the whole pool."""
    if size == len(rows):
        return rows
    draws = _draws(ids.gather(rows).to_list(), seed)
    return rows[heapq.nsmallest(size, range(len(rows)), key=draws.__getitem__)]


def _draws(ids: Sequence[str], seed: int) -> list[bytes]:
    return [hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=16).digest() for item_id in ids]
