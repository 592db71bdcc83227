"""Which items deserve an answer, a first one or one more."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel.numerics import Floats

__all__ = ["Relabel"]


@dataclass(frozen=True)
class Relabel:
    """How little is known of an item's label, by the people who answered it and the model together.

    Assumes that people and the model err independently. An item that nobody answered counts by what the model alone
    says, so that first answers and further ones stand in one order: a single answer that the model contradicts, by
    somebody who often differs from others, comes before a new item that the model is sure of.

    Source: Goh and Mueller, ActiveLab: Active Learning with Re-Labeling by Multiple Annotators, 2023.
    """

    def score(self, pool: Any) -> Floats:
        """1 - the quality of the consensus, shape (n,), in [0, 1]; needs `pool.opinions`.

        Raises
        ------
        TableError
            The pool has no opinions.
        """
        said, beside = pool.require("opinions", "relabel"), pool.model_weight
        probs = np.asarray(pool.probs, np.float64)
        k = probs.shape[1]
        for_class = said + beside * probs
        # One average person who knows nothing: without him, an answer and a model that agree would leave no doubt.
        total = said.sum(axis=1) + beside + 1
        return np.asarray(1 - (for_class.max(axis=1) + 1 / k) / total)
