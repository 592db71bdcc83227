"""How improbable even the most probable class is."""

from weaklabel.numerics import Floats, top_two
from weaklabel.review.picking.ceiling import capped_by

__all__ = ["least_confident"]


def _ceiling(best: float, others: float, k: int) -> float:
    return 1 - best


@capped_by(_ceiling)
def least_confident(probs: Floats) -> Floats:
    """1 - p1, the chance that the most probable class is wrong.

    Shape (n, k) -> (n,), in [0, 1 - 1/k].

    Source: Settles, Active Learning Literature Survey, 2009, section 3.1.
    """
    best, _ = top_two(probs)
    return 1 - best
