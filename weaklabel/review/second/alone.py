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
