"""Votes as bits: for each function and class, on which items that vote was cast."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import checks
from weaklabel.labeling.compiled.choice import compiled

WORD = 64


def bit_planes(votes: NDArray[np.int8], k: int) -> NDArray[np.uint64]:
    """Which items have each possible vote, shape (m k, words): item i is bit i mod 64 of word i // 64."""
    n, m = votes.shape
    planes = np.empty((m * k, -(-n // WORD)), np.uint64)
    compiled(_pack)(checks.frozen(votes), np.empty((k, m), np.uint64), planes)
    return planes


def _pack(votes: NDArray[np.int8], word: NDArray[np.uint64], planes: NDArray[np.uint64]) -> None:
    """Fill `planes`; `word` is room for one word of each, in which the loop over functions runs without strides."""
    n, m = votes.shape
    for w in range(planes.shape[1]):
        word[:] = 0
        for i in range(w * 64, min(n, w * 64 + 64)):
            bit, row = np.uint64(1) << np.uint64(i & 63), votes[i]
            for v in range(len(word)):
                for j in range(m):
                    word[v, j] |= bit if row[j] == v else np.uint64(0)
        for v in range(len(word)):
            for j in range(m):
                planes[j * len(word) + v, w] = word[v, j]
