"""Shrinkage: what clicks say about a document, drawn towards what they say about documents like it.

The clicks of a document are Poisson with mean e gamma + B, where e is its exposure (the impressions that count as
examined at the top), gamma its relevance and B the clicks that the positions get by themselves (trust bias; else 0).
Relevance has a gamma distribution over documents, whose mean may depend on features. Empirical Bayes: the prior is
learned from the same clicks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel.numerics import Floats

STEPS = 50  # of a doubling of exposure: pairs that differ less are learned from together
SAMPLE = 20_000  # pairs that the prior is learned from where there are false clicks
GRID = 4000  # shapes at which quantiles are computed
NODES = 200  # of the integral over relevance


@dataclass(frozen=True)
class Prior:
    """Relevance is Gamma(shape, shape / mean), in units of what features expect where there are features.

    Attributes
    ----------
    shape
        How alike documents are; relevance spreads by mean / sqrt(shape).
    mean
        Of relevance.
    """

    shape: float
    mean: float

    @property
    def exposure(self) -> float:
        """The exposure at which clicks count as much as the prior."""
        return self.shape / self.mean


@dataclass(frozen=True)
class Gammas:
    """A gamma distribution for each of n relevances.

    Attributes
    ----------
    mean, sd
        Shape (n,), positive.
    """

    mean: Floats
    sd: Floats

    @property
    def shape(self) -> Floats:
        return (self.mean / self.sd) ** 2

    def chosen(self, rows: Any) -> "Gammas":
        """Those of some rows."""
        return Gammas(self.mean[rows], self.sd[rows])

    def quantile(self, q: float) -> Floats:
        """Shape (n,): relevance is below it with probability q."""
        shape = self.shape
        return np.asarray(_standard_quantile(shape, q) * self.mean / shape)

    def above(self, threshold: float) -> Floats:
        """Shape (n,): P(relevance > threshold)."""
        from scipy.special import gammaincc

        shape = self.shape
        return np.asarray(gammaincc(shape, threshold * shape / self.mean))


def learn(clicks: Floats, exposure: Floats, false_clicks: Floats | None = None) -> Prior:
    """The prior under which such clicks are most likely.

    Parameters
    ----------
    clicks
        Shape (n,), not all 0.
    exposure
        Shape (n,), positive; times what features expect where there are some.
    false_clicks
        Shape (n,): clicks to be expected of irrelevant documents; None is 0.

    Source: maximum marginal likelihood (negative binomial), Robbins, An Empirical Bayes Approach to Statistics, 1956;
    the spread is kept off 0 by the prior of Chung et al., A Nondegenerate Penalized Likelihood Estimator for Variance
    Parameters in Multilevel Models, Psychometrika 2013.
    """
    from scipy.optimize import minimize

    false = np.zeros_like(clicks) if false_clicks is None else false_clicks
    start = max(float((clicks - false).sum() / exposure.sum()), float(0.01 * clicks.sum() / exposure.sum()))
    surprise = _Integrated(clicks, exposure, false) if false.any() else _NegativeBinomial(clicks, exposure)
    # Relative to the start, so that the scale of exposure changes nothing but that of the mean.
    found = minimize(
        lambda logs: surprise(np.exp(logs[0]), start * np.exp(logs[1])),
        np.zeros(2),
        method="Nelder-Mead",
        bounds=[(-4, 14), (-7, 7)],
        options={"initial_simplex": [[0, 0], [0.5, 0], [0, 0.5]], "xatol": 1e-5, "fatol": 1e-7},
    )
    shape, mean = np.exp(found.x)
    return Prior(float(shape), float(start * mean))


def posterior(prior: Prior, clicks: Floats, exposure: Floats, false_clicks: Floats | None = None) -> Gammas:
    """Relevance of each document given its clicks.

    Without false clicks it is exactly Gamma(shape + clicks, shape / mean + exposure). With false clicks it is the
    gamma distribution with the mean at which the expected number of clicks for relevance agrees with itself, and the
    variance from the information there.

    Parameters
    ----------
    prior
        As `learn` gives it.
    clicks, exposure, false_clicks
        Shape (n,); see `learn`.
    """
    false = np.zeros_like(clicks) if false_clicks is None else false_clicks
    rate = prior.exposure + exposure
    # The positive root of shape / g + clicks exposure / (exposure g + false) = rate, which without false clicks is
    # (shape + clicks) / rate.
    linear = false * rate - (prior.shape + clicks) * exposure
    root = np.sqrt(linear**2 + 4 * exposure * rate * prior.shape * false)
    # Of the two ways to write the root, the one that does not subtract what is almost equal.
    with np.errstate(divide="ignore", invalid="ignore"):
        far = 2 * prior.shape * false / (root + linear)
    mean = np.where(linear > 0, far, (root - linear) / (2 * exposure * rate))
    information = prior.shape / mean**2 + clicks * exposure**2 / (exposure * mean + false) ** 2
    return Gammas(mean, 1 / np.sqrt(information))


class _NegativeBinomial:
    """Minus the log-likelihood of shape and mean where all clicks are for relevance."""

    def __init__(self, clicks: Floats, exposure: Floats) -> None:
        self.clicks, self.exposure, self.weight = _grouped(clicks, exposure)
        self.counts, place = np.unique(self.clicks, return_inverse=True)
        self.weight_of_counts = np.bincount(place, self.weight)

    def __call__(self, shape: float, mean: float) -> float:
        from scipy.special import gammaln

        drawn = (gammaln(shape + self.counts) - gammaln(shape)) @ self.weight_of_counts
        expected = mean * self.exposure
        fits = -shape * np.log1p(expected / shape) + self.clicks * np.log(expected / (shape + expected))
        return float(0.5 * np.log(shape) - drawn - fits @ self.weight)


class _Integrated:
    """The same where some clicks are false: integrated over relevance numerically, for a spread-out sample of pairs."""

    def __init__(self, clicks: Floats, exposure: Floats, false: Floats) -> None:
        order = np.lexsort((exposure, clicks))
        some = order[:: 1 + len(order) // SAMPLE]
        highest = float((clicks / exposure).max())
        self.nodes = np.geomspace(1e-5, 1, NODES) * max(2 * highest, 1e-9)
        expected = exposure[some, None] * self.nodes + false[some, None]
        log_p = clicks[some, None] * np.log(expected) - expected
        self.likelihood = np.exp(log_p - log_p.max(axis=1, keepdims=True))
        self.scale = len(order) / len(some)

    def __call__(self, shape: float, mean: float) -> float:
        # The density of log relevance, as the nodes are evenly spaced in it.
        log_w = shape * (np.log(self.nodes) - self.nodes / mean)
        w = np.exp(log_w - log_w.max())
        marginal = self.likelihood @ (w / w.sum())
        return float(0.5 * np.log(shape) - self.scale * np.log(np.maximum(marginal, 1e-300)).sum())


def _grouped(clicks: Floats, exposure: Floats) -> tuple[Floats, Floats, Floats]:
    """Pairs with the same clicks and almost the same exposure as one, with how many they are."""
    step = np.rint(np.log2(exposure) * STEPS)
    code = np.stack([clicks, step])
    order = np.lexsort(code)
    first = np.flatnonzero(np.any(np.diff(code[:, order], prepend=np.nan) != 0, axis=0))
    many = np.diff(first, append=len(order)).astype(np.float64)
    return clicks[order][first], np.add.reduceat(exposure[order], first) / many, many


def _standard_quantile(shape: Floats, q: float) -> Floats:
    """Quantiles of Gamma(shape, 1), read off a fine grid: faster than one by one, and to five digits."""
    from scipy.special import gammaincinv

    if len(shape) < GRID:
        return np.asarray(gammaincinv(shape, q))
    low, high = np.log(shape.min()), np.log(shape.max())
    grid = np.linspace(low - 1e-9, high + 1e-9, GRID)
    log_q = np.log(np.maximum(gammaincinv(np.exp(grid), q), 1e-300))
    return np.asarray(np.exp(np.interp(np.log(shape), grid, log_q)))
