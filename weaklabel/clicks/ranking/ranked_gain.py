"""Metrics of each query of judged rankings, documents that tie sharing the mean of their gains.

`judged` is a ranking as query_id, doc_id, score, gain; `known` the graded documents as query_id, doc_id, gain.
"""

import numpy as np
import polars as pl


def ndcg_by_query(judged: pl.DataFrame, known: pl.DataFrame, k: int) -> pl.DataFrame:
    """Of each query the discounted gain up to rank k as a share of the best order's: query_id, value."""
    best = _dcg_by_query(known.with_columns(score="gain"), k).rename({"value": "best"})
    both = _dcg_by_query(judged, k).join(best, on="query_id")
    return both.select("query_id", value=pl.col("value") / pl.col("best"))


def ranked_dcg(judged: pl.DataFrame, known: pl.DataFrame, k: int) -> pl.DataFrame:
    """Of each query the discounted gain up to rank k: query_id, value."""
    return _dcg_by_query(judged, k)


def _dcg_by_query(judged: pl.DataFrame, k: int) -> pl.DataFrame:
    groups = _tie_groups(judged)
    ranks = np.arange(1, groups["end"].to_numpy().max() + 1)
    total = np.concatenate([[0.0], np.cumsum(np.where(ranks <= k, 1 / np.log2(1 + ranks), 0.0))])
    share = total[groups["end"].to_numpy()] - total[groups["start"].to_numpy()]
    worth = groups.with_columns(value=pl.col("gain") * pl.Series(share))
    return worth.group_by("query_id").agg(pl.col("value").sum())


def _tie_groups(judged: pl.DataFrame) -> pl.DataFrame:
    """Documents of one query and score as one row: mean gain, how many are relevant, ranks start + 1 to end."""
    groups = judged.group_by("query_id", "score").agg(
        pl.col("gain").mean(), relevant=(pl.col("gain") > 0).sum(), n=pl.len().cast(pl.Int64)
    )
    ordered = groups.sort("query_id", "score", descending=[False, True])
    return ordered.with_columns(end=pl.col("n").cum_sum().over("query_id")).with_columns(
        start=pl.col("end") - pl.col("n")
    )


def mrr_by_query(judged: pl.DataFrame, known: pl.DataFrame, k: int) -> pl.DataFrame:
    """Of each query one over the rank of the first document with a gain, 0 beyond rank k: query_id, value."""
    groups = _tie_groups(judged)
    first = groups.filter(pl.col("relevant") > 0).group_by("query_id", maintain_order=True).first()
    values = [_first_of(start, n, relevant, k) for start, n, relevant in first.select("start", "n", "relevant").rows()]
    found = first.select("query_id").with_columns(value=pl.Series(values, dtype=pl.Float64))
    every = groups.select("query_id").unique()
    return every.join(found, on="query_id", how="left").with_columns(pl.col("value").fill_null(0.0))


def _first_of(start: int, n: int, relevant: int, k: int) -> float:
    """Mean of 1 / rank of the first relevant of n documents in random order, the first at rank start + 1."""
    before = np.arange(n - relevant + 1)  # how many that are not relevant come first
    found = relevant / (n - before)
    missed = np.concatenate([[1.0], np.cumprod(1 - found)[:-1]])
    rank = start + 1 + before
    return float(np.where(rank <= k, missed * found / rank, 0.0).sum())
