"""What users who read from the top did, as far as the clicks of a page tell.

Down to the last click all is known: each document was examined, no click but the last satisfied, and the user went on.
After it, somebody who does not click may be satisfied, tired, or still reading: that is summed out, from the bottom up.
"""

from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.cells import Mask
from weaklabel.numerics import Floats

TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Expected:
    """What happened on each page as far as its clicks tell; each of shape (n, K).

    Attributes
    ----------
    examined
        P(the place was examined).
    satisfied
        P(a click there satisfied); 0 where there was none.
    quiet
        P(no click further down | whoever was there was not satisfied).
    tried, went_on
        P(the user could go on from there, unsatisfied, to more documents), and that he did.
    """

    examined: Floats
    satisfied: Floats
    quiet: Floats
    tried: Floats
    went_on: Floats


def expected(pages: Pages, attraction: Floats, leaves: Floats, continuation: float) -> Expected:
    """The hidden part of each page.

    Parameters
    ----------
    pages
        n pages of K places.
    attraction, leaves
        Shape (n, K): attractiveness and satisfaction of what stands at each place, 0 where nothing does.
    continuation
        P(goes on | not satisfied).
    """
    clicked, more = pages.click == 1, _more(pages.shown)
    below = clicked[:, ::-1].cumsum(axis=1)[:, ::-1] > 0  # a click here or further down
    later = np.column_stack([below[:, 1:], np.zeros(len(pages), dtype=bool)])  # further down: certainly went on
    silent = _silent(attraction, continuation, more)
    examined, satisfied, quiet, tried, went_on = (np.zeros_like(attraction) for _ in range(5))
    examined[:, 0] = 1.0
    for k in range(attraction.shape[1]):
        silence = continuation * silent[:, k + 1]
        quiet[:, k] = np.maximum(1 - continuation + silence, TINY)
        gone = leaves[:, k] / np.maximum(leaves[:, k] + (1 - leaves[:, k]) * quiet[:, k], TINY)
        last = below[:, k] & ~later[:, k]
        satisfied[:, k] = np.where(last, gone, 0.0)
        free = np.where(more[:, k], examined[:, k] * (1 - satisfied[:, k]), 0.0)
        tried[:, k] = np.where(later[:, k], 1.0, free)
        went_on[:, k] = np.where(later[:, k], 1.0, free * silence / quiet[:, k])
        if k + 1 < attraction.shape[1]:
            examined[:, k + 1] = went_on[:, k]
    return Expected(examined, satisfied, quiet, tried, went_on)


def _more(shown: Mask) -> Mask:
    """Whether something stands further down, shape (n, K)."""
    here = shown[:, ::-1].cumsum(axis=1)[:, ::-1] > 0
    return np.column_stack([here[:, 1:], np.zeros(len(shown), dtype=bool)])


def _silent(attraction: Floats, continuation: float, more: Mask) -> Floats:
    """P(no click at this place or further down | it is examined), shape (n, K + 1)."""
    n, K = attraction.shape
    silent = np.ones((n, K + 1), order="F")
    for k in range(K - 1, -1, -1):
        after = np.where(more[:, k], 1 - continuation + continuation * silent[:, k + 1], 1.0)
        silent[:, k] = (1 - attraction[:, k]) * after
    return silent
