"""Examination and relevance in turn, by expectation maximisation."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, pooling
from weaklabel.clicks.estimators import _grouped as grouped
from weaklabel.clicks.estimators._curve import check_level
from weaklabel.clicks.estimators._relevance import ByFeatures
from weaklabel.errors import ModelError, NotIdentifiedError
from weaklabel.numerics import Floats

__all__ = ["RegressionEM"]

THIN = 20.0  # clicks per document that moved: with fewer, each document's own relevance bends the curve
LEAST = 1e-6

Relevance = Callable[[Cells, Floats], Floats]  # of each item, shape (n,), from what each cell counts as relevant

logger = logging.getLogger(__name__)


@dataclass
class RegressionEM:
    """Assumes that a click needs examination, which depends on the position alone, and relevance; learns both in turn.

    Each document's relevance is a number of its own (tabular), or what a regressor makes of its features. Tabular, it
    fails where documents have few clicks each: as many numbers as documents are learned from little, and they take the
    position's part, so that a log of rare documents says "no position bias". It then warns, if `harvesting`, which
    has no such numbers, says otherwise. With features it compares documents that never moved, but what the features
    say of the position is taken for relevance; a good production ranker leaves little else.

    Parameters
    ----------
    features
        One row per query_id and doc_id, with columns of numbers; a frame or the path of one. None is tabular.
    regressor
        A scikit-learn regressor of relevance in [0, 1], or a classifier, that takes sample weights; None is a ridge
        regression, as trees take many times longer and each round fits one.
    iterations
        Most rounds.
    tolerance
        It stops when no log examination changes by more in a round.
    level
        Confidence of the intervals, in (0, 1). Each of 20 refits costs what the whole costs.
    max_se
        Largest standard error of log examination, above which a position counts as not comparable; tabular only.

    Source: Wang et al., Position Bias Estimation for Unbiased Learning to Rank in Personal Search, WSDM 2018; why many
    numbers bend the curve: Neyman and Scott, Econometrica 1948.
    """

    needs: ClassVar[str] = "counts"

    features: Any = None
    regressor: Any = None
    iterations: int = 1000
    tolerance: float = 1e-6
    level: float = 0.95
    max_se: float = 0.75

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Examination of each position relative to the first, with intervals; of each context by itself.

        Parameters
        ----------
        counts
            Tabular: documents need more than one position.

        Returns
        -------
        Propensities
            Shape (p,), one per position and context; relative to the smallest position.

        Raises
        ------
        NotIdentifiedError
            A position was never clicked; tabular: positions are not linked by documents that moved, or too thinly.
        ModelError
            A parameter is outside its range, or the regressor cannot be fitted.
        TableError
            The features are no numbers, or a document of the log has none.
        """
        self._check_parameters()
        cells = pooling.by_context(counts.cells)
        grouped.refuse_unclicked(cells)
        return self._tabular(counts, cells) if self.features is None else self._by_features(counts, cells)

    def _check_parameters(self) -> None:
        check_level(self.level)
        for name in ("iterations", "tolerance", "max_se"):
            if not getattr(self, name) > 0:
                raise ModelError(f"{name} is {getattr(self, name)}: it must be positive")
        if self.regressor is not None and self.features is None:
            raise ModelError("there is a regressor and no features: give features=, one row per query_id and doc_id")

    def _tabular(self, counts: ClickCounts, cells: Cells) -> Propensities:
        grouped.refuse_unlinked(counts, cells)
        telling = fixed_effects.informative(cells)
        error = grouped.poisson_errors(telling)
        grouped.refuse_thin(counts, telling, error, self.max_se)
        log_theta = self._fit(telling, _own_rate)
        _warn_where_bent(telling, log_theta, error)

        def refit(some: Cells) -> Floats:
            some = fixed_effects.informative(some)
            grouped.refuse_unclicked(some)
            return self._fit(some, _own_rate)

        provenance = self._provenance(cells, telling)
        return grouped.with_intervals(counts, cells, log_theta, refit, self.level, provenance)

    def _by_features(self, counts: ClickCounts, cells: Cells) -> Propensities:
        relevance = ByFeatures.of(self.features, self.regressor, counts.items, _items_of(counts, cells))
        _warn_where_only_features_compare(counts, cells)

        def refit(some: Cells) -> Floats:
            grouped.refuse_unclicked(some)
            return self._fit(some, relevance)

        provenance = self._provenance(cells, cells) | {"regressor": repr(relevance.model), "features": relevance.names}
        return grouped.with_intervals(counts, cells, refit(cells), refit, self.level, provenance)

    def _fit(self, cells: Cells, relevance: Relevance) -> Floats:
        shown = cells.per_slot(cells.N)
        theta = np.clip(cells.per_slot(cells.C) / np.maximum(shown, 1.0), LEAST, 1 - LEAST)
        theta = theta / theta.max() * 0.9  # 1 would stay 1
        gamma = relevance(cells, cells.C)
        for _ in range(self.iterations):
            examined, relevant = expected(cells.N, cells.C, theta[cells.slot], gamma[cells.item])
            before, theta = theta, np.clip(cells.per_slot(examined) / np.maximum(shown, LEAST), LEAST, 1.0)
            gamma = relevance(cells, relevant)
            if np.abs(np.log(theta / before)).max() < self.tolerance:
                break
        return grouped.relative(cells, np.log(theta))

    def _provenance(self, cells: Cells, telling: Cells) -> dict[str, Any]:
        names = ("iterations", "tolerance", "level", "max_se")
        parameters = {name: getattr(self, name) for name in names}
        return {"estimator": "regression_em", "parameters": parameters, **grouped.rests_on(cells, telling)}


def expected(N: Floats, C: Floats, theta: Floats, gamma: Floats) -> tuple[Floats, Floats]:
    """Of N impressions with C clicks, how many were examined and how many relevant, each of shape (M,).

    A click is both. Of what was not clicked, theta (1 - gamma) / (1 - theta gamma) was examined, and gamma (1 - theta)
    / (1 - theta gamma) relevant.
    """
    missed = (N - C) / np.maximum(1 - theta * gamma, np.finfo(float).tiny)
    return C + missed * theta * (1 - gamma), C + missed * gamma * (1 - theta)


def _own_rate(cells: Cells, relevant: Floats) -> Floats:
    shown = np.maximum(cells.per_item(cells.N), np.finfo(float).tiny)
    return np.asarray(np.clip(cells.per_item(relevant) / shown, 0.0, 1.0))


def _items_of(counts: ClickCounts, cells: Cells) -> Ints:
    """The row in counts.items of each item of the cells, which has one for each context."""
    if len(np.unique(cells.context)) < 2:
        return np.arange(len(cells.query))
    codes = np.unique(counts.cells.item * len(counts.contexts) + counts.cells.context[counts.cells.slot])
    return np.asarray(codes // len(counts.contexts))


def _warn_where_bent(telling: Cells, log_theta: Floats, error: Floats) -> None:
    """Warn where documents have few clicks each and the estimate without their numbers is another one."""
    from weaklabel.clicks.curves.intervals import half_width

    clicks = telling.C.sum() / max(len(telling.query), 1)
    if clicks >= THIN:
        return
    free = ~telling.first
    other = fixed_effects.fit(telling, np.zeros(len(free)), free)
    apart = np.abs(log_theta - other) - half_width(0.95) * error
    if (apart > 0).any():
        k = int(apart.argmax())
        logger.warning(
            "documents that moved have only %.1f clicks each, too few for a relevance of their own, and it bends the "
            "curve: position %d has examination %.3g here and %.3g by harvesting, which needs none; use harvesting",
            clicks,
            telling.position[k],
            np.exp(log_theta[k]),
            np.exp(other[k]),
        )


def _warn_where_only_features_compare(counts: ClickCounts, cells: Cells) -> None:
    try:
        grouped.refuse_unlinked(counts, cells)
    except NotIdentifiedError:
        logger.warning(
            "no documents that moved link all positions: the curve rests on the features alone, and what they say of "
            "the position counts as relevance"
        )
