"""Rankings: what is relevant for each query, and in which order rankers put it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from weaklabel.clicks.simulating.columns import KEY, feature_columns, score_columns
from weaklabel.clicks.simulating.ridge import ridge, standardised
from weaklabel.errors import TableError, first_line
from weaklabel.numerics import Floats
from weaklabel.tables import as_frame, require

SOURCE = "the rankings"


@dataclass(frozen=True)
class Rankings:
    """Documents of each query with their relevance, and the scores that rankers give them.

    Attributes
    ----------
    query_ids
        The Q queries, sorted.
    doc_ids
        The n documents, sorted by query and then by id.
    query
        Shape (n,), sorted: the query of each document, 0..Q-1.
    relevance
        Shape (n,): P(click | examined), in [0, 1].
    scores
        Ranker -> scores of shape (n,), the highest on top.
    """

    query_ids: pl.Series
    doc_ids: pl.Series
    query: NDArray[np.int64]
    relevance: Floats
    scores: dict[str, Floats]

    def top(self, depth: int) -> NDArray[np.int64]:
        """The first documents by each ranker for each query, shape (R, Q, K); -1 where there are no more.

        K is `depth`, or the documents of the longest query where it has fewer. Equal scores keep the order of the ids.
        """
        longest = int(np.bincount(self.query).max())
        pages = np.full((len(self.scores), len(self.query_ids), min(depth, longest)), -1)
        starts = np.searchsorted(self.query, np.arange(len(self.query_ids)))
        for page, score in zip(pages, self.scores.values(), strict=True):
            order = np.lexsort((-score, self.query))
            rank = np.arange(len(order)) - starts[self.query]
            shown = rank < depth
            page[self.query[shown], rank[shown]] = order[shown]
        return pages


def as_rankings(frame: Any, rankers: Sequence[str] | None = None) -> Rankings:
    """Check a frame of rankings; the order of its rows does not matter.

    Parameters
    ----------
    frame
        One row per query_id and doc_id: relevance, and one column of scores per ranker.
    rankers
        The columns of scores; None is every column of numbers but relevance, grade and the features f1, f2, ...

    Raises
    ------
    TableError
        A column is missing, a relevance is no probability, a score no number, a document stands there twice for its
        query, there are no scores, or no query has two documents.
    """
    frame = as_frame(frame)
    require(frame, [*KEY, "relevance"], SOURCE, "relevance_of_grades makes relevance of grades")
    names = list(score_columns(frame) if rankers is None else rankers)
    if not names:
        raise TableError("the rankings have no column of scores: add one per ranker, or let weak_rankers add some")
    if twice := {name for name in names if names.count(name) > 1}:
        raise TableError(f"ranker {min(twice)!r} is named twice: once is enough, weights say how often it serves")
    require(frame, names, SOURCE, "a ranker is named by its column of scores")
    documents = _documents(frame, names)
    scores = {name: documents[_score(name)].to_numpy() for name in names}
    queries = documents["query_id"].unique(maintain_order=True)
    query = documents["query_id"].rle_id().to_numpy().astype(np.int64)
    return Rankings(queries, documents["doc_id"], query, documents["relevance"].to_numpy(), scores)


def _documents(frame: pl.DataFrame, rankers: Sequence[str]) -> pl.DataFrame:
    """Ids, relevance and scores, checked and sorted."""
    scores = [pl.col(name).cast(pl.Float64).alias(_score(name)) for name in rankers]  # the relevance may rank, too
    try:
        documents = frame.select(pl.col(KEY).cast(pl.String), pl.col("relevance").cast(pl.Float64), *scores).sort(KEY)
    except pl.exceptions.PolarsError as error:
        raise TableError(f"the rankings are not of their types: {first_line(error)}") from error
    _check(documents, rankers)
    return documents


def _score(ranker: str) -> str:
    return f"score {ranker}"


def _check(documents: pl.DataFrame, rankers: Sequence[str]) -> None:
    _refuse(documents, pl.any_horizontal(pl.col(KEY).is_null()), "doc_id", "give every row its query and its document")
    in_range = pl.col("relevance").is_between(0, 1).fill_null(False)
    advice = "it is P(click | examined), in [0, 1]; relevance_of_grades makes it of grades"
    _refuse(documents, ~in_range, "relevance", advice)
    for name in map(_score, rankers):
        _refuse(documents, ~pl.col(name).is_finite().fill_null(False), name, "a score is a finite number")
    _refuse(documents, pl.struct(KEY).is_duplicated(), "doc_id", "it stands there more than once for its query")
    if not documents["query_id"].is_duplicated().any():
        n = len(documents)
        raise TableError(f"none of the {n} queries of the rankings has two documents, so there is nothing to rank")


def _refuse(frame: pl.DataFrame, bad: pl.Expr, column: str, advice: str) -> None:
    rows = frame.filter(bad)
    if len(rows):
        query, doc = rows.select(KEY).row(0)
        raise TableError(f"document {doc!r} of query {query!r} has {column} {rows[column][0]!r}: {advice}")


def relevance_of_grades(grade: ArrayLike | pl.Series, noise: float = 0.1, top: float | None = None) -> Floats:
    """P(click | examined) of documents by their grades: noise + (1 - noise) (2^grade - 1) / (2^top - 1).

    Parameters
    ----------
    grade
        Shape (n,): 0 is irrelevant.
    noise
        P(click) on an examined document of grade 0, in [0, 1].
    top
        The grade that is always clicked when examined; None is the highest of them.

    Returns
    -------
    Floats
        Shape (n,), in [noise, 1].

    Raises
    ------
    TableError
        A grade is missing, negative or above the top, or all are 0 and none is said to be the top.

    Source: Chapelle et al., Expected Reciprocal Rank for Graded Relevance, CIKM 2009; with noise: Ai et al., Unbiased
    Learning to Rank with Unbiased Propensity Estimation, SIGIR 2018.
    """
    try:
        grades = np.asarray(grade, np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(f"grades are numbers, 0 or more: {first_line(error)}") from error
    if not 0 <= noise <= 1:
        raise TableError(f"noise is {noise}: it is a probability, in [0, 1], such as 0.1")
    highest = float(np.max(grades, initial=0)) if top is None else float(top)
    if not 0 < highest < np.inf:
        raise TableError(f"the highest grade is {highest}: say which grade counts as wholly relevant with top=")
    if not ((grades >= 0) & (grades <= highest)).all():
        row = int((~((grades >= 0) & (grades <= highest))).argmax())
        raise TableError(f"row {row} has grade {grades[row]}: a grade is in 0..{highest:g}; leave out what has none")
    return np.asarray(noise + (1 - noise) * (2**grades - 1) / (2**highest - 1))


def weak_rankers(frame: Any, n: int = 5, queries: int = 10, seed: int = 0) -> pl.DataFrame:
    """Add the scores of weak rankers, as a production system may have had: each learned from the grades of few queries.

    Parameters
    ----------
    frame
        query_id, grade, and features f1, f2, ...
    n
        How many rankers.
    queries
        From how many random queries each learns, by ridge regression of the grade on standardised features.
    seed
        Of the choice of queries.

    Returns
    -------
    polars.DataFrame
        The frame with the columns ranker_0, ranker_1, ...

    Raises
    ------
    TableError
        A column is missing, a value is no number, or no query has documents of different grades.
    """
    frame = as_frame(frame)
    require(frame, ["query_id", "grade"])
    features = feature_columns(frame)
    if not features:
        raise TableError(f"the table has no features f1, f2, ... to rank by; there are: {', '.join(frame.columns)}")
    X, grade = standardised(frame.select(features)), frame["grade"].cast(pl.Float64).to_numpy()
    if not np.isfinite(grade).all():
        raise TableError("a grade is missing: leave out what has none")
    # A query whose documents are all alike teaches nothing.
    telling = frame.group_by("query_id").agg(pl.col("grade").n_unique()).filter(pl.col("grade") > 1)["query_id"].sort()
    if not len(telling):
        raise TableError("no query has documents of different grades, so there is nothing to learn a ranker from")
    rng = np.random.default_rng(seed)
    scores = {}
    for j in range(n):
        chosen = telling.gather(rng.permutation(len(telling))[:queries])
        rows = frame["query_id"].is_in(chosen.to_list()).to_numpy()
        scores[f"ranker_{j}"] = X @ ridge(X[rows], grade[rows])
    ranked: pl.DataFrame = frame.with_columns(**{name: pl.Series(values) for name, values in scores.items()})
    return ranked


def graded_rankings(
    graded: Any, rankers: int = 5, noise: float = 0.1, queries: int = 10, seed: int = 0
) -> pl.DataFrame:
    """What `simulate` needs of graded documents: relevance of their grades, and the scores of weak rankers.

    Parameters
    ----------
    graded
        query_id, doc_id, grade and features f1, f2, ..., as `read_letor` reads them; queries of one document are left
        out.
    rankers, queries, seed
        As for `weak_rankers`.
    noise
        As for `relevance_of_grades`.

    Returns
    -------
    polars.DataFrame
        query_id, doc_id, relevance, ranker_0, ...

    Raises
    ------
    TableError
        As for `weak_rankers` and `relevance_of_grades`.
    """
    graded = as_frame(graded)
    require(graded, [*KEY, "grade"])
    several = graded.filter(pl.len().over("query_id") > 1)
    scored = weak_rankers(several, rankers, queries, seed)
    relevance = relevance_of_grades(scored["grade"], noise)
    return scored.select(*KEY, pl.Series("relevance", relevance), *score_columns(scored))
