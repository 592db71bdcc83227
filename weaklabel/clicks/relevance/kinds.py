"""Relevance of documents that come in kinds, from labels that were drawn to the one hump of a gamma prior.

The posterior of a label over its prior is what its clicks alone say. That is weighed anew by a prior of any shape, so
that a useless document is not held half-way between useless and good because all documents together are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.cells import Ints
from weaklabel.clicks.relevance import mixture
from weaklabel.clicks.relevance.mixture import Mixture
from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.numerics import Floats

LEAST = 1e-9  # exposure of a label that says no more than its prior
SAMPLE = 20_000  # labels by which relevance is spread


@dataclass(frozen=True)
class Kinds:
    """Relevance of n documents.

    Attributes
    ----------
    prior
        Shares of documents at many relevances.
    clicks, exposure
        Shape (n,): what is known of each beside the prior.
    one_hump
        The same with a gamma prior; it stands where clicks tell more than the steps of the prior.
    """

    prior: Mixture
    clicks: Floats
    exposure: Floats
    one_hump: Gammas

    def above(self, threshold: float) -> Floats:
        """Shape (n,): P(relevance > threshold)."""
        higher, starts = self.prior.nodes > threshold, range(0, len(self.clicks), mixture.AT_ONCE)
        p = np.concatenate([self._given(slice(i, i + mixture.AT_ONCE)) @ higher for i in starts])
        return np.where(self.prior.told_sharply(self.one_hump), self.one_hump.above(threshold), p)

    def spread(self, edges: Floats) -> Floats:
        """The share of documents between neighbouring edges, shape (J - 1,); of a part of them where they are many."""
        share = self._given(_sample(len(self.clicks))).mean(axis=0)
        return np.asarray(np.histogram(self.prior.nodes, edges, weights=share)[0], dtype=np.float64)

    def _given(self, rows: Any) -> Floats:
        clicks, exposure = self.clicks[rows], self.exposure[rows]
        return self.prior.given(clicks, exposure, np.zeros_like(clicks))


def of_labels(labels: RelevanceLabels) -> Kinds | Gammas:
    """What the labels say of relevance: by kinds if their prior is known to be a gamma distribution, else as they are.

    What features led to expect is taken out, too: where they tell something, a rule can vote on it for itself.

    Parameters
    ----------
    labels
        With sd.
    """
    frame, prior = labels.frame, labels.provenance.get("prior") or {}
    found = Gammas(frame["relevance"].to_numpy(), frame["sd"].to_numpy())
    if prior.get("kind") != "gamma" or (prior["features"] and "expected" not in frame.columns):
        return found
    expected = frame["expected"].to_numpy() if prior["features"] else prior["mean"]
    # A gamma posterior over a gamma prior is the likelihood of so many clicks in so much exposure.
    clicks = np.maximum(found.shape - prior["shape"], 0.0)
    exposure = np.maximum(found.shape / found.mean - prior["shape"] / expected, LEAST)
    learned = mixture.learn(clicks, exposure, np.zeros_like(clicks), 1.1 * float(found.mean.max()))
    return Kinds(learned, clicks, exposure, found)


def spread(relevance: Kinds | Gammas, edges: Floats) -> Floats:
    """The share of the documents between neighbouring edges; see `Kinds.spread`."""
    if isinstance(relevance, Kinds):
        return relevance.spread(edges)
    some = relevance.chosen(_sample(len(relevance.mean)))
    beyond = np.array([some.above(edge).mean() for edge in edges])
    return np.asarray(beyond[:-1] - beyond[1:])


def _sample(n: int) -> Ints:
    return np.arange(0, n, 1 + n // SAMPLE)
