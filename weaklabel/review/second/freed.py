"""A score freed of people's errors: what it would be, had those who answered the audit never been wrong."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import polars as pl

from weaklabel.errors import TableError
from weaklabel.review.audit.score import AuditScore
from weaklabel.review.second.alone import SURE
from weaklabel.review.second.settle import Settled

COMPARED = 20  # answers that others can be held against, below which nobody knows how often people err
INTERVAL = NormalDist().inv_cdf(0.975)  # of the 95 % intervals of people's accuracies


def freed_score(score: AuditScore, settled: Settled, k: int) -> AuditScore:
    """The accuracy of the end model without the errors of people that count as its own.

    Where people are right in 85 of 100 cases the plain score of a good model is some 10 points too low, and no target
    beyond people's own accuracy is ever reached. The interval is wider than the plain one, as people's accuracy is only
    estimated, from items that several answered.

    Parameters
    ----------
    score
        An accuracy.
    settled
        The answers that it rests on.
    k
        Number of classes.

    Returns
    -------
    AuditScore
        `score` itself where people hardly err, where too few answers can be held against others', or where people are
        no better than guesses; and of other measures.
    """
    error = known_error(settled, k)
    if score.measure != "accuracy" or not error:
        return score
    value, lower, upper = (without_peoples_errors(x, error, k) for x in (score.value, score.lower, score.upper))
    z = NormalDist().inv_cdf((1 + score.level) / 2)
    moved = z * _slope(score.value, error, k) * error_deviation(settled.people)
    return replace(
        score,
        value=value,
        lower=max(value - float(np.hypot(value - lower, moved)), 0.0),
        upper=min(value + float(np.hypot(upper - value, moved)), 1.0),
        worst=None,
        best=None,
    )


def known_error(settled: Settled, k: int) -> float:
    """The share of wrong answers in the audit, in [0, 1), of k classes.

    0 where people hardly err, where too little tells how often, or where they are no better than guesses.
    """
    error = settled.audit_error
    known = SURE < error < (k - 1) / k and settled.people["compared"].sum() >= COMPARED
    return error if known else 0.0


def without_peoples_errors(share: float, error: float, k: int) -> float:
    """The accuracy of a model that was judged by people who err, had they not erred.

    Assumes that people's errors do not hang on the model's and fall on all wrong classes alike. Then a model of
    accuracy A agrees with a share A (1 - error) + (1 - A) error / (k - 1) of the answers.

    Parameters
    ----------
    share
        Of answers with which the model agrees, in [0, 1]: the value of an audit score, or an end of its interval.
    error
        Share of wrong answers, such as `Settled.audit_error`.
    k
        Number of classes.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    TableError
        A share is not in [0, 1], or as many answers are wrong as guesses would be.

    Examples
    --------
    >>> round(without_peoples_errors(0.82, 0.1, 2), 3)  # .9 x .9 + .1 x .1
    0.9
    """
    if not (0 <= share <= 1 and 0 <= error <= 1):
        raise TableError(f"a share of {share} and an error of {error}: both lie in [0, 1]")
    if error * k >= k - 1:
        raise TableError(f"with {error:.0%} of answers wrong among {k} classes they tell no more than guesses do")
    by_luck = error / (k - 1)
    return min(max((share - by_luck) / (1 - error - by_luck), 0.0), 1.0)


def with_errors(share: float, error: float, k: int) -> float:
    """The share of answers that something right in a share of the cases agrees with, where answers err.

    The other way round than `without_peoples_errors`, by the same assumption.

    Examples
    --------
    >>> round(with_errors(0.9, 0.1, 2), 3)
    0.82
    """
    return share * (1 - error) + (1 - share) * error / (k - 1)


def error_deviation(people: pl.DataFrame) -> float:
    """The standard deviation of the share of wrong answers, each person's share of the answers known."""
    weight = people["answers"].to_numpy() / people["answers"].sum()
    deviation = (people["upper"] - people["lower"]).to_numpy() / (2 * INTERVAL)
    return float(np.sqrt(((weight * deviation) ** 2).sum()))


def _slope(share: float, error: float, k: int) -> float:
    """By how much the freed share moves with the error: the derivative of `without_peoples_errors`."""
    luck, room = error / (k - 1), 1 - error - error / (k - 1)
    return abs((share - luck) * (1 + 1 / (k - 1)) / room**2 - 1 / (k - 1) / room)
