"""Votes as a sparse matrix, so that sums over votes are matrix products that never visit an abstention."""

from typing import Any

import numpy as np

from weaklabel.artefacts import ABSTAIN
from weaklabel.labeling.patterns import Votes


def one_hot(votes: Votes, k: int) -> Any:
    """The votes as a sparse matrix, shape (u, m k): a 1 in column j k + v where function j votes v."""
    from scipy.sparse import csr_array

    row, function = np.nonzero(votes != ABSTAIN)
    column = function * k + votes[row, function]
    starts = np.searchsorted(row, np.arange(len(votes) + 1))
    return csr_array((np.ones(len(row)), column, starts), shape=(len(votes), votes.shape[1] * k))
