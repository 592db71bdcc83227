"""How far the whole distribution is from a decision."""

import math

import numpy as np

from weaklabel import numerics
from weaklabel.numerics import BLOCK, Floats
from weaklabel.review.picking.ceiling import capped_by

__all__ = ["entropy"]


def _ceiling(best: float, others: float, k: int) -> float:
    # It is highest where the others share evenly in what the best leaves them: Fano's inequality.
    return -best * math.log(best) - (others * math.log(others / (k - 1)) if others > 0 else 0)


@capped_by(_ceiling)
def entropy(probs: Floats) -> Floats:
    """-sum p log p in nats: log k where all classes are equally probable, 0 where one is certain.

    Shape (n, k) -> (n,), in [0, log k]. It is taken in float64: near one half the entropy of two classes is so
    flat that in float32 all of the nearest tie.

    Source: Settles, Active Learning Literature Survey, 2009, section 3.1.
    """
    scores = np.empty(len(probs))
    for start in range(0, len(probs), BLOCK):  # the logarithms of a block stay in the cache
        rows = slice(start, start + BLOCK)
        scores[rows] = numerics.entropy(np.asarray(probs[rows], np.float64))
    return scores
