"""Each person against what the others say of the same items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weaklabel.numerics import Floats
from weaklabel.review.people.answer_table import AnswerTable
from weaklabel.review.people.chance import Z
from weaklabel.review.people.coefficients import alpha
from weaklabel.review.people.distances import distances


@dataclass(frozen=True, eq=False)
class Others:
    """What one person said, and what the others did.

    Attributes
    ----------
    mine, theirs
        Shape (n,): on each item that others answered, too, and of which most gave one answer: this person's, theirs.
    said
        Shape (v,): how often the others gave each answer, to whatever item.
    reliability
        How closely the others' answer follows what they measure, in [0, 1]; 0 unless they surely agree with each other.
    """

    mine: NDArray[np.int64]
    theirs: NDArray[np.int64]
    said: Floats
    reliability: float


def against_others(table: AnswerTable) -> list[Others]:
    """One for each annotator of the table, in their order."""
    distance = distances(table.values, table.counts.sum(axis=0), "nominal")
    return [_of(table, j, distance) for j in range(len(table.annotators))]


def _of(table: AnswerTable, annotator: int, distance: Floats) -> Others:
    own = table.annotator == annotator
    items, mine = table.item[own], table.value[own]
    rest = table.counts.copy()
    rest[items, mine] -= 1
    theirs = rest[items]
    most = theirs.max(axis=1)
    clear = (most > 0) & ((theirs == most[:, None]).sum(axis=1) == 1)
    voices = float(theirs[clear].sum(axis=1).mean()) if clear.any() else 0.0
    joint = theirs[clear].argmax(axis=1)
    return Others(mine[clear], joint, rest.sum(axis=0), _reliability(rest, distance, voices))


def _reliability(counts: Floats, distance: Floats, voices: float) -> float:
    """The correlation of so many people's joint answer with what they measure: Spearman and Brown's, under the root."""
    agreement, size = alpha(counts, distance), counts.sum(axis=1)
    # Without any agreement alpha is off 0 by no more than one over the root of the pairs of answers, or less.
    if agreement is None or not voices or agreement <= Z / np.sqrt((size * (size - 1)).sum() / 2):
        return 0.0
    return float(np.sqrt(voices * agreement / (1 + (voices - 1) * agreement)))
