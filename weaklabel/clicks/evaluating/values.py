"""Values of all rankings by all methods, in the log and in its resamples."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weaklabel.clicks.evaluating.curve import Curve
from weaklabel.clicks.evaluating.exposure import Exposure, Layout, expose
from weaklabel.clicks.evaluating.methods import METHODS, Seen, ideal, see, shrunk
from weaklabel.clicks.evaluating.options import Options
from weaklabel.clicks.evaluating.policy import Policy
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Question:
    """What is asked of a log, however it is resampled.

    Attributes
    ----------
    layout
        Of the log.
    policies
        Name -> where a ranking places its documents; the last is what was shown.
    chosen
        Shape (G,): the groups that are evaluated.
    model
        Shape (n,): relevance of each item by the user's model, NaN where the log's own is taken.
    options
        As of `evaluate`.
    clip
        Least exposure a page.
    """

    layout: Layout
    policies: dict[str, Policy]
    chosen: NDArray[np.bool_]
    model: Floats
    options: Options
    clip: float

    def values(self, exposed: Exposure) -> Floats:
        """Values, shape (policies, methods)."""
        relevance, mean = self._relevance(exposed)
        pairs = zip(self.policies.values(), self._seen(exposed, relevance, mean), strict=True)
        return np.array([self._valued(policy, seen, relevance) for policy, seen in pairs])

    def seen(self, exposed: Exposure) -> list[Seen]:
        """How the log saw the documents of each policy."""
        return list(self._seen(exposed, *self._relevance(exposed)))

    def check(self, exposed: Exposure) -> Floats:
        """What was shown at positions with a propensity, from documents' clicks anywhere, and from those there."""
        return np.array([exposed.explained @ self.chosen, exposed.observed @ self.chosen]) / self._pages(exposed)

    def pages(self, N: Floats) -> float:
        """Pages of the chosen groups."""
        return float(self.layout.pages(N) @ self.chosen)

    def _relevance(self, exposed: Exposure) -> tuple[Floats, float]:
        own, mean = shrunk(exposed.clicks, exposed.exposure)
        return np.where(np.isnan(self.model), own, self.model), mean

    def _seen(self, exposed: Exposure, relevance: Floats, mean: float) -> Iterator[Seen]:
        for policy in self.policies.values():
            unseen = np.where(np.isnan(policy.model), mean, policy.model)
            expected = np.where(policy.item >= 0, relevance[policy.item], unseen)
            yield see(policy, exposed, self._pages(exposed), expected)

    def _pages(self, exposed: Exposure) -> float:
        return float(exposed.pages @ self.chosen)

    def _valued(self, policy: Policy, seen: Seen, relevance: Floats) -> list[float]:
        weight = seen.weight
        if self.options.normalised:
            best = self._best(seen, policy, relevance)[policy.group]
            weight = np.divide(weight, best, out=np.zeros_like(weight), where=best > 0)
        return [float(weight @ METHODS[name](seen, self.clip)) for name in self.options.methods]

    def _best(self, seen: Seen, policy: Policy, relevance: Floats) -> Floats:
        """DCG of the best order of what was shown and what the ranking adds, shape (G,)."""
        added = policy.item < 0
        group = np.concatenate([self.layout.group, policy.group[added]])
        return ideal(group, np.concatenate([relevance, seen.expected[added]]), self.options.k, len(self.layout.groups))


def ask(question: Question, N: Floats, C: Floats, curve: Curve) -> Floats:
    """All values in one row, shape (policies * methods + 2,), the last two those of the check; NaN without pages."""
    exposed = expose(question.layout, N, C, curve)
    if not exposed.pages @ question.chosen > 0:
        return np.full(len(question.policies) * len(question.options.methods) + 2, np.nan)
    return np.concatenate([question.values(exposed).ravel(), question.check(exposed)])
