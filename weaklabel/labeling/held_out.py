"""How well a label model foretells votes that it has not seen: all that can be asked of it without known classes."""

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix
from weaklabel.labeling.patterns import Votes, distinct
from weaklabel.numerics import Floats
from weaklabel.protocols import LabelModel


def halves(item_ids: pl.Series, seed: int) -> NDArray[np.bool_]:
    """Which items fall into the first half, by a hash of seed and id: neither row order nor machine changes it."""
    return np.array(
        [hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=1).digest()[0] < 128 for item_id in item_ids], bool
    )


def held_out(model: LabelModel, learn: LabelMatrix, test: LabelMatrix, functions: Sequence[int], seen: Votes) -> Floats:
    """The log of P(vote | the other votes on the item), shape (items of `test`, functions); 0 where there is no vote.

    P(vote | others) is the sum over classes of P(class | others), the model's, and P(vote | class), counted in
    `learn` under the model's beliefs; so any label model can be asked, and all are asked the same.
    """
    out = np.zeros((len(test.votes), len(functions)))
    believed = model.predict_proba(learn).probs
    for place, j in enumerate(functions):
        rows = np.flatnonzero(test.votes[:, j] != ABSTAIN)
        if len(rows):
            possible = np.isin(np.arange(test.cardinality), seen[:, j])
            given_class = _vote_given_class(learn.votes[:, j], believed, possible)
            foretold = _without_vote(model, test, rows, j) @ given_class
            out[rows, place] = np.log(foretold[np.arange(len(rows)), test.votes[rows, j]])
    return out


def _vote_given_class(votes: Votes, believed: Floats, possible: NDArray[np.bool_]) -> Floats:
    """P(vote | class, there is a vote), shape (k, k) by class and vote; positive for all possible votes."""
    voted = votes != ABSTAIN
    counts = np.stack([believed[votes == v].sum(axis=0) for v in range(len(possible))], axis=1)
    # One vote more for each class, cast as often as the function casts each of its votes, and one more of each.
    usual = (np.bincount(votes[voted], minlength=len(possible)) + 1) * possible
    return np.asarray((counts + usual / usual.sum()) / (counts.sum(axis=1, keepdims=True) + 1))


def _without_vote(model: LabelModel, test: LabelMatrix, rows: NDArray[np.intp], j: int) -> Floats:
    """P(class | all votes but that of function j), shape (rows, k)."""
    votes = test.votes[rows].copy()
    votes[:, j] = ABSTAIN
    first, which = distinct(votes, test.cardinality)
    probs = model.predict_proba(LabelMatrix.from_array(votes[first], test.classes, test.lf_names)).probs
    return np.asarray(probs[which])
