"""Examination from a log whose order was randomised."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Propensities
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators._curve import by_context
from weaklabel.clicks.estimators._homogeneity import Homogeneity, homogeneity
from weaklabel.errors import AssumptionError, ModelError, NotIdentifiedError
from weaklabel.numerics import Floats

__all__ = ["Randomized"]

# In a large log every departure is significant. Up to Cohen's "small" effect, a coefficient of variation of relevance
# of 1 leaves at most 10 % bias in a ratio, which is less than most logs can resolve.
NEGLIGIBLE = 0.1

UNITS = (("query_id", "doc_id"), ("doc_id",))  # documents alone tell where each query was seen only once


@dataclass
class Randomized:
    """Assumes that what is shown at a position does not depend on how relevant it is: a shuffled or random order.

    Then all positions show the same mix of documents, and the ratio of their click rates is the ratio of their
    examination. The mix is tested first, and a log that is not randomised is refused. Impressions count as
    independent of each other.

    Parameters
    ----------
    level
        Confidence of the intervals, in (0, 1).
    alpha
        Significance below which a log counts as not randomised, in [0, 1); 0 never refuses.

    Source: Wang et al., Learning to Rank with Selection Bias in Personal Search, SIGIR 2016; intervals: Katz et al.,
    Obtaining Confidence Intervals for the Risk Ratio in Cohort Studies, Biometrics 1978.
    """

    level: float = 0.95
    alpha: float = 0.001

    def estimate(self, counts: ClickCounts) -> Propensities:
        """Click rate of each position relative to the first.

        Parameters
        ----------
        counts
            At least two positions, each with a click.

        Returns
        -------
        Propensities
            Shape (p,), relative to the smallest position in the log (examination 1, interval (1, 1)): position 1,
            unless the log starts lower. A ratio may exceed 1; its interval says how sure it is.

        Raises
        ------
        NotIdentifiedError
            There is one position only, a position was never clicked, or every impression was clicked.
        AssumptionError
            The mix of documents differs from position to position, so the log was not randomised.
        ModelError
            A parameter is outside its range.
        """
        self._check_parameters()
        return by_context(counts, self._one_curve)

    def _one_curve(self, counts: ClickCounts) -> Propensities:
        positions = _by_position(counts.frame)
        _refuse_unidentified(positions)
        tests = [found for unit in UNITS if (found := homogeneity(counts.frame, unit))]
        self._refuse_ranked(tests, counts.frame)
        position, impressions, clicks = (positions[name].to_numpy() for name in positions.columns)
        ratio, lower, upper = ratios(clicks, impressions, self.level)
        return Propensities(
            position, ratio, lower, upper, impressions, clicks, self.level, self._provenance(positions, tests)
        )

    def _check_parameters(self) -> None:
        if not 0 < self.level < 1:
            raise ModelError(f"level is {self.level}: a confidence lies between 0 and 1, such as 0.95")
        if not 0 <= self.alpha < 1:
            raise ModelError(f"alpha is {self.alpha}: a significance lies in [0, 1), such as 0.001")

    def _refuse_ranked(self, tests: Iterable[Homogeneity], frame: pl.DataFrame) -> None:
        for found in tests:
            if found.p_value < self.alpha and found.departure > NEGLIGIBLE:
                raise AssumptionError(_ranked_message(found) + _depth_hint(frame))

    def _provenance(self, positions: pl.DataFrame, tests: list[Homogeneity]) -> dict[str, Any]:
        least = min(tests, key=lambda found: found.p_value, default=None)
        return {
            "estimator": "randomized",
            "parameters": asdict(self),
            "reference_position": positions["position"][0],
            "tested": " and ".join(least.unit) if least else "untested: nothing was shown twice",
            "p_value": least.p_value if least else None,
            "departure": least.departure if least else None,
        }


def ratios(clicks: NDArray[np.int64], impressions: NDArray[np.int64], level: float) -> tuple[Floats, Floats, Floats]:
    """Click rates relative to the first, each shape (p,), with the lower and upper ends of Katz's log interval."""
    rate = clicks / impressions
    variance = (1 - rate) / clicks  # of log(rate), by the delta method
    error = np.sqrt(variance + variance[0])
    error[0] = 0.0  # the reference is 1 by definition
    factor = np.exp(NormalDist().inv_cdf((1 + level) / 2) * error)
    ratio = rate / rate[0]
    return ratio, ratio / factor, ratio * factor


def _by_position(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("position").agg(pl.col("impressions", "clicks").sum()).sort("position")


def _refuse_unidentified(positions: pl.DataFrame) -> None:
    shown, clicked = positions["impressions"].sum(), positions["clicks"].sum()
    if clicked == shown:
        raise NotIdentifiedError(
            f"each of the {shown} impressions was clicked, so nothing tells what was examined: "
            "log what was shown and not clicked, too"
        )
    if len(positions) < 2:
        raise NotIdentifiedError(
            f"the log has only position {positions['position'][0]}, and propensities are relative: give it two or more"
        )
    never = positions.filter(pl.col("clicks") == 0)
    if len(never):
        raise NotIdentifiedError(_never_clicked_message(never["position"][0], never["impressions"][0], positions))


def _never_clicked_message(position: int, shown: int, positions: pl.DataFrame) -> str:
    said = f"position {position} was shown {shown} times and never clicked"
    above = positions.filter(pl.col("position") < position)
    if not len(above):
        return f"{said}, and all others are relative to it: collect more clicks"
    if len(above) == 1:
        return f"{said}, so its propensity is unknown: collect more clicks"
    return (
        f"{said}, so its propensity is unknown: drop it with log.upto({position - 1}) "
        f"(on the command line: --upto {position - 1})"
    )


def _ranked_message(found: Homogeneity) -> str:
    query = f" for query {found.example['query_id']!r}" if "query_id" in found.example else ""
    return (
        "the log is not randomised: what is shown depends on the position (chi-square test of homogeneity, "
        f"p = {found.p_value:.2g}, effect size w = {found.departure:.2f}); document {found.example['doc_id']!r}{query} "
        f"was shown {found.shown} times at position {found.example['position']}, where random order would give "
        f"{found.expected:.1f}. Use only the traffic that was randomised; a ranked log needs another estimator"
    )


def _depth_hint(frame: pl.DataFrame) -> str:
    """Lists of different lengths differ in what they show even if each is shuffled."""
    deepest = frame.group_by("query_id").agg(pl.col("position").max())["position"]
    depth, last = int(deepest.min()), int(deepest.max())  # type: ignore[arg-type]
    if not 1 < depth < last:
        return ""
    shorter = f"log.upto({depth}) (--upto {depth})"
    return f". If only the lengths of the lists differ: every query reaches position {depth}, so {shorter}"
