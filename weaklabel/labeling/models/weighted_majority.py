"""The class with the most votes, weighed by how often each voter agrees with the majority of the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.models._one_hot import one_hot
from weaklabel.labeling.models._prior import prior
from weaklabel.labeling.patterns import Fittable, condense
from weaklabel.numerics import Floats, top_two

__all__ = ["WeightedMajority"]

EVEN = 1e-9  # weights that differ by less are a tie: sums of weights round


@dataclass
class WeightedMajority(LogLinear):
    """Assumes that each function is right equally often on every class, and that the majority of the others shows it.

    A function's accuracy a is how often its votes agree with the weighted majority of the other functions' votes, where
    there are any (a tie counts half); its weight is log((k - 1) a / (1 - a)), which is what a vote of that accuracy is
    worth, or 0 if that is negative. All weights start equal, and the two steps alternate until no weight changes.
    P(class | votes) is that of independent functions with these accuracies; equal sums of weights tie.

    Parameters
    ----------
    class_balance
        The prior, shape (k,), positive, sums to 1; uniform by default.
    accuracy
        What a function's accuracy is drawn towards, in (1/k, 1); a function that never meets another keeps it.
    strength
        Pseudo-votes for that, above 0.
    max_iter
        Stop after so many steps, if the weights still change.
    max_patterns
        Fit to no more distinct rows of votes than this; beyond, a weighted sample of them stands for all.

    Attributes
    ----------
    accuracy_
        Shape (m,): agreement with the others' majority.
    weight_
        Shape (m,), nats.

    Source: iterated weighted majority voting: Li and Yu, Error Rate Bounds and Iterative Weighted Majority Voting for
    Crowdsourcing, arXiv:1411.4086, 2014, with the log-odds that their weights approximate, and leaving out a function's
    own vote. Its first step, without that, is crowd-kit's Wawa.
    """

    class_balance: Sequence[float] | None = None
    accuracy: float = 0.7
    strength: float = 10.0
    max_iter: int = 20
    max_patterns: int = 50_000
    accuracy_: Floats = field(init=False, repr=False)
    weight_: Floats = field(init=False, repr=False)

    def fit(self, L: Fittable) -> Self:
        """Learn a weight for each function.

        Raises
        ------
        ModelError
            An impossible prior, or a parameter outside its range.
        """
        k, m = L.cardinality, len(L.lf_names)
        self._check(k)
        self.bias_ = np.log(prior(self.class_balance, L.classes))
        votes, count = condense(L, self.max_patterns)
        hot = one_hot(votes, k)
        self.accuracy_ = np.full(m, self.accuracy)
        self.weight_ = np.ones(m)
        for _ in range(self.max_iter):
            agreed, met = agreement(hot, count, self.weight_, k)
            self.accuracy_ = (agreed + self.strength * self.accuracy) / (met + self.strength)
            before, self.weight_ = self.weight_, worth(self.accuracy_, k)
            if np.allclose(before, self.weight_, rtol=0, atol=EVEN):
                break
        self.evidence_ = self.weight_[:, None, None] * np.eye(k)
        self.fitted_to_ = L.lf_names, L.classes
        return self

    def _check(self, k: int) -> None:
        self._require(
            {
                "accuracy": 1 / k < self.accuracy < 1,
                "strength": self.strength > 0,
                "max_iter": self.max_iter >= 1,
                "max_patterns": self.max_patterns >= 1,
            }
        )


def agreement(hot: Any, count: Floats, weight: Floats, k: int) -> tuple[Floats, Floats]:
    """How many votes of each function agree with the weighted majority of the others, and how many met any; (m,) each.

    A vote meets the others where the weights of their votes do not sum to 0.
    """
    scores = hot @ np.kron(weight[:, None], np.eye(k))
    cells = hot.tocoo()
    row, (function, vote) = cells.coords[0], divmod(cells.coords[1], k)
    own = weight[function]
    first, second = top_two(scores)
    said = scores[row, vote]
    rival = np.where(said >= first[row], second[row], first[row])
    lead = said - own - rival
    votes = count[row] * (scores.sum(axis=1)[row] - own > EVEN)
    agreed = votes * np.where(np.abs(lead) <= EVEN, 0.5, lead > 0)
    m = len(weight)
    return np.bincount(function, agreed, m).astype(float), np.bincount(function, votes, m).astype(float)


def worth(accuracy: Floats, k: int) -> Floats:
    """The log-odds of a vote of that accuracy against each other class; 0 for one that is no better than chance."""
    return np.asarray(np.maximum(np.log((k - 1) * accuracy / (1 - accuracy)), 0))
