"""What people say without the model: of the items by which the model is judged.

An audit item whose label leaned on the model would flatter the model, and so would second opinions on those audit items
alone on which it differs from the answer: they take back people's errors where they count against it and leave those
that count for it. So neither the labels of audit items nor the choice of those that get another opinion know what it
says of them; only how far each person is believed was found with its help.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.audit.permutation import permutation
from weaklabel.review.second.said import Said

SHARE = 0.2  # of the audit: items that get a second opinion whatever was said
SURE = 0.02  # share of wrong audit labels under which that is not worth its price
ORDER = 0x5EC0  # seed of the draw: any other than the audit's own, whose beginning the audit is


@dataclass(frozen=True, eq=False)
class Alone:
    """People's labels of the audit items.

    Attributes
    ----------
    label
        Shape (b,): the best class among those that somebody said.
    error
        Estimated share of wrong ones among them, in [0, 1]; 0 without any.
    again
        Shape (b,): places among the audit items, those first that deserve another opinion first.
    """

    label: NDArray[np.intp]
    error: float
    again: NDArray[np.intp]


def alone(said: Said, evidence: Floats, audit: NDArray[np.intp], open_: NDArray[np.bool_]) -> Alone:
    """People's labels, how many of them are wrong, and whom to ask again about.

    Parameters
    ----------
    evidence
        Shape (a, k): log P(answer | class).
    audit
        Shape (b,): the audit items' places.
    open_
        Shape (b,): who may be asked again about.
    """
    votes = said.votes[audit]
    total = votes.sum(axis=0) + 1
    logs = said.per_item(evidence)[audit] + np.log(total / total.sum())
    label = np.where(votes > 0, logs, -np.inf).argmax(axis=1)
    error = float(1 - normalise_log(logs)[np.arange(len(audit)), label].mean()) if len(audit) else 0.0
    order = permutation(pl.Series([said.items[i] for i in audit], dtype=pl.String), ORDER)
    differ = (votes > 0).sum(axis=1) > 1
    drawn = (order < SHARE * 2.0**64) & (votes.sum(axis=1) == 1) & (error > SURE)
    wanted = np.flatnonzero(open_ & (differ | drawn))
    return Alone(label, error, wanted[np.lexsort((order[wanted], ~differ[wanted]))])


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
