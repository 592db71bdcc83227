"""From what a log saw of a ranking's documents to the value of the ranking: pure kernels over r documents.

Every method is a different relevance for each document; the value is the sum of relevance times weight.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.cells import Ints, Mask
from weaklabel.clicks.evaluating.exposure import Exposure
from weaklabel.clicks.evaluating.policy import Policy
from weaklabel.clicks.evaluating.ranking import discount
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Seen:
    """A ranking's r documents, as the log saw them.

    Attributes
    ----------
    weight
        Shape (r,): the document's discount times the share of pages that are its query's.
    clicks, exposure
        Shape (r,): clicks, and impressions that count as examined; 0 where it was never shown.
    pages
        Shape (r,): pages of its query.
    expected
        Shape (r,): its relevance by the model.
    """

    weight: Floats
    clicks: Floats
    exposure: Floats
    pages: Floats
    expected: Floats

    @property
    def shown(self) -> Mask:
        """Which documents were shown at all, shape (r,)."""
        return np.asarray(self.exposure > 0)

    @property
    def rho(self) -> Floats:
        """Expected exposure on a page of the query, shape (r,): the propensity of the policy that was logged."""
        return _ratio(self.exposure, self.pages)


def see(policy: Policy, exposed: Exposure, chosen_pages: float, expected: Floats) -> Seen:
    """The documents of a policy in a log or in a resample of it."""
    shown = policy.item >= 0
    clicks, exposure = (np.where(shown, values[policy.item], 0.0) for values in (exposed.clicks, exposed.exposure))
    pages = exposed.pages[policy.group]
    placed = exposed.placed[policy.item] / chosen_pages if policy.discount is None else None
    weight = placed if placed is not None else policy.discount * pages / chosen_pages  # type: ignore[operator]
    return Seen(np.asarray(weight), clicks, exposure, pages, expected)


def ips(seen: Seen, clip: float) -> Floats:
    """Clicks over exposure; 0 where never shown."""
    return _ratio(seen.clicks, seen.exposure)


def clipped(seen: Seen, clip: float) -> Floats:
    """The same with an exposure of at least `clip` a page."""
    return _ratio(seen.clicks, seen.pages * np.maximum(seen.rho, clip))


def snips(seen: Seen, clip: float) -> Floats:
    """IPS over the mean control weight, which is the share of the ranking's discounts that the log shows at all."""
    covered = float(seen.weight @ seen.shown)
    return ips(seen, clip) * (float(seen.weight.sum()) / covered if covered > 0 else 0.0)


def doubly_robust(seen: Seen, clip: float) -> Floats:
    """The model, corrected by the clicks that it does not explain: IPS from an exposure of `clip` on, less below."""
    trusted = np.minimum(seen.rho / clip, 1.0)
    return np.asarray(seen.expected + trusted * (ips(seen, clip) - seen.expected))


def plug_in(seen: Seen, clip: float) -> Floats:
    """The model alone."""
    return seen.expected


METHODS: Mapping[str, Callable[[Seen, float], Floats]] = {
    "ips": ips,
    "snips": snips,
    "clipped": clipped,
    "doubly_robust": doubly_robust,
    "plug_in": plug_in,
}
CLIPPED = ("clipped", "doubly_robust")


def click_weights(seen: Seen, clip: float, method: str) -> Floats:
    """What one click at each document adds to the value, up to a constant, shape (r,)."""
    rho = np.maximum(seen.rho, clip) if method in CLIPPED else seen.rho
    return np.where(seen.shown, _ratio(seen.weight, seen.pages * rho), 0.0)


def shrunk(clicks: Floats, exposure: Floats) -> tuple[Floats, float]:
    """Relevance of items shrunk towards their mean, shape (n,), and that mean: a gamma prior by moments.

    The mean weighs an item by how well its relevance is known, not by its exposure: rankers expose what is relevant.

    Source: empirical Bayes for Poisson rates, Clayton and Kaldor, Biometrics 1987.
    """
    total = float(exposure.sum())
    mean = float(clicks.sum()) / total if total > 0 else 0.0
    spread = 0.0
    for _ in range(3):
        noise = float(((clicks - exposure * mean) ** 2).sum()) - mean * total
        spread = max(noise, 0.0) / max(float((exposure**2).sum()), np.finfo(float).tiny)
        known = _ratio(exposure, exposure * spread + mean)
        mean = float(known @ _ratio(clicks, exposure)) / float(known.sum()) if known.any() else mean
    trust = _ratio(exposure * spread, exposure * spread + mean)
    return mean + trust * (_ratio(clicks, exposure) - mean), mean


def ideal(group: Ints, relevance: Floats, k: int, groups: int) -> Floats:
    """DCG@k of the best order of each group's documents, shape (G,)."""
    order = np.lexsort((-relevance, group))
    first = np.searchsorted(group[order], np.arange(groups))
    rank = np.arange(1, len(order) + 1) - first[group[order]]
    return np.asarray(np.bincount(group[order], relevance[order] * discount(rank, k), groups))


def _ratio(above: Floats, below: Floats) -> Floats:
    """The ratio, 0 where the denominator is."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)
