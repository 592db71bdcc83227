"""The class with the most votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.labeling.models._prior import prior
from weaklabel.labeling.models._saved import Saved
from weaklabel.labeling.patterns import Fittable

__all__ = ["Majority"]


@dataclass
class Majority(Saved):
    """Assumes that every vote is worth the same: the class with the most votes gets probability 1.

    Tied classes share it equally, so that a tie abstains; an item without a vote keeps the prior and is not covered.

    Parameters
    ----------
    class_balance
        The prior of an item without votes, shape (k,); uniform by default.

    Source: the same rule as Snorkel's MajorityLabelVoter.
    """

    class_balance: Sequence[float] | None = None

    def fit(self, L: Fittable) -> Self:
        """Nothing is learned."""
        prior(self.class_balance, L.classes)
        return self

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """P(class | votes): 1 for the winner, shared equally by tied winners."""
        counts = np.stack([(L.votes == y).sum(axis=1) for y in range(L.cardinality)], axis=1)
        winners = (counts == counts.max(axis=1, keepdims=True, initial=0)).astype(np.float64)
        shares = winners / winners.sum(axis=1, keepdims=True)
        probs = np.where(L.covered[:, None], shares, prior(self.class_balance, L.classes))
        none = prior(None, L.classes)  # votes are counted without one
        return Posterior(probs, L.item_ids, L.classes, L.covered, provenance={"model": "majority"}, prior=none)
