"""Whether two lists of labels agree more than they would if one were shuffled."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats

Z = NormalDist().inv_cdf(0.99)  # one person in a hundred, at most, is judged wrongly


@dataclass(frozen=True)
class BeyondChance:
    """How far one list follows another, whatever the shares of the labels, and how far chance moves that.

    Attributes
    ----------
    knowing
        The share of the labels that must have been known, if the others were drawn without a look at the item: 0 is
        what shuffling brings, 1 is equality. Kappa would hang on the shares of the classes; this does not.
    spread
        Its standard deviation if one list is shuffled.
    """

    knowing: float
    spread: float

    @property
    def above(self) -> bool:
        """Surely more than chance (99 %)."""
        return self.knowing > Z * self.spread

    @property
    def below(self) -> bool:
        """Surely less than chance (99 %)."""
        return self.knowing < -Z * self.spread

    def surely_under(self, bar: float) -> bool:
        """Surely less than that (99 %)."""
        return self.knowing + Z * self.spread < bar


def beyond_chance(mine: NDArray[np.int64], theirs: NDArray[np.int64]) -> BeyondChance | None:
    """How far `mine` follows `theirs`; None where one list holds but one label, so that nothing can be told.

    Parameters
    ----------
    mine, theirs
        Shape (n,): labels as numbers.

    Source: Youden, Index for rating diagnostic tests, 1950, which it is with two classes.
    """
    n = len(mine)
    values, codes = np.unique(np.concatenate([mine, theirs]), return_inverse=True)
    one, other = (np.bincount(part, minlength=len(values)) / max(n, 1) for part in (codes[:n], codes[n:]))
    if max(one.max(initial=0), other.max(initial=0)) == 1 or n < 2:
        return None
    expected = float(one @ other)
    room = 1 - float(other @ other)
    knowing = (float((mine == theirs).mean()) - expected) / room
    return BeyondChance(knowing, float(np.sqrt(_variance(one, other, expected) / (n - 1)) / room))


def _variance(one: Floats, other: Floats, expected: float) -> float:
    """Of the match of one label with another, freed of the means of either: Hoeffding's, of a shuffled sum."""
    freed = np.eye(len(one)) - other[:, None] - one[None, :] + expected
    return float(one @ freed**2 @ other)
