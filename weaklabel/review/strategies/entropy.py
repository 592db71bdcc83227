"""How far the whole distribution is from a decision."""

from weaklabel import numerics
from weaklabel.numerics import Floats

__all__ = ["entropy"]


def entropy(probs: Floats) -> Floats:
    """-sum p log p in nats: log k where all classes are equally probable, 0 where one is certain.

    Shape (n, k) -> (n,), in [0, log k].

    Source: Settles, Active Learning Literature Survey, 2009, section 3.1.
    """
    return numerics.entropy(probs)
