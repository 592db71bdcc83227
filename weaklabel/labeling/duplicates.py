"""Labeling functions that say the same thing: their votes are one piece of evidence, counted several times."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.labeling.accuracy import beliefs
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.patterns import Counts, Fittable, distinct
from weaklabel.numerics import Floats

MIN_OVERLAP, MIN_AGREEMENT, MIN_CORRELATION = 0.9, 0.97, 0.3
FEWEST = 10  # items on which both vote; a correlation from fewer is listed only if the votes are alike, too
BLOCK = 4096  # rows at a time
ROUNDING = 1e-6  # of products that ought to be whole numbers

Links = NDArray[np.bool_]


def duplicates(
    L: LabelMatrix,
    posterior: Posterior | None = None,
    min_overlap: float = MIN_OVERLAP,
    min_agreement: float = MIN_AGREEMENT,
    min_correlation: float = MIN_CORRELATION,
) -> pl.DataFrame:
    """Pairs of labeling functions whose votes are nearly the same, or that err together.

    Parameters
    ----------
    L
        n items, m functions.
    posterior
        What a label model believes of the same items, for the residual correlation.
    min_overlap
        Least share, of the items on which either votes, on which both do, in [0, 1].
    min_agreement
        Least share of equal votes where both vote, in [0, 1].
    min_correlation
        A pair is listed, too, if its residual correlation is as far from 0 and it shares 10 items, in [0, 1].

    Returns
    -------
    polars.DataFrame
        Columns lf_a, lf_b; overlap, agreement (null where they never meet); residual_correlation, in [-1, 1], of the
        errors of the two given the class, 0 if they err independently (null without a posterior, or if one of them
        surely never errs); group: the functions of one group are linked, if through others, by both thresholds; null
        where the pair is listed for its correlation alone. Groups first; in each the most alike first.

    Notes
    -----
    The correlation is only as good as the posterior: one that counts a group's votes several times believes the group,
    and sees fewer of its errors; one that is too sure, such as majority vote's, lets independent functions seem to err
    by turns.
    """
    both, agree = _covotes(L)
    links = _links(both, agree, min_overlap, min_agreement)
    residual = np.full(both.shape, np.nan) if posterior is None else residual_correlation(L, posterior)
    together = (np.abs(residual) >= min_correlation) & (both >= FEWEST)
    a, b = np.nonzero(np.triu(links | together, 1))
    member = _components(links)
    roots = np.flatnonzero(np.bincount(member, minlength=1) > 1)
    group = pl.Series(np.searchsorted(roots, member[a]), dtype=pl.Int64)
    frame = pl.DataFrame(
        {
            "lf_a": pl.Series([L.lf_names[i] for i in a], dtype=pl.String),
            "lf_b": pl.Series([L.lf_names[i] for i in b], dtype=pl.String),
            "overlap": both[a, b] / np.maximum(_either(both)[a, b], 1),
            "agreement": agree[a, b] / np.where(both[a, b] > 0, both[a, b], np.nan),
            "residual_correlation": residual[a, b],
            "group": group.set(pl.Series(member[a] != member[b]), None),
        }
    ).with_columns(pl.col("agreement", "residual_correlation").fill_nan(None))
    order = [pl.col("group"), -pl.col("overlap"), -pl.col("agreement"), pl.col("lf_a"), pl.col("lf_b")]
    return frame.sort(order, nulls_last=True)


def groups(
    L: Fittable, min_overlap: float = MIN_OVERLAP, min_agreement: float = MIN_AGREEMENT
) -> list[tuple[int, ...]]:
    """The groups of two or more near-duplicate functions, by their indices; in order, as are the indices in each."""
    member = _components(_links(*_covotes(L), min_overlap, min_agreement))
    found = (np.flatnonzero(member == first) for first in np.unique(member))
    return [tuple(int(j) for j in group) for group in found if len(group) > 1]


def evidence_weights(L: Fittable, min_overlap: float = MIN_OVERLAP, min_agreement: float = MIN_AGREEMENT) -> Floats:
    """What a vote of each function is worth so that a group counts once, shape (m,): 1 / the size of its group.

    Examples
    --------
    >>> evidence_weights(LabelMatrix.from_array([[0, 0, 1], [1, 1, 1], [0, 0, -1]])).tolist()
    [0.5, 0.5, 1.0]
    """
    member = _components(_links(*_covotes(L), min_overlap, min_agreement))
    return np.asarray(1 / np.bincount(member, minlength=1)[member])


def residual_correlation(L: LabelMatrix, posterior: Posterior) -> Floats:
    """Correlation of the errors of each two functions given the class, shape (m, m); NaN where one never errs.

    An error is a vote for another class; its expectation is taken over the posterior, within each class, so that
    neither a hard class nor a common topic of two functions counts as dependence.
    """
    probs = beliefs(posterior, L)
    first, which = distinct(L.votes, L.cardinality)
    votes, m = L.votes[first], len(L.lf_names)
    covariance = np.zeros((m, m))
    for y in range(L.cardinality):
        mass = np.bincount(which, probs[:, y], len(votes))
        total = max(float(mass.sum()), np.finfo(float).tiny)
        wrong = (votes != ABSTAIN) & (votes != y)
        errors = mass @ wrong
        covariance += _products(wrong, mass) - np.outer(errors, errors) / total
    variance = covariance.diagonal()
    scale = np.sqrt(np.where(variance > 1e-9, variance, np.nan))
    return np.asarray(np.clip(covariance / np.outer(scale, scale), -1, 1))


def _covotes(L: Fittable) -> tuple[Counts, Counts]:
    """On how many items each two functions vote, and vote the same; shapes (m, m)."""
    m, k = len(L.lf_names), L.cardinality
    table = covotes(L).reshape(m, k, m, k)
    return table.sum(axis=(1, 3)), np.einsum("ivjv->ij", table)


def _products(flags: NDArray[np.bool_], weight: NDArray[np.floating] | Counts) -> Floats:
    """The weight of the rows in which both flags of a pair are set, shape (m, m)."""
    out = np.zeros((flags.shape[1], flags.shape[1]))
    for start in range(0, len(flags), BLOCK):
        block = flags[start : start + BLOCK].astype(np.float64)
        out += block.T @ (block * weight[start : start + BLOCK, None])
    return out


def _links(both: Counts, agree: Counts, min_overlap: float, min_agreement: float) -> Links:
    # Compared as products: a function that never votes has no share to divide, and is nobody's duplicate.
    enough = (both >= min_overlap * _either(both) - ROUNDING) & (agree >= min_agreement * both - ROUNDING)
    alike = (both > 0) & enough
    np.fill_diagonal(alike, False)
    return np.asarray(alike)


def _either(both: Counts) -> Counts:
    votes = both.diagonal()
    return np.asarray(votes[:, None] + votes - both)


def _components(links: Links) -> NDArray[np.intp]:
    """For each function the first one that it is linked to, if through others, shape (m,)."""
    m = len(links)
    label, before = np.arange(m), np.full(m, -1)
    while (label != before).any():
        before = label
        label = np.minimum(label, np.where(links, label, m).min(axis=1, initial=m))
        label = label[label]  # a chain of n links closes in about log n rounds
    return label
