"""From votes in Parquet files to their patterns and co-votes, beside np.unique and Snorkel's one-hot table.

Patterns are the distinct rows with their counts; co-votes say how often each two votes fall on one item: Snorkel's O,
times the items. Of correlated votes (few functions speak on each of 200 topics) there are some thousand patterns, of
independent ones (each function speaks on 6 % of the items) up to a million.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from growth import Growth
from side_by_side import Contest, Way, same_arrays

import weaklabel as wl
from weaklabel.labeling.vote_counts import read_covotes, read_patterns

M, PART = 20, 10**6
TOPICS, SPEAK = 200, 4
KINDS = ("correlated", "independent")
OURS = "weaklabel"
Table = tuple[np.ndarray, np.ndarray]  # distinct rows in order, and their counts


def contests(full: bool) -> Iterator[Contest]:
    """Patterns and co-votes by themselves; of a hundred million rows both at once, beside what streams."""
    n = 10**6 if full else 2 * 10**5
    for kind in KINDS:
        ways = {
            "np.unique(axis=0)": Way(unique),
            "polars, group-by": Way(grouped),
            OURS: Way(own_patterns),
        }
        yield contest(f"patterns of {n:,} x {M} {kind} votes", ways, kind, n, same_tables)
        both = {"Snorkel's one-hot O": Way(one_hot), OURS: Way(own_covotes)}
        yield contest(f"co-votes of {n:,} x {M} {kind} votes", both, kind, n, same_arrays)
        if full:
            large = {"polars, patterns alone": Way(grouped), "count_votes": Way(own_counts)}
            yield contest(f"patterns and co-votes of {10**8:,} x {M} {kind} votes", large, kind, 10**8, same_tables)


def growths(full: bool) -> Iterator[Growth]:
    """By rows."""
    sizes = (10**5, 10**6, 10**7) if full else (10**4, 10**5, 10**6)
    for kind in KINDS:
        ways = {"patterns": Way(own_patterns), "co-votes": Way(own_covotes)}
        yield Growth(f"count {kind} votes", "n", {n: contest("", ways, kind, n, memory=False) for n in sizes})


def contest(
    name: str, ways: dict[str, Way], kind: str, n: int, agrees: Any = same_arrays, memory: bool = True
) -> Contest:
    """On one kind of votes."""
    return Contest(name, ways, partial(files, kind=kind), n, partial(write, kind=kind), agrees, memory)


def write(n: int, folder: Path, kind: str) -> None:
    """Label matrices in files of a million rows."""
    place = folder / kind
    if place.exists():
        return
    place.mkdir()
    for start in range(0, n, PART):
        votes = KINDS_OF_VOTES[kind](min(PART, n - start), np.random.default_rng(start))
        ids = pl.Series("id", range(start, start + len(votes))).cast(pl.String)
        names = tuple(f"lf_{j}" for j in range(M))
        wl.LabelMatrix(votes, ids, names, ("0", "1")).save(place / f"part-{start:010}.parquet")


def correlated(n: int, rng: np.random.Generator) -> np.ndarray:
    """Four functions know a topic; each speaks on half of its items."""
    knows = np.argsort(np.random.default_rng(0).random((TOPICS, M)), axis=1)[:, :SPEAK]
    votes = np.full((n, M), -1, np.int8)
    rows = np.arange(n)[:, None]
    votes[rows, knows[rng.integers(TOPICS, size=n)]] = cast(rng, (n, SPEAK), 0.5)
    return votes


def independent(n: int, rng: np.random.Generator) -> np.ndarray:
    """All functions speak on items at random."""
    return cast(rng, (n, M), 0.06)


KINDS_OF_VOTES = {"correlated": correlated, "independent": independent}


def cast(rng: np.random.Generator, shape: tuple[int, int], often: float) -> np.ndarray:
    """Votes of which 70 % are right, where a function speaks."""
    y = rng.integers(2, size=(shape[0], 1), dtype=np.int8)
    wrong = rng.random(shape, np.float32) > 0.7
    return np.where(rng.random(shape, np.float32) < often, y ^ wrong, -1).astype(np.int8)


def files(_: int, folder: Path, kind: str) -> list[Path]:
    """In order."""
    return sorted((folder / kind).iterdir())


def rows(paths: list[Path]) -> pl.LazyFrame:
    """The columns of votes."""
    return pl.scan_parquet(paths).select(f"lf_{j}" for j in range(M))


def unique(paths: list[Path]) -> Table:
    """By numpy, whose order is that of the columns."""
    return np.unique(rows(paths).collect().to_numpy(), axis=0, return_counts=True)


def grouped(paths: list[Path]) -> Table:
    """By polars' streaming engine."""
    found = rows(paths).group_by(pl.all()).agg(n=pl.len()).collect(engine="streaming")
    return found.drop("n").to_numpy(), found["n"].to_numpy()


def own_patterns(paths: list[Path]) -> Table:
    """By ours."""
    found = read_patterns(paths)
    return found.votes, found.counts


def own_counts(paths: list[Path]) -> Table:
    """By ours, with the co-votes."""
    found = wl.count_votes(paths).patterns
    return found.votes, found.counts


def same_tables(first: Table, other: Table) -> str:
    """In any order."""
    same = all(np.array_equal(one, two) for one, two in zip(in_order(first), in_order(other), strict=True))
    return f"{'same' if same else 'DIFFERS'}: {len(other[1]):,} patterns"


def in_order(table: Table) -> Table:
    """Sorted by the columns."""
    votes, counts = table
    order = np.lexsort(votes.T[::-1])
    return votes[order], counts[order].astype(np.int64)


def one_hot(paths: list[Path]) -> np.ndarray:
    """By Snorkel's label model, as its `fit` begins."""
    from snorkel.labeling.model import LabelModel

    votes = rows(paths).collect().to_numpy()
    model = LabelModel(cardinality=2, verbose=False)
    model._set_constants(votes)
    model._create_tree()
    model._generate_O(votes + 1)
    return np.rint(model.O.numpy().astype(np.float64) * len(votes)).astype(np.int64)


def own_covotes(paths: list[Path]) -> np.ndarray:
    """By ours."""
    return read_covotes(paths)
