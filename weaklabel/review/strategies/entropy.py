"""How far the whole distribution is from a decision."""

import numpy as np

from weaklabel import numerics
from weaklabel.numerics import Floats

__all__ = ["entropy"]


def entropy(probs: Floats) -> Floats:
    """-sum p log p in nats: log k where all classes are equally probable, 0 where one is certain.

    Shape (n, k) -> (n,), in [0, log k]. It is taken in float64: near one half the entropy of two classes is so
    flat that in float32 all of the nearest tie.

    Source: Settles, Active Learning Literature Survey, 2009, section 3.1.
    """
    return numerics.entropy(np.asarray(probs, np.float64))
