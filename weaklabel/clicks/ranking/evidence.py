"""What labels say to a ranker: a target for each document, and how much it counts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from weaklabel.errors import ModelError
from weaklabel.numerics import Floats

HIGHEST = 0.99  # quantile, by exposure, above which relevance is noise: a click where one impression in 20 is examined


def evidence(rows: pl.DataFrame, provenance: Mapping[str, Any]) -> tuple[Floats, Floats, float]:
    """Targets and weights (in (0, 1)) of labels, each of shape (n,), and the exposure at which a label weighs half.

    Raises
    ------
    ModelError
        All labels are the same.
    """
    exposure = rows["exposure" if "exposure" in rows.columns else "effective_sample_size"].to_numpy()
    target = rows["relevance"].to_numpy()
    prior = provenance.get("prior")
    half = half_trusted(target, exposure) if prior is None else prior["shape"] / prior["mean"]
    if prior is not None and not prior["features"]:
        target = target + (target - prior["mean"]) * half / exposure
    target = np.minimum(target, weighted_quantile(target, exposure, HIGHEST))
    if np.ptp(target) <= 1e-12 * abs(target[0]):
        raise ModelError(f"all {len(rows)} labels have relevance {target[0]:g}, so there is no order to learn")
    return target, exposure / (exposure + half), half


def half_trusted(relevance: Floats, exposure: Floats) -> float:
    """The exposure at which half of a label's variance is noise, by moments.

    A label of exposure e varies by the true variance, and by noise of about mean / e, as clicks are near Poisson; the
    two are the same at mean / variance.
    """
    mean = float(np.average(relevance, weights=exposure))
    varies = float(np.average((relevance - mean) ** 2, weights=exposure))
    noise = mean * len(exposure) / exposure.sum()
    return max(mean, 1e-12) / max(varies - float(noise), 1e-3 * varies, 1e-12)


def weighted_quantile(values: Floats, weights: Floats, q: float) -> float:
    """The smallest value such that values up to it have a share q of the weight."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    place = min(int(np.searchsorted(share, q)), len(values) - 1)
    return float(values[order[place]])
