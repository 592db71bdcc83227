"""A fair draw: the baseline that every other strategy must beat."""

import numpy as np

from weaklabel.numerics import Floats

__all__ = ["random"]


def random(probs: Floats) -> Floats:
    """0 for every item: all tie, so the seeded draw among ties chooses.

    Shape (n, k) -> (n,), 0.
    """
    return np.zeros(len(probs))
