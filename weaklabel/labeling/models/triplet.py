"""FlyingSquid's triplet method: accuracies in closed form, from how often functions agree two by two."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import ModelError
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.models._prior import prior
from weaklabel.labeling.patterns import Fittable, Votes, condense
from weaklabel.numerics import Floats

__all__ = ["Triplet"]

FEWEST = 3
SUREST = 0.98  # |a_j| of a function that always votes, at most: sampling error puts a ratio past 1, and past belief
PARTNERS = 32  # of a function, at most: 496 triplets have a median as good as that of millions
WORK = 10**11  # multiplications for the agreements, at most
FEW_PATTERNS = 1000  # and yet so many patterns at least
CELLS = 2**21  # of votes at a time


@dataclass
class Triplet(LogLinear):
    """Assumes that a function errs independently of the others and equally often on either class, and skips at random.

    With votes as +1 and -1 and an abstention as 0, E[vote_i vote_j] = a_i a_j, where a_i = E[vote_i class]; so that any
    three functions give |a_i| = sqrt(E_ij E_ik / E_jk), and its median over triplets is taken. More than two classes
    are as many problems of one against the rest. The signs follow from the functions being better than chance on
    average; one that votes on one side only is taken for better than chance. A function in no triplet gets the mean
    accuracy.

    Parameters
    ----------
    class_balance
        The prior, shape (k,), positive, sums to 1; uniform by default.
    max_patterns
        Fit to no more distinct rows of votes than this; beyond, or with very many functions, a weighted sample of them
        stands for all.

    Attributes
    ----------
    accuracy_
        Shape (m, k), in [0.01, 0.99]: P(function j is right | it votes) about whether an item is of class y. One right
        and one wrong vote are added to what was seen. With two classes the columns are equal.

    Source: Fu et al., Fast and Three-rious: Speeding Up Weak Supervision with Triplet Methods, ICML 2020.
    """

    class_balance: Sequence[float] | None = None
    max_patterns: int = 50_000
    accuracy_: Floats = field(init=False, repr=False)

    def fit(self, L: Fittable) -> Self:
        """Learn the functions' accuracies.

        Raises
        ------
        ModelError
            No three functions vote together two by two, or an impossible prior.
        """
        k, m = L.cardinality, len(L.lf_names)
        self.bias_ = np.log(prior(self.class_balance, L.classes))
        if m < FEWEST:
            raise ModelError(f"the triplet method needs {FEWEST} functions that vote on the same items; there are {m}")
        size = min(self.max_patterns, max(FEW_PATTERNS, WORK // (k * m * m)))
        votes, count = condense(L, size)
        support, n = count @ (votes != ABSTAIN), count.sum()
        problems = range(k) if k > 2 else range(1)
        strengths = np.stack([n * strength(votes, count, y) for y in problems], axis=1)
        self.accuracy_ = np.broadcast_to(accuracies(strengths, support), (m, k)).copy()
        wrong = np.log(1 - self.accuracy_)[:, :, None]
        self.evidence_ = np.where(np.eye(k, dtype=bool), np.log(self.accuracy_)[:, :, None], wrong)
        self.fitted_to_ = L.lf_names, L.classes
        return self


def strength(votes: Votes, count: Floats, y: int) -> Floats:
    """a_j = E[vote class] of each function, shape (m,); NaN for a function in no triplet.

    Votes are +1 for class y, -1 for another, 0 for an abstention; so many items, shape (u,), have those votes.
    """
    together, two_sided = agreements(votes, count, y)
    size = triplet_median(together)
    return np.asarray(size * signs(together, np.nan_to_num(size), two_sided))


def agreements(votes: Votes, count: Floats, y: int) -> tuple[Floats, NDArray[np.bool_]]:
    """E[vote_i vote_j], shape (m, m), with 0 for i = j; and which functions vote for y and against it, shape (m,)."""
    m = votes.shape[1]
    together, sides = np.zeros((m, m)), np.zeros((2, m))
    step = max(1, CELLS // m)
    for start in range(0, len(votes), step):
        block, weight = votes[start : start + step], count[start : start + step]
        signed = np.where(block == ABSTAIN, 0.0, np.where(block == y, 1.0, -1.0))
        together += signed.T @ (signed * weight[:, None])
        sides += (signed > 0).any(axis=0), (signed < 0).any(axis=0)
    np.fill_diagonal(together, 0)
    two_sided = np.asarray((sides > 0).all(axis=0))
    return together / max(count.sum(), 1), two_sided  # divided last: sums of counts are exact, so what cancels is 0


def triplet_median(together: Floats) -> Floats:
    """|a_i|, shape (m,): the median of sqrt|E_ij E_ik / E_jk| over pairs j, k of its partners; NaN where there is none.

    Partners are the functions whose votes go most with (or against) its own; of equal ones those that do so with more
    others, so that the order of the functions does not matter.
    """
    m = len(together)
    size = np.abs(together)
    n_partners = min(PARTNERS, m - 1)
    meets = np.sqrt(size).sum(axis=0)  # roots, as sums of the counts themselves tie too
    preference = size * (1 + 1e-6 * meets / max(meets.max(), 1))
    np.fill_diagonal(preference, -1)
    partners = np.argpartition(-preference, n_partners - 1, axis=1)[:, :n_partners]
    j, k = (partners[:, side] for side in np.triu_indices(n_partners, 1))
    i = np.arange(m)[:, None]
    above, below = size[i, j] * size[i, k], size[j, k]
    valid = (above > 0) & (below > 0)
    squares = np.divide(above, below, out=np.full(above.shape, np.nan), where=valid)
    found = np.full(m, np.nan)
    some = valid.any(axis=1)
    found[some] = np.nanmedian(np.sqrt(squares[some]), axis=1)
    return found


def signs(together: Floats, size: Floats, two_sided: NDArray[np.bool_]) -> Floats:
    """+1 or -1 for each function, shape (m,): whether it goes with the others, who are better than chance on average.

    A function that votes on one side only stays +1: what meets it there says more about where the others vote.
    """
    sign: Floats = np.ones(len(size))
    for _ in range(10):
        flipped = np.where(two_sided & (together @ (sign * size) < 0), -1.0, 1.0)
        if (flipped == sign).all():
            break
        sign = flipped
    return np.where(two_sided, -sign, sign) if (sign * size).sum() < 0 else sign


def accuracies(strengths: Floats, support: Floats) -> Floats:
    """P(right | votes) of each function, same shape (m, problems), from a_j and how often each votes, (m,).

    Raises
    ------
    ModelError
        There was no triplet at all.
    """
    known = ~np.isnan(strengths)
    if not known.any():
        raise ModelError(
            f"no {FEWEST} of the {len(support)} functions vote together two by two, so that nothing says how good each "
            "is: write functions that overlap, or use model='majority'"
        )
    votes = np.broadcast_to(support[:, None], strengths.shape)
    right = (votes + np.clip(np.nan_to_num(strengths), -SUREST * votes, SUREST * votes)) / 2
    accuracy = (right + 1) / (votes + 2)
    means = [
        accuracy[known[:, y], y].mean() if known[:, y].any() else accuracy[known].mean() for y in range(known.shape[1])
    ]
    return np.where(known, accuracy, means)
