"""A mean of few known outcomes, made surer by guesses of all."""

from dataclasses import dataclass

import numpy as np

from weaklabel.labeling.accuracy import FEWEST, FEWEST_APART
from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Estimate:
    """A mean and how sure it is.

    Attributes
    ----------
    value
        The mean.
    error
        Its standard error.
    effective
        Number of known outcomes that would have been as sure without the guesses.
    """

    value: float
    error: float
    effective: float


def assisted(outcome: Floats, guess: Floats, overall: float, pool: int, imagined: Floats, weights: Floats) -> Estimate:
    """The mean outcome of a pool from n of its items drawn at random.

    Parameters
    ----------
    outcome, guess
        Shape (n,): what was found, and what was guessed of the same items.
    overall
        The mean guess of the whole pool.
    pool
        Its number of items.
    imagined, weights
        Outcomes that count, each so much, beside the real ones in the variance and nowhere else.

    Returns
    -------
    Estimate
        The mean outcome, moved by the difference of the mean guesses times the slope of outcomes on guesses. With
        fewer than 20 outcomes, or guesses that tell nothing or hang on a few odd items, it is not moved.

    Source: Angelopoulos, Duchi and Zrnic, PPI++, 2023 (lambda); Agresti and Coull, The American Statistician 1998.
    """
    n, mean = len(outcome), float(outcome.mean())
    variance = _variance(np.concatenate([outcome, imagined]), np.concatenate([np.ones(n), weights]))
    deviation = guess - guess.mean()
    spread, together = float(deviation @ deviation), float(deviation @ outcome)
    usable = n >= FEWEST and spread > 1e-12 * n and spread**2 >= FEWEST_APART * float((deviation**4).sum())
    explained = 0.0
    if usable and variance > 0:  # adjusted for having fitted a slope
        explained = 1 - (1 - together**2 / (spread * n * variance)) * (n - 1) / (n - 2)
    if explained <= 0:
        return Estimate(mean, float(np.sqrt(variance / n)), float(n))
    effective = n / (1 - explained * (1 - n / pool))
    return Estimate(
        mean + together / spread * (overall - float(guess.mean())), float(np.sqrt(variance / effective)), effective
    )


def _variance(values: Floats, weights: Floats) -> float:
    mean = float(np.average(values, weights=weights))
    return float(np.average((values - mean) ** 2, weights=weights))
