"""Examination from documents that were shown at several positions: the conditional Poisson likelihood."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, intervals, links, pooling, smoothing
from weaklabel.clicks.curves.pooling import Common
from weaklabel.clicks.curves.smoothing import Smoother
from weaklabel.clicks.estimators._curve import check_level, check_max_se, of_slots, with_errors
from weaklabel.numerics import Floats

__all__ = ["Harvesting"]

# Of position-based logs, documents vary 0.7 to 1.2 times as much as sessions; above this they disagree on the curve,
# and intervals say how far it would move with other documents.
DISAGREE = 1.5
PARTIAL = ". Or take what can be compared: partial=True (on the command line: --set partial=true)"


@dataclass
class Harvesting:
    """Assumes that a click needs examination, which depends on the position alone, and a relevance that stays the same.

    A document that was shown at several positions is then its own control: its clicks fall on them in proportion to
    impressions times examination, however relevant it is. Nothing is assumed about relevance, so no document's few
    clicks bias the curve; clicks of one page may depend on each other. With contexts each has its own curve, from its
    own documents, drawn towards what all have in common as far as the log says that they agree.

    Parameters
    ----------
    level
        Confidence of the intervals, in (0, 1).
    partial
        Estimate the positions that can be compared, where others cannot.
    max_se
        Largest standard error of log examination, above which a position counts as not comparable.
    smooth
        Draw the curve towards a smooth one, quadratic in log position, as far as the log says that it is one; from six
        positions on.

    Source: intervention harvesting, Agarwal et al., Estimating Position Bias without Intrusive Interventions, WSDM
    2019; the likelihood: Hausman, Hall and Griliches, Econometrica 1984.
    """

    level: float = 0.95
    partial: bool = False
    max_se: float = 0.75
    smooth: bool = True

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Examination of each position relative to the first, with intervals.

        Parameters
        ----------
        counts
            Documents need more than one position: from several rankers, a changing index, or swaps.

        Returns
        -------
        Propensities
            Shape (p,), one per position and context; relative to the smallest position.

        Raises
        ------
        NotIdentifiedError
            Positions are not linked by documents clicked at one and shown at the other, or too thinly. The message
            names them, and what would link them.
        ModelError
            A parameter is outside its range.
        """
        check_level(self.level)
        check_max_se(self.max_se)
        cells, telling, pooled = self._thick(self._linked(pooling.by_context(counts.cells)))
        prior = pooling.learn(telling, pooled)
        rough = pooled if prior is None else pooling.fit(telling, prior, pooled[pooling.place(telling)])
        between = pooling.covariance(telling, rough, prior, "item")
        smooth = smoothing.none(len(rough))
        if self.smooth:
            smooth = smoothing.learn(telling.position, telling.context, rough, between)
        replicates, error, spread = _errors(telling, rough, prior, smooth, smooth.errors(between))
        told = self._provenance(counts, cells, telling, prior, pooled) | {
            "roughness": smooth.tau,
            "heterogeneity": spread,
        }
        return with_errors(counts, cells, smooth(rough), replicates, error, self.level, told)

    def _linked(self, cells: Cells) -> Cells:
        """The cells at positions that can be compared with each other, whatever the context."""
        pooled = pooling.one_curve(cells)
        group = links.groups(pooled)
        if self.partial:
            return _at(cells, pooled.position[links.main_group(pooled, group)])
        links.refuse_unlinked(pooled, group, PARTIAL)
        return cells

    def _thick(self, cells: Cells) -> tuple[Cells, Cells, Floats]:
        """Cells without positions that too few clicks link to the others, or refused; those that tell; their curve."""
        telling = fixed_effects.informative(cells)
        pooled = pooling.one_curve(telling)
        log_theta = fixed_effects.fit(pooled)
        error = pooling.errors(pooled, log_theta, None)
        if not self.partial or (error <= self.max_se).all():
            links.refuse_thin(pooled, error, self.max_se, PARTIAL)
            return cells, telling, log_theta
        kept = pooled.position[error <= self.max_se]
        if len(kept) < 2:
            links.refuse_thin(pooled, error, self.max_se)
        return self._thick(self._linked(_at(cells, kept)))  # what hung on a position that was dropped goes with it

    def _provenance(
        self, counts: ClickCounts, cells: Cells, telling: Cells, prior: Common | None, pooled: Floats
    ) -> dict[str, Any]:
        return {
            "estimator": "harvesting",
            "parameters": asdict(self),
            "reference_position": int(cells.position.min()),
            "left_out": sorted(set(counts.cells.position.tolist()) - set(cells.position.tolist())),
            "key": list(counts.key),
            "informative_items": len(telling.query),
            "informative_impressions": int(telling.N.sum()),
            "informative_clicks": int(telling.C.sum()),
            "connectivity": pooling.connectivity(pooling.one_curve(telling), pooled),
            "between_contexts": None if prior is None else prior.tau,
        }


def _errors(
    telling: Cells, rough: Floats, prior: Common | None, smooth: Smoother, between: Floats
) -> tuple[Floats | None, Floats, float | None]:
    """Replicates, shape (B, p); standard errors, shape (p,), of the smooth curve; how much documents disagree.

    `between` are the standard errors, shape (p,), by how documents differ.
    """
    if not telling.buckets:
        by_query, model = (smooth.errors(pooling.covariance(telling, rough, prior, by)) for by in ("query", None))
        return None, np.hypot(np.maximum(by_query, model), smooth.bent), None
    replicates = pooling.replicates(telling, prior, rough) @ smooth.weights.T
    error = intervals.standard_error(replicates)
    spread = _heterogeneity(error, between)
    error = error * np.sqrt(spread) if spread > DISAGREE else error
    # A context of few pages is drawn to the others, and sessions alone would call that certainty.
    least = smooth.errors(pooling.covariance(telling, rough, prior)) if prior else 0.0
    return replicates, np.hypot(np.maximum(error, least), smooth.bent), spread


def _heterogeneity(sessions: Floats, documents: Floats) -> float:
    """Mean ratio of the variance between documents to that between sessions: 1 where one curve holds for them all."""
    sure = sessions > 0
    return float((documents[sure] ** 2 / sessions[sure] ** 2).mean()) if sure.any() else 1.0


def _at(cells: Cells, positions: Ints) -> Cells:
    return of_slots(cells, np.isin(cells.position, positions))
