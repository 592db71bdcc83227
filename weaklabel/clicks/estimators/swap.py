"""Examination from pages on which two documents changed places."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Ints
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, links, pooling
from weaklabel.clicks.estimators import _grouped as grouped
from weaklabel.clicks.estimators._curve import check_level, check_max_se
from weaklabel.clicks.estimators._pairs import Pairs, pairs
from weaklabel.errors import NotIdentifiedError, UnknownNameError
from weaklabel.numerics import Floats

__all__ = ["Swap"]

PAIRS = ("adjacent", "first")


@dataclass
class Swap:
    """Assumes that documents changed places at random, so that only the place differs between a document's showings.

    Clicks at either place of the same document give the ratio of both places' examination; documents are pooled as
    strata by Mantel and Haenszel, which holds for many documents of a few clicks each. Of each comparison only the two
    places count: a log whose documents move further says more to `harvesting`.

    Parameters
    ----------
    pairs
        "adjacent": neighbours were swapped (FairPairs), and ratios multiply down the page. "first": the document on top
        was swapped with one further down, and each position is compared with the first.
    level
        Confidence of the intervals, in (0, 1).
    max_se
        Largest standard error of log examination, above which a position counts as not comparable.

    Source: Radlinski and Joachims, Minimally Invasive Randomization for Collecting Unbiased Preferences from
    Clickthrough Logs, AAAI 2006; swaps with the top: Joachims, Swaminathan and Schnabel, WSDM 2017; pooling: Mantel and
    Haenszel, Journal of the National Cancer Institute 1959; its variance: Greenland and Robins, Biometrics 1985.
    """

    needs: ClassVar[str] = "counts"

    pairs: str = "adjacent"
    level: float = 0.95
    max_se: float = 0.75

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Examination of each position relative to the first, with intervals; of each context by itself.

        Parameters
        ----------
        counts
            Documents shown at both places of each pair, with clicks at both.

        Returns
        -------
        Propensities
            Shape (p,), one per position and context; relative to the smallest position.

        Raises
        ------
        NotIdentifiedError
            A pair of positions has no or too few clicks on swapped documents; names the pair and what it needs.
        ModelError, UnknownNameError
            A parameter is outside its range.
        """
        check_level(self.level)
        if self.pairs not in PAIRS:
            raise UnknownNameError(f"no pairs are called {self.pairs!r}; there are: {', '.join(PAIRS)}")
        check_max_se(self.max_se)
        cells = pooling.by_context(counts.cells)
        before = _compared(cells, self.pairs)
        self._refuse(counts, cells, before, pairs(cells, "harmonic"))

        def fit(some: Cells) -> Floats:
            return _log_theta(pairs(some, "harmonic"), before)

        telling = fixed_effects.informative(cells)
        provenance = {"estimator": "swap", "parameters": asdict(self), **grouped.rests_on(cells, telling)}
        return grouped.with_intervals(counts, cells, fit(cells), fit, self.level, provenance)

    def _refuse(self, counts: ClickCounts, cells: Cells, before: Ints, both: Pairs) -> None:
        if (alone := np.bincount(cells.context) < 2).any():
            where = f"where {grouped.named(counts, int(alone.argmax()))}, " if counts.context else ""
            raise NotIdentifiedError(
                f"{where}there is only one position, and examination is relative: it takes two or more"
            )
        slot = np.arange(len(before))
        missing = np.minimum(both.clicked[slot, before], both.clicked[before, slot]) == 0
        missing &= slot != before
        if missing.any():
            k = int(missing.argmax())
            raise NotIdentifiedError(_missing(counts, cells, int(before[k]), k, both))
        grouped.refuse_thin(counts, cells, np.sqrt(_down(_variance(both, before), before)), self.max_se)


def _compared(cells: Cells, kind: str) -> Ints:
    """The slot that each slot is compared with, shape (p,): itself where it is the first of its context."""
    first = np.flatnonzero(cells.first)[np.cumsum(cells.first) - 1]
    return np.asarray(np.maximum(np.arange(len(first)) - 1, first)) if kind == "adjacent" else first


def _log_theta(both: Pairs, before: Ints) -> Floats:
    slot = np.arange(len(before))
    here, there = both.clicked[slot, before], both.clicked[before, slot]
    moved = slot != before
    if not (np.minimum(here, there)[moved] > 0).all():
        raise NotIdentifiedError("a pair of positions has no clicks on swapped documents")
    ratio = np.where(moved, np.log(np.where(moved, here, 1.0) / np.where(moved, there, 1.0)), 0.0)
    return _down(ratio, before)


def _down(steps: Floats, before: Ints) -> Floats:
    """Add each slot's step to what the slot before it has, shape (p,)."""
    total = steps.copy()
    for k in np.flatnonzero(before < np.arange(len(before))):
        total[k] += total[before[k]]
    return total


def _variance(both: Pairs, before: Ints) -> Floats:
    """Of the log ratio of each slot and the one before it, if clicks are Poisson; shape (p,)."""
    slot = np.arange(len(before))
    product = both.clicked[slot, before] * both.clicked[before, slot]
    return np.where(slot != before, both.noise[slot, before] / np.maximum(product, np.finfo(float).tiny), 0.0)


def _missing(counts: ClickCounts, cells: Cells, j: int, k: int, both: Pairs) -> str:
    where = f", where {grouped.named(counts, int(cells.context[k]))}" if counts.context else ""
    said = f"{links.named(cells.position[[j, k]])} cannot be compared{where}: "
    if not both.weight[j, k]:
        said += "no document was shown at both"
    else:
        place = cells.position[j] if not both.clicked[j, k] else cells.position[k]
        said += f"the documents that were shown at both were never clicked at position {place}"
    advice = links.swap(cells, cells.position[[j]], cells.position[[k]])
    return f"{said}. What would help: {advice}, at random; or estimate with harvesting, which uses all that moved"
