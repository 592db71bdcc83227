"""Examination and false clicks by position, from documents that people graded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, links
from weaklabel.clicks.estimators import _affine as affine
from weaklabel.clicks.estimators import _grouped as grouped
from weaklabel.clicks.estimators._anchors import relevance_of
from weaklabel.clicks.estimators._curve import check_level, curve
from weaklabel.errors import ModelError, NotIdentifiedError
from weaklabel.numerics import Floats

__all__ = ["Trust"]

NEEDED = "100 to 300 graded pairs, spread over all positions and grades"


@dataclass
class Trust:
    """Assumes that people take what stands high for relevant: P(click) = alpha relevance + beta, both by position.

    Clicks alone cannot tell such users: a higher relevance of every document and a lower beta give the same clicks. So
    it needs anchors, documents whose relevance people graded; each position's clicks are regressed on it. Only clicks
    on anchors count. Where a position has few, it is drawn towards its neighbours. Intervals leave out groups of
    anchors, so the choice of anchors and the chance of their clicks are both in them.

    Parameters
    ----------
    anchors
        query_id, doc_id and relevance in [0, 1], or grade, which counts as (2^grade - 1) / (2^highest - 1). A frame or
        the path of one. Relevance labels come out on its scale.
    roughness
        How much the log of a click's probability may change with each step of 1 in log position (from 1 to 2.7), in
        standard deviations; larger draws positions less towards their neighbours.
    least
        Anchors that each position needs.
    level
        Confidence of the intervals, in (0, 1).

    Source: Agarwal et al., Addressing Trust Bias for Unbiased Learning-to-Rank, WWW 2019; Vardasbi, Oosterhuis and de
    Rijke, When Inverse Propensity Scoring does not Work, CIKM 2020.
    """

    needs: ClassVar[str] = "counts"

    anchors: Any = None
    roughness: float = 1.0
    least: int = 5
    level: float = 0.95

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Alpha and beta of each position, and P(click) of relevant documents relative to the first, with intervals.

        Parameters
        ----------
        counts
            Anchors of at least two grades at each position.

        Returns
        -------
        Propensities
            Shape (p,), with alpha and beta; examination is (alpha + beta) relative to that of the smallest position.
            Impressions and clicks are those on anchors.

        Raises
        ------
        NotIdentifiedError
            There are no anchors, or at some positions too few, all of one relevance, or clicked no more where they are
            better; names the positions.
        ModelError
            A parameter is outside its range.
        TableError
            The anchors are not what they must be.
        """
        self._check_parameters()
        if self.anchors is None:
            raise NotIdentifiedError(
                "clicks alone cannot tell trust in the ranking from relevance: the same clicks come of better "
                f"documents and less trust. It takes anchors, {NEEDED}: anchors= (--set anchors=grades.csv), with "
                "query_id, doc_id and relevance or grade"
            )
        relevance = relevance_of(self.anchors, counts.items)
        cells = counts.cells.where(~np.isnan(relevance)[counts.cells.item])
        self._refuse_too_few(cells, relevance)
        kept = np.unique(cells.item)
        return self._estimate(counts, fixed_effects.renumbered(cells), relevance[kept])

    def _check_parameters(self) -> None:
        check_level(self.level)
        if not self.roughness > 0:
            raise ModelError(f"roughness is {self.roughness}: a standard deviation is positive, such as 1")
        if not self.least >= 2:
            raise ModelError(f"least is {self.least}: a position needs at least 2 anchors")

    def _refuse_too_few(self, cells: Cells, relevance: Floats) -> None:
        slots = [relevance[cells.item[cells.slot == k]] for k in range(len(cells.position))]
        few = np.array([len(graded) < self.least for graded in slots])
        if few.any():
            found = ", ".join(str(len(slots[k])) for k in np.flatnonzero(few)[:8])
            raise NotIdentifiedError(
                f"{links.named(cells.position[few])} showed too few anchors ({found}; at least {self.least} are "
                f"needed): grade documents that were shown there; in all, it takes {NEEDED}"
            )
        same = np.array([len(np.unique(graded)) < 2 for graded in slots])
        if same.any():
            raise NotIdentifiedError(
                f"the anchors at {links.named(cells.position[same])} all have the same relevance, so nothing tells "
                "clicks for relevance from clicks for the place: grade better and worse documents that were shown there"
            )

    def _estimate(self, counts: ClickCounts, cells: Cells, relevance: Floats) -> Propensities:
        neighbours = affine.walk(cells, self.roughness)
        logits = affine.fit(cells, relevance, neighbours)
        low, high = affine.probability(logits)
        _refuse_reversed(cells, low >= high)

        def refit(some: Cells) -> Floats:
            again = affine.probability(affine.fit(some, relevance, neighbours, logits))
            return grouped.relative(cells, np.log(again[1]))

        log_theta = grouped.relative(cells, np.log(high))
        split, said = _by_anchor(cells)
        told = {**self._provenance(cells, relevance), "intervals": said}
        found = curve(counts, split, log_theta, refit, self.level, told)
        return replace(found, alpha=high - low, beta=low)

    def _provenance(self, cells: Cells, relevance: Floats) -> Mapping[str, Any]:
        return {
            "estimator": "trust",
            "parameters": {"roughness": self.roughness, "least": self.least, "level": self.level},
            "reference_position": int(cells.position.min()),
            "anchors": len(relevance),
            "anchors_mean_relevance": float(relevance.mean()),
            "informative_items": len(relevance),
            "informative_impressions": int(cells.N.sum()),
            "informative_clicks": int(cells.C.sum()),
        }


def _by_anchor(cells: Cells) -> tuple[Cells, str]:
    """The cells in groups of anchors, those of a query together as they share pages; and what to say of it.

    What leaving out anchors changes holds the chance of their clicks, too: sessions need no groups of their own.
    """
    unit, said = cells.query, "anchors, by query"
    if len(np.unique(cells.query)) < grouped.QUERIES:
        unit, said = np.arange(len(cells.query)), "anchors"
    code = np.unique(unit, return_inverse=True)[1]
    groups = min(int(code.max()) + 1, grouped.GROUPS)
    place = np.random.default_rng(0).permutation(int(code.max()) + 1) % groups
    split = cells.in_groups(place[code][cells.item], groups)
    return split, f"delete-group jackknife, {groups} groups of {said}"


def _refuse_reversed(cells: Cells, reversed_: Mask) -> None:
    if reversed_.any():
        raise NotIdentifiedError(
            f"at {links.named(cells.position[reversed_])} anchors that were graded better were not clicked more often: "
            f"grade more documents that were shown there; in all, it takes {NEEDED}"
        )
