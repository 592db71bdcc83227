"""A prior of relevance that takes any shape: shares of documents at many relevances, learned from the clicks.

Where documents come in kinds (useless, good, best), clicks are drawn to the nearest kind, not to the mean of all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.numerics import Floats

NODES = 150
LOWEST = 0.01  # of the mean relevance
ROUNDS = 20  # of EM: stopping early keeps the shares smooth; more rounds leave a few spikes
SAMPLE = 20_000  # pairs that the shares are learned from
AT_ONCE = 50_000  # pairs in memory
FINE = 2.0  # steps between nodes: what clicks tell more sharply than that is left to the gamma distribution


@dataclass(frozen=True)
class Mixture:
    """Relevance is `nodes[j]` with probability `shares[j]`.

    Attributes
    ----------
    nodes, shares
        Shape (J,), rising in equal ratios; the shares sum to 1.
    """

    nodes: Floats
    shares: Floats

    def posterior(self, clicks: Floats, exposure: Floats, false: Floats, sharp: Gammas) -> Gammas:
        """Relevance of each of n documents given its clicks.

        Parameters
        ----------
        clicks, exposure, false
            Shape (n,), as for `shrinkage.posterior`.
        sharp
            The same with a gamma prior: it stands where the clicks tell relevance more sharply than the nodes are
            spaced, as the prior hardly matters there.
        """
        starts = range(0, len(clicks), AT_ONCE)
        parts = [self._moments(*(a[i : i + AT_ONCE] for a in (clicks, exposure, false))) for i in starts]
        mean, sd = (np.concatenate(column) for column in zip(*parts, strict=True))
        # A single node is left of most shares of a document that fits no other: it is not known better than to a step.
        sd = np.maximum(sd, self._step * mean / np.sqrt(12))
        coarse = self.told_sharply(sharp)
        return Gammas(np.where(coarse, sharp.mean, mean), np.where(coarse, sharp.sd, sd))

    def given(self, clicks: Floats, exposure: Floats, false: Floats) -> Floats:
        """The probability of each node for each of n documents given its clicks, shape (n, J)."""
        share = _likelihood(self.nodes, clicks, exposure, false) * self.shares
        return np.asarray(share / share.sum(axis=1, keepdims=True))

    def told_sharply(self, found: Gammas) -> NDArray[np.bool_]:
        """Of which of n documents more is known than the nodes can tell apart, shape (n,)."""
        return np.asarray(found.sd < FINE * self._step * found.mean)

    @property
    def _step(self) -> float:
        return float(np.log(self.nodes[1] / self.nodes[0]))

    def _moments(self, clicks: Floats, exposure: Floats, false: Floats) -> tuple[Floats, Floats]:
        share = self.given(clicks, exposure, false)
        mean = share @ self.nodes
        return mean, np.sqrt(np.maximum(share @ self.nodes**2 - mean**2, 0.0))


def learn(clicks: Floats, exposure: Floats, false: Floats, highest: float) -> Mixture:
    """The shares under which such clicks are likely.

    Parameters
    ----------
    clicks, exposure, false
        Shape (n,), as for `shrinkage.learn`.
    highest
        The highest relevance that is possible.

    Source: Kiefer and Wolfowitz, Consistency of the Maximum Likelihood Estimator in the Presence of Infinitely Many
    Incidental Parameters, Annals of Mathematical Statistics 1956; by EM, Laird, Nonparametric Maximum Likelihood
    Estimation of a Mixing Distribution, JASA 1978.
    """
    lowest = LOWEST * max(float((clicks - false).sum() / exposure.sum()), 0.01 * highest)
    nodes: Floats = np.geomspace(min(lowest, 0.1 * highest), highest, NODES, dtype=np.float64)
    # Evenly spread over the sorted pairs, so that the order of the rows changes nothing.
    some = np.lexsort((false, exposure, clicks))[:: 1 + len(clicks) // SAMPLE]
    likelihood = _likelihood(nodes, clicks[some], exposure[some], false[some])
    shares = np.full(NODES, 1 / NODES)
    for _ in range(ROUNDS):
        shares = shares * (likelihood.T @ (1 / (likelihood @ shares))) / len(some)
    return Mixture(nodes, shares)


def _likelihood(nodes: Floats, clicks: Floats, exposure: Floats, false: Floats) -> Floats:
    """Of each document at each node, shape (n, J), relative to the best node."""
    expected = exposure[:, None] * nodes + false[:, None]
    log_p = clicks[:, None] * np.log(expected) - expected
    return np.asarray(np.exp(log_p - log_p.max(axis=1, keepdims=True)))
