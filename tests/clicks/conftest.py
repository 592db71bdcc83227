"""Logs whose truth is known, for several tests: documents that several rankers put at different positions."""

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.simulate import Logging, simulate

RELEVANT = (0.1, 0.3, 0.6, 0.9)


@pytest.fixture(scope="session")
def rankings():
    """From a number of queries to relevance of their documents, and scores of rankers a little better than chance."""

    def made(queries=60, docs=10, rankers=4, seed=0):
        rng = np.random.default_rng(seed)
        relevance = rng.choice(RELEVANT, size=queries * docs)
        scores = {f"ranker_{r}": relevance + rng.normal(0, 0.6, len(relevance)) for r in range(rankers)}
        ids = [np.repeat(np.arange(queries), docs), np.arange(queries * docs)]
        names = ("query_id", "doc_id")
        texts = {name: each.astype(str) for name, each in zip(names, ids, strict=True)}
        return pl.DataFrame({**texts, "relevance": relevance, **scores})

    return made


@pytest.fixture(scope="session")
def planted_log(rankings):
    """A log of so many pages."""

    def made(users="position_based", sessions=4_000, *, depth=6, seed=0, logging=Logging(), queries=60, **params):  # noqa: B008
        return simulate(rankings(queries), users, sessions, depth=depth, logging=logging, seed=seed, **params)

    return made
