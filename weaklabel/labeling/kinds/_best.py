"""Votes for the best of several scores."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.numerics import Floats

# The last bits of a matrix product depend on how many rows there are, and 9 of 10 trees are not quite 0.9.
DIGITS = 6


def votes_for_best(scores: Floats, numbers: NDArray[np.int64], least: float) -> NDArray[np.int64]:
    """The number of the best score in each row, where no other is as good and it is good enough; else -1.

    Parameters
    ----------
    scores
        Shape (b, c).
    numbers
        What each column stands for, shape (c,): class numbers.
    least
        What is good enough.

    Returns
    -------
    NDArray
        Shape (b,). Scores that agree in 6 digits are equal, so a row's vote is the same whatever rows stand beside it.
    """
    rounded = np.round(scores, DIGITS)
    best = rounded.max(axis=1)
    alone = (rounded == best[:, None]).sum(axis=1) == 1
    return np.where(alone & (best >= round(least, DIGITS)), numbers[rounded.argmax(axis=1)], ABSTAIN)
