"""Serving: which documents a page of results shows, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.simulating.rankings import Rankings
from weaklabel.errors import ModelError
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Logging:
    """How the pages of a log come to be: who ranks them, what was done at random, and what people ask.

    Parameters
    ----------
    rankers
        The rankers that serve, by their columns of scores; None is all of them.
    weights
        Share of the sessions that each serves, in their order; None is the same for all.
    swap
        Share of the sessions in which the document at rank 1 swaps with one at a random lower rank, in [0, 1].
    shuffle
        Whether the documents of each page come in random order.
    zipf
        How uneven the traffic is: the r-th most frequent query (which one that is, is random) is asked in proportion to
        r^-zipf; 0 is the same for all.
    query_weights
        How often each query is asked, in proportion, by query_id; one that is not named is never asked.
    """

    rankers: Sequence[str] | None = None
    weights: Sequence[float] | None = None
    swap: float = 0.0
    shuffle: bool = False
    zipf: float = 0.0
    query_weights: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Shown:
    """Pages of results.

    Attributes
    ----------
    query, ranker
        Shape (s,): the query of each page, and the ranker that made it.
    docs
        Shape (s, K): its documents, the top first; -1 where there are no more.
    """

    query: NDArray[np.int64]
    ranker: NDArray[np.int64]
    docs: NDArray[np.int64]


@dataclass(frozen=True)
class Server:
    """Draws pages of results.

    Attributes
    ----------
    logging
        How.
    top
        Shape (R, Q, K): the documents of each ranker's page for each query.
    traffic
        Shape (Q,): the share of each query.
    weights
        Shape (R,): the share of each ranker.
    """

    logging: Logging
    top: NDArray[np.int64]
    traffic: Floats
    weights: Floats

    def serve(self, sessions: int, rng: np.random.Generator) -> Shown:
        """Draw so many pages."""
        query = rng.choice(len(self.traffic), sessions, p=self.traffic)
        ranker = rng.choice(len(self.weights), sessions, p=self.weights)
        docs = self.top[ranker, query]
        if self.logging.shuffle:
            docs = _shuffled(docs, rng)
        if self.logging.swap:
            docs = _swapped(docs, self.logging.swap, rng)
        return Shown(query, ranker, docs)


def server(rankings: Rankings, logging: Logging, depth: int, seed: int) -> Server:
    """A server of pages of that depth.

    Raises
    ------
    ModelError
        A share or weight is outside its range, or is given for a query or ranker that is not there.
    """
    if not 0 <= logging.swap <= 1:
        raise ModelError(f"swap is {logging.swap}: it is a share of the sessions, in [0, 1]")
    n = len(rankings.scores)
    weights = shares(np.ones(n) if logging.weights is None else logging.weights, n, "weights")
    return Server(logging, rankings.top(depth), _traffic(rankings, logging, seed), weights)


def shares(weights: Sequence[float] | Floats, n: int, name: str) -> Floats:
    """Weights as shares that sum to 1, shape (n,)."""
    given = np.asarray(weights, np.float64)
    if given.shape != (n,):
        raise ModelError(f"{name} has shape {given.shape}; one for each of {n} is needed")
    if not ((given >= 0) & np.isfinite(given)).all() or not given.sum() > 0:
        raise ModelError(f"{name} is {given.tolist()[:10]}: weights are at least 0, and one is positive")
    return np.asarray(given / given.sum())


def _traffic(rankings: Rankings, logging: Logging, seed: int) -> Floats:
    n = len(rankings.query_ids)
    if logging.query_weights is None:
        if not 0 <= logging.zipf < np.inf:
            raise ModelError(f"zipf is {logging.zipf}: it is at least 0 (all queries alike) and finite, such as 1")
        popularity = 1.0 + np.random.default_rng([seed, 0]).permutation(n)
        return shares(np.exp(-logging.zipf * np.log(popularity)), n, "zipf")
    if logging.zipf:
        raise ModelError("zipf and query_weights both say how often a query is asked: give one of them")
    known = {str(query): weight for query, weight in logging.query_weights.items()}
    if strange := sorted(set(known) - set(rankings.query_ids)):
        raise ModelError(f"query_weights names {strange[0]!r}, which is no query of the rankings")
    return shares([known.get(query, 0.0) for query in rankings.query_ids], n, "query_weights")


def _shuffled(docs: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    keys = np.where(docs >= 0, rng.random(docs.shape), 2.0)  # what is not there stays at the end
    return np.take_along_axis(docs, keys.argsort(axis=1), axis=1)


def _swapped(docs: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    length = (docs >= 0).sum(axis=1)
    chosen = (rng.random(len(docs)) < share) & (length > 1)
    pages = np.flatnonzero(chosen)
    lower = rng.integers(1, length[pages])
    swapped = docs.copy()
    swapped[pages, 0], swapped[pages, lower] = docs[pages, lower], docs[pages, 0]
    return swapped


def log_frame(rankings: Rankings, shown: Shown, clicks: NDArray[np.int8], first: int) -> pl.DataFrame:
    """The pages as a click log, one row per document shown; sessions are numbered from `first`."""
    there = shown.docs >= 0
    page, slot = np.nonzero(there)
    sessions = pl.Series(np.arange(first, first + len(there))).cast(pl.String)
    names = pl.Series(list(rankings.scores), dtype=pl.String)
    return pl.DataFrame(
        {
            "session_id": sessions.gather(page),
            "query_id": rankings.query_ids.gather(shown.query[page]),
            "doc_id": rankings.doc_ids.gather(shown.docs[there]),
            "position": slot + 1,
            "click": clicks[there],
            "ranker": names.gather(shown.ranker[page]),
        }
    )
