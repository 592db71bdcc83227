"""Simulated click logs with planted truth, over the real rankings of MQ2008."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import plugins
from weaklabel.clicks import simulate as simulation
from weaklabel.clicks.simulate import Logging

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "clicks" / "mq2008" / "mq2008.npz"
DEPTH = 10
ONE = ["ranker_0"]


@dataclass(frozen=True)
class Setting:
    """A kind of log: how users behave, who ranks, and what it is to show."""

    about: str
    users: str
    params: dict[str, Any] = field(default_factory=dict)
    logging: Logging = field(default_factory=Logging)
    full_pages: bool = False  # only queries with as many documents as a page has places


SETTINGS = {
    "pbm1": Setting("position-based users, eta 1; 5 weak rankers take turns", "position_based"),
    "pbm2": Setting("position-based users, eta 2; 5 weak rankers take turns", "position_based", {"eta": 2.0}),
    "trust": Setting("users who trust the top: P(click) = alpha gamma + beta; 5 weak rankers", "trust"),
    "dbn": Setting("users who scan from the top until satisfied; 5 weak rankers", "dbn"),
    "swap": Setting(
        "eta 1; one ranker, rank 1 swapped with another in 10 % of sessions",
        "position_based",
        logging=Logging(rankers=ONE, swap=0.1),
    ),
    "prod2": Setting(
        "eta 2; one ranker, rank 1 swapped with another in 10 % of sessions",
        "position_based",
        {"eta": 2.0},
        Logging(rankers=ONE, swap=0.1),
    ),
    "shuffled": Setting(
        "eta 1; one ranker, pages of ten in random order",
        "position_based",
        logging=Logging(rankers=ONE, shuffle=True),
        full_pages=True,
    ),
    "fixed": Setting(
        "eta 1; one ranker and nothing else: examination cannot be told from relevance",
        "position_based",
        logging=Logging(rankers=ONE),
    ),
    "tail": Setting(
        "eta 1; queries by Zipf's law (1.1), one ranker has 90 % of the sessions",
        "position_based",
        logging=Logging(zipf=1.1, weights=(0.9, 0.025, 0.025, 0.025, 0.025)),
    ),
}


def rankings(split: str) -> pl.DataFrame:
    """Graded documents of queries that have at least two: query_id, doc_id, grade, relevance, f1.., ranker_0..4."""
    with np.load(DATA) as data:
        X, grade, query = (data[f"{name}_{split}"] for name in ("X", "y", "qid"))
    frame = pl.DataFrame(X.astype(np.float64), schema=[f"f{i + 1}" for i in range(X.shape[1])]).with_columns(
        query_id=pl.Series(query).cast(pl.String), grade=pl.Series(grade).cast(pl.Int64)
    )
    numbered = frame.with_columns(doc_id=pl.int_range(pl.len()).over("query_id").cast(pl.String))
    kept = numbered.filter(pl.len().over("query_id") >= 2)
    relevance = simulation.relevance_of_grades(kept["grade"], noise=0.1, top=2)
    return kept.with_columns(relevance=pl.Series(relevance))


def write_documents(folder: Path) -> pl.DataFrame:
    """The documents that logs show (shown.parquet), and those of other queries (new.parquet); returns the former."""
    shown = simulation.weak_rankers(rankings("train"), n=5, queries=10, seed=0)
    shown.write_parquet(folder / "shown.parquet")
    pl.concat([rankings("vali"), rankings("test")]).write_parquet(folder / "new.parquet")
    return shown


def write_log(name: str, impressions: int, seed: int, shown: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Write a log of about so many impressions; returns the truth: position, examination[, alpha, beta]."""
    setting = SETTINGS[name]
    if setting.full_pages:
        shown = shown.filter(pl.len().over("query_id") >= DEPTH)
    per_page = shown.group_by("query_id").len()["len"].clip(upper_bound=DEPTH).mean()
    how = {
        "users": setting.users,
        "sessions": round(impressions / per_page),  # type: ignore[operator]
        "depth": DEPTH,
        "logging": setting.logging,
        "seed": seed,
        **setting.params,
    }
    simulation.simulate_to(path, shown, **how)
    few = {**how, "sessions": min(how["sessions"], 100_000)}  # what depends on pages is a mean over these
    curve = simulation.truth(shown, **few)
    user = plugins.build("user", setting.users, **setting.params)
    if hasattr(user, "affine"):
        alpha, beta = user.affine(DEPTH)
        curve = curve.with_columns(alpha=pl.Series(alpha), beta=pl.Series(beta))
    return curve
