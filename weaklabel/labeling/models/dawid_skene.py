"""Dawid and Skene's model of a crowd: each voter has a confusion matrix of his own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from weaklabel.artefacts import ABSTAIN
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.models._one_hot import one_hot
from weaklabel.labeling.models._prior import prior, shares
from weaklabel.labeling.patterns import Fittable, condense
from weaklabel.numerics import Floats, log_sum_exp, normalise_log

__all__ = ["DawidSkene"]


@dataclass
class DawidSkene(LogLinear):
    """Assumes that voters confuse classes independently of each other, each at rates of his own, and skip at random.

    For crowds, whose voters use all classes. Not for labeling functions that vote for one class only: an abstention
    counts as missing, so the only vote of such a function says nothing about the class.

    Expectation-maximisation on the vote patterns, from the shares of the votes on each item. Equal to crowd-kit's
    `DawidSkene` as `smoothing` goes to 0.

    Parameters
    ----------
    class_balance
        The prior, shape (k,), positive, sums to 1; learned by default.
    smoothing
        Pseudo-votes for each cell of each confusion matrix, and pseudo-items for each class; above 0, so that no
        probability is 0 and a class that loses all its items does no harm.
    max_iter, tol
        Stop after so many steps, or when the mean log-likelihood of an item's votes rises by no more than `tol` nats.
    max_patterns
        Fit to no more distinct rows of votes than this; beyond, a weighted sample of them stands for all.

    Attributes
    ----------
    confusion_
        Shape (m, k, k): [j, v, y] is P(vote v | class y) of voter j, given that he votes.
    prior_
        Shape (k,).
    n_iter_
        Steps taken.

    Source: Dawid and Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, Applied
    Statistics 1979.
    """

    class_balance: Sequence[float] | None = None
    smoothing: float = 0.1
    max_iter: int = 100
    tol: float = 1e-5
    max_patterns: int = 50_000
    confusion_: Floats = field(init=False, repr=False)
    prior_: Floats = field(init=False, repr=False)
    n_iter_: int = field(init=False, repr=False)

    def fit(self, L: Fittable) -> Self:
        """Learn confusion matrices, and the class prior unless it is given; items without votes do not count.

        Raises
        ------
        ModelError
            An impossible prior, or a parameter outside its range.
        """
        self._check()
        k = L.cardinality
        given = prior(self.class_balance, L.classes)
        votes, weight = condense(L, self.max_patterns)
        covered = (votes != ABSTAIN).any(axis=1)
        hot, weight = one_hot(votes[covered], k), weight[covered]
        probs = vote_shares(hot, k)
        likelihood = -np.inf
        for step in range(1, self.max_iter + 1):
            self.n_iter_ = step
            mass = probs * weight[:, None]
            self.confusion_ = confusion(hot, mass, self.smoothing)
            self.prior_ = given if self.class_balance is not None else shares(mass.sum(axis=0), self.smoothing)
            scores = np.log(self.prior_) + hot @ np.log(self.confusion_).reshape(-1, k)
            probs, before, likelihood = normalise_log(scores), likelihood, mean_likelihood(scores, weight)
            if likelihood - before <= self.tol:
                break
        self.bias_, self.evidence_ = np.log(self.prior_), np.log(self.confusion_)
        self.fitted_to_ = L.lf_names, L.classes
        return self

    def _check(self) -> None:
        ranges = {
            "smoothing": self.smoothing > 0,
            "max_iter": self.max_iter >= 1,
            "max_patterns": self.max_patterns > 0,
        }
        self._require(ranges, advice=": it must be positive")


def vote_shares(hot: Any, k: int) -> Floats:
    """The share of each class among the votes on each item, shape (u, k), where each has a vote."""
    counts = hot @ np.tile(np.eye(k), (hot.shape[1] // k, 1))
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def confusion(hot: Any, mass: Floats, smoothing: float) -> Floats:
    """P(vote | class) of each voter, shape (m, k, k), from how many items are believed to be of each class, (u, k)."""
    k = mass.shape[1]
    counts = (hot.T @ mass).reshape(-1, k, k) + smoothing
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def mean_likelihood(scores: Floats, weight: Floats) -> float:
    """Mean log P(votes) of an item, from log P(votes, class), shape (u, k); 0 without items."""
    return float(log_sum_exp(scores) @ weight / max(weight.sum(), 1))
