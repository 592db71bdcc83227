"""Users who read from the top and stop: whether a document is examined depends on the clicks above it."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats


class TopDown(ABC):
    """Examines the first document, clicks an examined one by its relevance, then goes on to the next or stops."""

    @abstractmethod
    def goes_on(self, relevance: Floats) -> tuple[Floats, float]:
        """P(examines the next document) after a click, shape (s, K), and after an examined document without one."""

    def click(self, relevance: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
        attraction = _attraction(relevance)
        after_click, after_skip = self.goes_on(attraction)
        clicks = np.zeros(relevance.shape, np.int8)
        examining = np.ones(len(relevance), bool)
        for k in range(relevance.shape[1]):
            clicked = examining & (rng.random(len(relevance)) < attraction[:, k])
            clicks[:, k] = clicked
            examining &= rng.random(len(relevance)) < np.where(clicked, after_click[:, k], after_skip)
        return clicks

    def log_likelihood(self, relevance: Floats, clicks: NDArray[Any]) -> Floats:
        attraction, clicked = _attraction(relevance), np.asarray(clicks) == 1
        after_click, after_skip = self.goes_on(attraction)
        examining: Floats = np.ones(len(relevance))
        total: Floats = np.zeros(len(relevance))
        for k in range(relevance.shape[1]):
            p = examining * attraction[:, k]
            with np.errstate(divide="ignore"):  # what never happens has probability 0
                total += np.where(clicked[:, k], np.log(p), np.log1p(-p))
            # The hidden stop is summed out by filtering: P(still examining | the clicks so far).
            unclicked = np.divide(examining - p, 1 - p, out=np.zeros_like(p), where=p < 1)
            examining = np.where(clicked[:, k], after_click[:, k], unclicked * after_skip)
        return total

    def examination(self, relevance: Floats) -> Floats:
        attraction = _attraction(relevance)
        after_click, after_skip = self.goes_on(attraction)
        onward = attraction * after_click + (1 - attraction) * after_skip
        reached = np.cumprod(np.column_stack([np.ones(len(relevance)), onward[:, :-1]]), axis=1)
        return np.where(np.isnan(relevance), np.nan, reached)


def _attraction(relevance: Floats) -> Floats:
    return np.nan_to_num(relevance, nan=0.0)  # a place without a document attracts nobody
