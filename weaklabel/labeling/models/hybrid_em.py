"""The default label model: how precise each vote is, learned from how the votes agree, and kept humble."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import ModelError
from weaklabel.labeling.duplicates import evidence_weights
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.models._one_hot import one_hot
from weaklabel.labeling.models._prior import prior, shares
from weaklabel.labeling.patterns import Fittable, condense
from weaklabel.numerics import Floats, normalise_log

__all__ = ["HybridEM"]

# A table is a crowd's if nearly all its votes come from voters who use every class, several on an item, and the voters
# are many: only then can the class prior be told from what a few voters, or voters of one class, have in common.
FULL_SHARE, CROWD_VOTES, CROWD_SIZE = 0.9, 2.5, 10


@dataclass
class HybridEM(LogLinear):
    """Assumes that votes are right more often than not, and that what they agree on shows which are better.

    Expectation-maximisation on the vote patterns. For labeling functions, each of which mostly votes for one class, the
    precision P(class | vote) of each vote is learned, drawn towards `precision` by a number of pseudo-votes that grows
    with its support: agreement among dependent functions never proves that they are right. A vote's evidence is its
    precision over the class's share of the covered items. The prior is uniform while learning, for a learned one feeds
    on itself; the shares that come out are the prior of the posterior. For a crowd, whose voters use all classes, Dawid
    and Skene's P(vote | class) and the class prior are learned instead.

    Parameters
    ----------
    class_balance
        The prior, shape (k,), positive, sums to 1; by default as above.
    precision
        What a vote's precision is drawn towards, in (1/k, 1).
    strength
        Pseudo-votes for that, at least 0.
    proportional
        Further pseudo-votes for each vote that there is, at least 0.
    dependence
        Correlation of the errors of the votes on one item, in [0, 1]: several votes are worth less than as many
        independent ones, or probabilities come out far too sure. It moves no label unless there is a prior.
    down_weight_duplicates
        Count a group of near-duplicate functions as one; see `weaklabel.duplicates`.
    max_patterns
        Fit to no more distinct rows of votes than this; beyond, a weighted sample of them stands for all.
    max_iter, tol
        Stop after so many steps, or when no probability moves by more than `tol`.

    Attributes
    ----------
    crowd_
        Whether the votes were taken for a crowd's.
    n_iter_
        Steps taken.

    Source: precision with proportional shrinkage is this package's own; Dawid and Skene, Maximum Likelihood Estimation
    of Observer Error-Rates Using the EM Algorithm, Applied Statistics 1979; design effect: see `LogLinear`.
    """

    class_balance: Sequence[float] | None = None
    precision: float = 0.75
    strength: float = 10.0
    proportional: float = 0.3
    dependence: float = 0.1
    down_weight_duplicates: bool = False
    max_patterns: int = 50_000
    max_iter: int = 200
    tol: float = 1e-4
    crowd_: bool = field(init=False, repr=False)
    n_iter_: int = field(init=False, repr=False)

    def fit(self, L: Fittable) -> Self:
        """Learn from votes alone; the order of items, functions and classes does not matter.

        Raises
        ------
        ModelError
            A parameter is outside its range.
        """
        m, k = len(L.lf_names), L.cardinality
        self._check(k)
        self.bias_ = np.log(prior(self.class_balance, L.classes))
        votes, weight = condense(L, self.max_patterns)
        hot = one_hot(votes, k)
        covered = (votes != ABSTAIN).any(axis=1)
        support = (weight @ hot).reshape(m, k)
        self.crowd_ = is_crowd(support, float(weight[covered].sum()))
        worth = evidence_weights(L) if self.down_weight_duplicates else np.ones(m)
        self.evidence_ = worth[:, None, None] * np.log(self._belief(k) * k)
        before: Floats = np.zeros((len(votes), 1))
        for step in range(1, self.max_iter + 1):
            self.n_iter_ = step
            probs = normalise_log(self.bias_ + hot @ self.evidence_.reshape(-1, k))
            if np.abs(probs - before).max(initial=0) <= self.tol:
                break
            before, mass = probs, probs * weight[:, None]
            self._learn((hot.T @ mass).reshape(m, k, k), support, mass[covered].sum(axis=0))
            self.evidence_ *= worth[:, None, None]
        if self.class_balance is None:
            self.bias_ = np.log(shares(probs[covered].T @ weight[covered]))
        self.dependence_, self.fitted_to_ = self.dependence, (L.lf_names, L.classes)
        return self

    def _learn(self, counts: Floats, support: Floats, mass: Floats) -> None:
        """The M-step, from how often each vote meets each class, (m, k, k), and how many items have each, (k,)."""
        k = len(mass)
        share = shares(mass)
        if not self.crowd_:
            pseudo = self.strength + self.proportional * support
            precision = (counts + pseudo[:, :, None] * self._belief(k)) / (support + pseudo)[:, :, None]
            self.evidence_ = np.log(precision / share)
            return
        smooth = counts + self._belief(k)
        self.evidence_ = np.log(smooth / smooth.sum(axis=1, keepdims=True))
        if self.class_balance is None:
            self.bias_ = np.log(share)

    def _belief(self, k: int) -> Floats:
        """What is believed of a vote before any is seen, (k, k): `precision` for its class, the rest shared."""
        belief = np.full((k, k), (1 - self.precision) / (k - 1))
        np.fill_diagonal(belief, self.precision)
        return belief

    def _check(self, k: int) -> None:
        self._require(
            {
                "precision": 1 / k < self.precision < 1,
                "strength": self.strength >= 0,
                "proportional": self.proportional >= 0,
                "dependence": 0 <= self.dependence <= 1,
                "max_patterns": self.max_patterns >= 1,
                "max_iter": self.max_iter >= 1,
            }
        )
        if not self.strength + self.proportional:
            raise ModelError("strength and proportional are both 0: a vote that nobody contests would be certain")


def is_crowd(support: Floats, n_covered: float) -> bool:
    """Whether these are the votes of many voters of all classes, from how often each casts each vote, (m, k)."""
    total = support.sum()
    if not total or len(support) < CROWD_SIZE:
        return False
    full = (support > 0).all(axis=1)
    return bool(support[full].sum() >= FULL_SHARE * total and total >= CROWD_VOTES * n_covered)
