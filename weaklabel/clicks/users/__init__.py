"""How people go through a page of results: one user model a file."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats


class UserModel(Protocol):
    """Says which documents of a page are clicked.

    Relevance is P(click | examined), shape (s, K): s pages of K positions, the top first; NaN where a page has no
    document.
    """

    def click(self, relevance: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
        """Clicks drawn for each page, shape (s, K): 0 or 1, and 0 where there is no document."""

    def log_likelihood(self, relevance: Floats, clicks: NDArray[Any]) -> Floats:
        """The log of the probability of each page's clicks, shape (s,); -inf where the user never clicks so."""

    def examination(self, relevance: Floats) -> Floats:
        """P(examined) of each place whatever is clicked, shape (s, K); NaN where there is no document."""
