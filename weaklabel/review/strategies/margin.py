"""How close the two most probable classes are."""

import math

from weaklabel.numerics import Floats, top_two
from weaklabel.review.picking.ceiling import capped_by

__all__ = ["margin"]


def _ceiling(best: float, others: float, k: int) -> float:
    # With more classes the second is half of the work, and what the best alone excludes would not pay for it.
    return 1 - best + min(best, others) if k == 2 else math.inf


@capped_by(_ceiling)
def margin(probs: Floats) -> Floats:
    """1 - (p1 - p2), the lead of the most probable class over the second: 1 where they tie, 0 where one is certain.

    Shape (n, k) -> (n,), in [0, 1].

    Source: Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, IDA 2001.
    """
    best, second = top_two(probs)
    return 1 - (best - second)
