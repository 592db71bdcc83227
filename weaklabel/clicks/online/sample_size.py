"""How many impressions an experiment needs, and what can be seen with those there are."""

import math

from weaklabel.errors import ModelError


def sample_size(
    rate: float, lift: float, *, power: float = 0.8, alpha: float = 0.05, design_effect: float = 1.0
) -> int:
    """Impressions that each of two arms needs to show a lift of the click rate.

    Parameters
    ----------
    rate
        Click rate of the control, in (0, 1).
    lift
        The smallest relative change worth finding: 0.02 is 2 % more, -0.02 is 2 % less.
    power
        Chance of finding it, in (0, 1).
    alpha
        Significance of the two-sided test, in (0, 1).
    design_effect
        How many impressions say as much as one independent one: `design_effect` of an arm in `compare_arms`.

    Raises
    ------
    ModelError
        A parameter is outside its range, or the lift leads to a rate that is none.

    Source: the test of two proportions: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003.
    """
    check_shares(rate=rate, power=power, alpha=alpha)
    other = rate * (1 + lift)
    if lift == 0 or not 0 < other < 1:
        raise ModelError(
            f"lift is {lift}: it changes the rate {rate} to {other:.4g}, and must lead to another in (0, 1)"
        )
    _check_design_effect(design_effect)
    return math.ceil(_needed(rate, other, power, alpha) * design_effect)


def detectable_lift(
    impressions: int, rate: float, *, power: float = 0.8, alpha: float = 0.05, design_effect: float = 1.0
) -> float:
    """The smallest relative increase of the click rate that so many impressions in each arm can show.

    Parameters
    ----------
    impressions
        Of each arm.
    rate, power, alpha, design_effect
        As for `sample_size`, whose inverse this is.

    Raises
    ------
    ModelError
        A parameter is outside its range, or there are too few impressions for any increase.
    """
    from scipy.optimize import brentq

    def missing(lift: float) -> float:
        return _needed(rate, rate * (1 + lift), power, alpha) * design_effect - impressions

    check_shares(rate=rate, power=power, alpha=alpha)
    _check_design_effect(design_effect)
    if not 0 <= impressions < math.inf:
        raise ModelError(f"impressions is {impressions}: how many each arm has, 0 or more")
    most = (1 / rate - 1) * (1 - 1e-9)
    if missing(most) > 0:
        raise ModelError(
            f"{impressions} impressions in each arm cannot show any increase of the rate {rate}: "
            f"{math.ceil(missing(most) + impressions)} are needed even if all are clicked"
        )
    return float(brentq(missing, most * 1e-9, most, xtol=1e-12)) if missing(most * 1e-9) > 0 else most * 1e-9


def _needed(p: float, q: float, power: float, alpha: float) -> float:
    from scipy.stats import norm

    mean = (p + q) / 2
    under_both = norm.isf(alpha / 2) * math.sqrt(2 * mean * (1 - mean))
    apart = norm.isf(1 - power) * math.sqrt(p * (1 - p) + q * (1 - q))
    return float((under_both + apart) ** 2 / (p - q) ** 2)


def _check_design_effect(value: float) -> None:
    if not 0 < value < math.inf:
        raise ModelError(f"design_effect is {value}: it is a positive number, 1 where clicks are independent")


def check_shares(**shares: float) -> None:
    """See that each lies between 0 and 1."""
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ModelError(f"{name} is {value}: it lies between 0 and 1")
