"""How good a ranking is on known grades: DCG, NDCG and MRR, with intervals over queries, and two rankings compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklabel.clicks.ranking.judged import PAIR, graded, ranked
from weaklabel.clicks.ranking.ranked_gain import mrr_by_query, ndcg_by_query, ranked_dcg
from weaklabel.errors import ModelError, TableError
from weaklabel.numerics import Floats

ByQuery = Callable[[pl.DataFrame, pl.DataFrame, int], pl.DataFrame]


@dataclass(frozen=True, eq=False)
class RankingScore:
    """A metric of a ranking with its interval.

    Attributes
    ----------
    metric
        Its name with the cut-off, such as "ndcg@10".
    value
        Mean over the queries scored.
    lower, upper
        Bootstrap percentiles over queries; infinite with a single query, which says nothing of others.
    queries
        Queries scored: ranked, and with at least one document of a grade above 0.
    without_relevant
        Ranked queries left out, as no document of theirs has a grade above 0.
    not_ranked
        Queries left out that have a relevant document but are not ranked at all.
    without_grade
        Documents of the scored queries that have no grade; they count as grade 0.
    level
        Confidence of the interval.
    by_query
        The value of each query scored: query_id, value; sorted.
    """

    metric: str
    value: float
    lower: float
    upper: float
    queries: int
    without_relevant: int
    not_ranked: int
    without_grade: int
    level: float
    by_query: pl.DataFrame


@dataclass(frozen=True)
class RankingDifference:
    """Two rankings on the same queries.

    Attributes
    ----------
    metric
        What is compared, such as "ndcg@10".
    value
        Mean over the queries of the first ranking's metric less the second's.
    lower, upper
        Bootstrap percentiles over queries, each drawn with both its values; infinite with a single query.
    wins, losses, ties
        Queries on which the first is better, worse and the same.
    level
        Confidence of the interval.
    """

    metric: str
    value: float
    lower: float
    upper: float
    wins: int
    losses: int
    ties: int
    level: float


def ndcg(
    ranking: Any,
    gold: Any,
    k: int = 10,
    *,
    gain: str = "exponential",
    n_bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> RankingScore:
    """Discounted gain of the first k documents, as a share of the best possible order's.

    Documents that tie share the mean of their gains, which is what a random order among them would give on average;
    so neither the order of the rows nor the names of the documents matter.

    Parameters
    ----------
    ranking
        Frame or `RelevanceLabels`: query_id, doc_id and `score` or `relevance` (higher first) or `rank` (1 first).
    gold
        Frame: query_id, doc_id, `grade` (0 or more). All of a query's graded documents count in the best order, ranked
        or not; a ranked document without a grade counts as 0.
    k
        Documents that count, from the top.
    gain
        Of a grade: "exponential", 2^grade - 1, or "linear", the grade itself. Rank r is discounted by log2(1 + r).
    n_bootstrap
        Resamples of the queries for the interval.
    level
        Confidence of the interval.
    seed
        Of the resampling.

    Returns
    -------
    RankingScore
        In [0, 1]; queries without a relevant document are left out and counted.

    Raises
    ------
    TableError
        A column is missing, a document stands in a query twice, a number is missing or impossible, or no ranked query
        has a relevant document.
    ModelError
        `k`, `level` or `n_bootstrap` is outside its range.
    UnknownNameError
        There is no such gain.

    Source: Jarvelin and Kekalainen, Cumulated Gain-Based Evaluation of IR Techniques, TOIS 2002; gains: Burges et al.,
    Learning to Rank Using Gradient Descent, ICML 2005; ties: McSherry and Najork, Computing Information Retrieval
    Performance Measures Efficiently in the Presence of Tied Scores, ECIR 2008.
    """
    return _score(ndcg_by_query, f"ndcg@{k}", ranking, gold, k, gain, _Resampling(n_bootstrap, level, seed))


def dcg(
    ranking: Any,
    gold: Any,
    k: int = 10,
    *,
    gain: str = "exponential",
    n_bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> RankingScore:
    """Discounted gain of the first k documents; all else as for `ndcg`, but not bounded by 1."""
    return _score(ranked_dcg, f"dcg@{k}", ranking, gold, k, gain, _Resampling(n_bootstrap, level, seed))


def mrr(
    ranking: Any, gold: Any, k: int = 10, *, n_bootstrap: int = 1000, level: float = 0.95, seed: int = 0
) -> RankingScore:
    """One over the rank of the first document with a grade above 0, and 0 where none is among the first k.

    All else as for `ndcg`; of documents that tie, it is what a random order among them would give on average.
    """
    return _score(mrr_by_query, f"mrr@{k}", ranking, gold, k, "linear", _Resampling(n_bootstrap, level, seed))


def compare_rankings(
    a: RankingScore, b: RankingScore, *, n_bootstrap: int = 1000, level: float = 0.95, seed: int = 0
) -> RankingDifference:
    """The first ranking's metric less the second's, query by query.

    Parameters
    ----------
    a, b
        The same metric of two rankings on the same queries.
    n_bootstrap, level, seed
        As for `ndcg`.

    Raises
    ------
    TableError
        The metrics or the queries differ.
    """
    if a.metric != b.metric:
        raise TableError(f"one ranking was scored by {a.metric}, the other by {b.metric}: score both by the same")
    if not a.by_query["query_id"].equals(b.by_query["query_id"]):
        only = a.by_query.join(b.by_query, on="query_id", how="anti").height
        raise TableError(
            f"the rankings were scored on different queries ({only} of the first's {a.queries} are not among the "
            f"second's {b.queries}): rank the same queries with both"
        )
    change = (a.by_query["value"] - b.by_query["value"]).to_numpy()
    wins, losses = int((change > 1e-12).sum()), int((change < -1e-12).sum())
    interval = _Resampling(n_bootstrap, level, seed).interval(change)
    return RankingDifference(
        a.metric, float(change.mean()), *interval, wins, losses, len(change) - wins - losses, level
    )


@dataclass(frozen=True)
class _Resampling:
    """How the interval of a mean over queries is made."""

    n_bootstrap: int
    level: float
    seed: int

    def __post_init__(self) -> None:
        if self.n_bootstrap < 1:
            raise ModelError(f"n_bootstrap is {self.n_bootstrap}: an interval needs resamples, such as 1000")
        if not 0 < self.level < 1:
            raise ModelError(f"level is {self.level}: a confidence lies between 0 and 1, such as 0.95")

    def interval(self, values: Floats) -> tuple[float, float]:
        if len(values) < 2:
            return -np.inf, np.inf
        rng, n = np.random.default_rng(self.seed), len(values)
        means = [values[rng.integers(n, size=n)].mean() for _ in range(self.n_bootstrap)]
        lower, upper = np.quantile(means, [(1 - self.level) / 2, (1 + self.level) / 2])
        return float(lower), float(upper)


def _score(
    metric: ByQuery, name: str, ranking: Any, gold: Any, k: int, gain: str, resampling: _Resampling
) -> RankingScore:
    if k < 1:
        raise ModelError(f"k is {k}: at least one document of each query must count")
    rows, known = ranked(ranking), graded(gold, gain)
    relevant = known.filter(pl.col("gain") > 0).select("query_id").unique()
    asked = rows.select("query_id").unique()
    scored = asked.join(relevant, on="query_id", how="semi")
    if not len(scored):
        raise TableError(
            f"none of the {len(asked)} ranked queries has a document with a grade above 0, so there is nothing to "
            f"score; the ranking has query_id {asked['query_id'].min()!r}, the gold {known['query_id'].min()!r}"
        )
    judged = rows.join(scored, on="query_id", how="semi").join(known, on=PAIR, how="left")
    values = metric(judged.fill_null(0.0), known.join(scored, on="query_id", how="semi"), k).sort("query_id")
    return RankingScore(
        name,
        float(values["value"].mean()),  # type: ignore[arg-type]
        *resampling.interval(values["value"].to_numpy()),
        queries=len(scored),
        without_relevant=len(asked) - len(scored),
        not_ranked=len(relevant) - len(scored),
        without_grade=judged["gain"].null_count(),
        level=resampling.level,
        by_query=values,
    )
