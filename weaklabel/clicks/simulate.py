"""Simulate: click logs whose truth is known."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulating.rankings import graded_rankings, relevance_of_grades, weak_rankers
from weaklabel.clicks.simulating.serving import Logging
from weaklabel.clicks.simulating.simulation import AS_THEY_STAND, Users, simulation
from weaklabel.clicks.users._curves import position_curve
from weaklabel.errors import ClickLogError
from weaklabel.files import replacing

__all__ = [
    "Logging",
    "graded_rankings",
    "position_curve",
    "relevance_of_grades",
    "simulate",
    "simulate_to",
    "truth",
    "weak_rankers",
]


def simulate(
    rankings: Any,
    users: Users = "position_based",
    sessions: int = 10_000,
    *,
    depth: int = 10,
    logging: Logging = AS_THEY_STAND,
    context: str = "device",
    mix: Mapping[str, float] | None = None,
    seed: int = 0,
    **params: Any,
) -> ClickLog:
    """A click log of users whose behaviour is known, on rankings whose relevance is known.

    Parameters
    ----------
    rankings
        One row per query_id and doc_id: relevance, which is P(click | examined), in [0, 1], and one column of scores
        per ranker; `relevance_of_grades` and `weak_rankers` make both of graded documents.
    users
        Name of a user model, or one with its parameters set; or context value -> user model, where people differ.
    sessions
        How many pages of results.
    depth
        How many documents a page shows; fewer where the query has fewer.
    logging
        Who ranks the pages, what was done at random, and how often each query is asked.
    context
        The column that says which of several users it was.
    mix
        Context value -> its share of the sessions, in proportion; None is the same for all.
    seed
        The same seed gives the same log; with other users, the same pages.
    params
        Parameters of the named user model.

    Returns
    -------
    ClickLog
        Columns session_id, query_id, doc_id, position, click, ranker, and the context where users differ.

    Raises
    ------
    ModelError
        A parameter is outside its range.
    TableError
        The rankings are not what they must be.
    UnknownNameError
        There is no such user model.
    """
    options: dict[str, Any] = {"depth": depth, "logging": logging, "context": context, "mix": mix, "seed": seed}
    return ClickLog(pl.concat(simulation(rankings, users, sessions, **options, **params).frames()))


def simulate_to(
    path: str | Path,
    rankings: Any,
    users: Users = "position_based",
    sessions: int = 10_000,
    **options: Any,
) -> int:
    """Write the log that `simulate` makes to a Parquet file, part by part, so that it never lies in memory.

    Parameters
    ----------
    path
        The file; what was there stays if the log is not finished.
    rankings, users, sessions, options
        As `simulate` takes them.

    Returns
    -------
    int
        How many impressions it has.

    Raises
    ------
    ClickLogError
        The file cannot be written.
    ModelError, TableError, UnknownNameError
        As `simulate`.
    """
    log, path, rows = simulation(rankings, users, sessions, **options), Path(path), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            for i, frame in enumerate(log.frames()):
                frame.write_parquet(Path(folder, f"{i:09}.parquet"))
                rows += len(frame)
            with replacing(path) as file:
                pl.scan_parquet(folder).sink_parquet(file.name)
    except OSError as error:
        raise ClickLogError(f"cannot write {path}: {error.strerror or error}") from error
    return rows


def truth(rankings: Any, users: Users = "position_based", sessions: int = 10_000, **options: Any) -> pl.DataFrame:
    """Examination in the log that `simulate` makes of the same arguments: what an estimator should find.

    Where users read from the top, examination depends on what stands above; then it is the mean over the pages of the
    log that have a document at the position.

    Parameters
    ----------
    rankings, users, sessions, options
        As `simulate` takes them.

    Returns
    -------
    polars.DataFrame
        The context where users differ, position, and examination relative to the first position; sorted.

    Raises
    ------
    ModelError, TableError, UnknownNameError
        As `simulate`.
    """
    log = simulation(rankings, users, sessions, **options)
    depth = log.server.top.shape[2]
    examined, shown = np.zeros((len(log.users), depth)), np.zeros((len(log.users), depth))
    for part in log.parts():
        for code, user in enumerate(log.users.values()):
            relevance = part.relevance[part.context == code]
            examined[code] += np.nansum(user.examination(relevance), axis=0)
            shown[code] += (~np.isnan(relevance)).sum(axis=0)
    codes, slots = np.nonzero(shown)
    rates = examined / shown.clip(1)
    found = pl.DataFrame({"position": slots + 1, "examination": rates[codes, slots] / rates[codes, 0]})
    return found.insert_column(0, log.contexts(codes)).sort(log.column, "position") if log.column else found
