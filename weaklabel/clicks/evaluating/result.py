"""The values of rankings, with what they rest on."""

from dataclasses import dataclass

import polars as pl

from weaklabel.artefacts import Propensities


@dataclass(frozen=True)
class Evaluation:
    """Values of rankings from a log.

    Attributes
    ----------
    frame
        One row per ranking and method; the ranking "logged" is what was shown, and its method "observed" counts the
        clicks where they fell.

        - value: clicks per page if each of the first k places were examined by its discount alone (as much as the top
          position is), in 0..sum of discounts; with "plug_in_ndcg" a share of the best order's, in [0, 1].
        - lower, upper: its interval; missing where the log has too few groups to tell.
        - lowest, highest: over curves from half to one and a half times as steep.
        - ess_share: Kish's effective number of clicks as a share of the clicks of the queries that were evaluated.
        - largest_weight_share: of all that clicks add to the value, the share of the heaviest single one.
        - clipped_share: of the ranking's discounts, the share at documents whose exposure was raised to the clip.
        - never_shown_share: of its first k places, weighted by pages, the share with documents never shown.
        - could_add: what those would add to an IPS value if each were clicked whenever examined; at least 0.
    differences
        One row per pair of rankings and method: ranking, baseline, difference, lower, upper, paired within the same
        resamples; and crossover, the steepness of the curve (1 is the estimate) at which the sign changes, missing
        where it does not between 0.5 and 1.5.
    sensitivity
        Value of each ranking by each method at each steepness of the curve: factor, ranking, method, value.
    metric, k, clip, level, intervals
        As asked for, or as chosen by default.
    pages, queries
        What the values are means over: pages of the queries that the log and all rankings have.
    propensities
        The curve.
    remarks
        What to know before the values are believed, a sentence each.
    """

    frame: pl.DataFrame
    differences: pl.DataFrame
    sensitivity: pl.DataFrame
    metric: str
    k: int
    clip: float
    level: float
    intervals: str
    pages: int
    queries: int
    propensities: Propensities
    remarks: tuple[str, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """One row per ranking and method: value, interval, sensitivity and what they rest on."""
        return self.frame
