"""How labeling functions stand to each other, two at a time: where they meet, where they differ, how alike they are."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.errors import TableError
from weaklabel.labeling.duplicates import residual_correlation
from weaklabel.labeling.patterns import Counts
from weaklabel.labeling.summary import Flags, Votes
from weaklabel.numerics import Floats

WORDS = 2**18  # at a time: 2 MiB stay in the processor's cache
FEWEST_ROWS = 2**13


def pairs(L: LabelMatrix, posterior: Posterior | None = None) -> pl.DataFrame:
    """Each two labeling functions, those that conflict most first.

    Parameters
    ----------
    L
        n items, m functions.
    posterior
        What a label model believes of the same items, for the residual correlation.

    Returns
    -------
    polars.DataFrame
        m (m - 1) / 2 rows: lf_a, lf_b; both (items on which both vote); conflicts (on how many of them they differ);
        share (conflicts of both; null where they never meet); kappa (Cohen's, of all that they do, abstaining, too);
        kappa_where_both_vote; residual_correlation (as in `duplicates`; null without a posterior).
    """
    both, differ = meetings(L)
    a, b = np.triu_indices(len(both), 1)
    residual = np.full(both.shape, np.nan) if posterior is None else residual_correlation(L, posterior)
    names = pl.Series(L.lf_names, dtype=pl.String)
    frame = pl.DataFrame(
        {
            "lf_a": names.gather(a),
            "lf_b": names.gather(b),
            "both": both[a, b],
            "conflicts": differ[a, b],
            "share": _share(differ, both)[a, b],
            "kappa": kappa(L)[a, b],
            "kappa_where_both_vote": kappa_where_both_vote(L)[a, b],
            "residual_correlation": residual[a, b],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    return frame.sort(-pl.col("conflicts"), -pl.col("share"), "lf_a", "lf_b", nulls_last=True)


def conflicts(L: LabelMatrix, *, share: bool = False) -> pl.DataFrame:
    """On how many items each two labeling functions vote differently: the conflict matrix.

    Parameters
    ----------
    L
        n items, m functions.
    share
        As a share of the items on which both vote (null where they never meet) instead of a number.

    Returns
    -------
    polars.DataFrame
        m rows: `lf`, then a column for each function, in their order.

    Raises
    ------
    TableError
        A function is called `lf`, as is the first column.

    Examples
    --------
    >>> conflicts(LabelMatrix.from_array([[0, 1], [1, 1], [1, 0]], lf_names=("a", "b"))).rows()
    [('a', 0, 2), ('b', 2, 0)]
    """
    both, differ = meetings(L)
    return square(_share(differ, both) if share else differ, L.lf_names)


def correlation(L: LabelMatrix, posterior: Posterior | None = None, *, abstentions: bool = True) -> pl.DataFrame:
    """How alike each two labeling functions are beyond chance.

    Parameters
    ----------
    L
        n items, m functions.
    posterior
        With it, the correlation of their errors given the class (see `duplicates`): what they share beyond the class.
    abstentions
        Without a posterior it is Cohen's kappa. By default of all that the functions do on all items, abstaining being
        one more class: the only choice for functions that vote one class each. If not, of the votes on the items on
        which both vote: the usual choice for voters of all classes, such as people.

    Returns
    -------
    polars.DataFrame
        m rows: `lf`, then a column for each function; in [-1, 1], null where undefined: for kappa, where both always do
        the same one thing, or never both vote; for errors, where one surely never errs.

    Raises
    ------
    TableError
        A function is called `lf`, or the posterior is of other items or classes.

    Source: Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 1960.
    """
    if posterior is not None:
        return square(residual_correlation(L, posterior), L.lf_names)
    return square(kappa(L) if abstentions else kappa_where_both_vote(L), L.lf_names)


def kappa(L: LabelMatrix) -> Floats:
    """Cohen's kappa of all that each two functions do, abstaining being one more class, shape (m, m); or NaN."""
    outcomes = range(ABSTAIN, L.cardinality)
    done = np.array([np.count_nonzero(L.votes == v, axis=0) for v in outcomes], np.float64)
    return _beyond_chance(_same(L.votes, outcomes), np.float64(len(L.votes)), done.T @ done)


def kappa_where_both_vote(L: LabelMatrix) -> Floats:
    """Cohen's kappa of the votes of each two functions on the items on which both vote, shape (m, m); or NaN."""
    both, chance = np.zeros((2, len(L.lf_names), len(L.lf_names)))
    for v in range(L.cardinality):
        cast = _ever(L.votes, v)
        met = _together(L.votes[:, cast] == v, L.votes != ABSTAIN)
        both[cast] += met
        chance[np.ix_(cast, cast)] += met[:, cast] * met[:, cast].T.astype(np.float64)
    return _beyond_chance(_same(L.votes, range(L.cardinality)), both, chance)


def square(matrix: NDArray[np.generic], lf_names: tuple[str, ...]) -> pl.DataFrame:
    """A matrix over functions, shape (m, m), as a table; NaN becomes null."""
    if "lf" in lf_names:
        raise TableError("a labeling function is called 'lf', the name of the column of their names: rename it")
    frame = pl.DataFrame({"lf": pl.Series(lf_names, dtype=pl.String), **dict(zip(lf_names, matrix.T, strict=True))})
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def meetings(L: LabelMatrix) -> tuple[Counts, Counts]:
    """On how many items each two vote, and vote differently; shapes (m, m)."""
    voted = L.votes != ABSTAIN
    both = _together(voted, voted)
    return both, both - _same(L.votes, range(L.cardinality))


def _same(votes: Votes, outcomes: range) -> Counts:
    """On how many items each two do the same, of these outcomes; shape (m, m)."""
    same = np.zeros((votes.shape[1], votes.shape[1]), np.int64)
    for v in outcomes:
        done = _ever(votes, v)
        flags = votes[:, done] == v
        same[np.ix_(done, done)] += _together(flags, flags)
    return same


def _ever(votes: Votes, v: int) -> NDArray[np.intp]:
    """Which functions ever do that; most vote for one class only."""
    return np.flatnonzero((votes == v).any(axis=0))


def _together(left: Flags, right: Flags) -> Counts:
    """On how many items both flags of a pair are set, shape (columns of left, columns of right).

    One bit per flag, so that one AND counts 64 items.
    """
    out = np.zeros((left.shape[1], right.shape[1]), np.int64)
    step = max(FEWEST_ROWS, WORDS * 64 // max(right.shape[1], 1))
    for start in range(0, len(left), step):
        a, b = (_bits(flags[start : start + step]) for flags in (left, right))
        for i, row in enumerate(a):
            out[i] += np.bitwise_count(b & row).sum(axis=1, dtype=np.uint32)
    return out


def _bits(flags: Flags) -> NDArray[np.uint64]:
    """A row of bits for each column, shape (columns, words); the last word is filled up with zeros."""
    packed = np.packbits(flags.T, axis=1)
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))).view(np.uint64)


def _beyond_chance(same: Counts, items: Floats | np.float64, chance: Floats) -> Floats:
    """(observed - expected) / (1 - expected), both times the items squared; NaN where chance alone gives agreement."""
    room = items**2 - chance
    return np.asarray((same * items - chance) / np.where(room > 0, room, np.nan))


def _share(part: Counts, whole: Counts) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
