"""Users whose click on one document says nothing about the next: P(click) = alpha gamma + beta by position."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats


class Independent(ABC):
    """Clicks each document of a page on its own, with P(click) = alpha relevance + beta at its position."""

    @abstractmethod
    def affine(self, depth: int) -> tuple[Floats, Floats]:
        """Alpha and beta of positions 1..depth, each of shape (depth,)."""

    @abstractmethod
    def curve(self, depth: int) -> Floats:
        """P(examined) at positions 1..depth, shape (depth,)."""

    def click(self, relevance: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
        return (rng.random(relevance.shape) < self._probability(relevance)).astype(np.int8)

    def log_likelihood(self, relevance: Floats, clicks: NDArray[Any]) -> Floats:
        p = self._probability(relevance)
        with np.errstate(divide="ignore"):  # what never happens has probability 0
            terms = np.where(np.asarray(clicks) == 1, np.log(p), np.log1p(-p))
        return np.asarray(terms.sum(axis=1))

    def examination(self, relevance: Floats) -> Floats:
        return np.where(np.isnan(relevance), np.nan, self.curve(relevance.shape[1]))

    def _probability(self, relevance: Floats) -> Floats:
        alpha, beta = self.affine(relevance.shape[1])
        p = np.clip(alpha * relevance + beta, 0, 1)  # rounding may lead a hair outside
        return np.nan_to_num(p, nan=0.0)  # where there is no document, there is no click
