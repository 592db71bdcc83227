"""How much of the weight a few impressions carry."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from weaklabel.numerics import Floats

FEW = 0.1  # share of the impressions that equal ones would need: below it a few carry the rest
MOST = 0.5  # share of the weight
PAIRS = 200  # of which 1 % are two
PRIOR = 0.9  # share of the pairs

PerPair = Callable[[Floats], Floats]  # from (M,) cells to (n,) pairs, by sums

logger = logging.getLogger(__name__)


def kish(sums: PerPair, N: Floats, weight: Floats) -> Floats:
    """Kish's effective sample size, (sum w)^2 / sum w^2, over impressions N of a weight each."""
    return sums(N * weight) ** 2 / sums(N * weight**2)


def summary(per_pair: PerPair, N: Floats, weight: Floats) -> dict[str, float]:
    """The effective sample size of all impressions, its share of them, and the weight share of the largest 1 %."""
    total = float(kish(lambda values: np.atleast_1d(values.sum()), N, weight)[0])
    by_pair = np.sort(per_pair(N * weight))
    largest = by_pair[-max(1, len(by_pair) // 100) :]
    return {
        "effective_sample_size": total,
        "effective_share": total / float(N.sum()),
        "top_1_percent_share": float(largest.sum() / by_pair.sum()),
    }


def warn(found: Mapping[str, Any], pairs: int) -> None:
    """Log what a user of the labels must know."""
    if found["effective_share"] < FEW:
        logger.warning(
            "a few impressions carry the labels: all together they are worth %.1f %% of as many of equal weight; "
            "cut the log where hardly anybody looks%s",
            100 * found["effective_share"],
            ", or use method='shrunk'" if found.get("method") != "shrunk" else "",
        )
    if pairs >= PAIRS and found["top_1_percent_share"] > MOST:
        logger.warning(
            "1 %% of the %s pairs carry %.0f %% of the weight: any mean over labels is about these",
            f"{pairs:,}",
            100 * found["top_1_percent_share"],
        )
    if found.get("prior_outweighs_share", 0.0) > PRIOR:
        logger.warning(
            "for %.0f %% of the %s pairs the prior counts more than the clicks: there are too few impressions to tell "
            "documents apart; count a longer log%s",
            100 * found["prior_outweighs_share"],
            f"{pairs:,}",
            "" if found["prior"]["features"] else ", or give features",
        )
