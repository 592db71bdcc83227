"""Which words stand in which texts: all texts' bytes in one pass, a step of an automaton a byte."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.labeling.compiled.automaton import Automaton
from weaklabel.labeling.compiled.choice import compiled

INSIDE, BEYOND = 1, 2  # a byte is part of a word; or of a sign beyond ASCII, which may be
EDGES = np.zeros(256, np.uint8)
EDGES[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", np.uint8)] = INSIDE
EDGES[128:] = BEYOND


def scan(text: bytes, lengths: NDArray[np.integer], automaton: Automaton, doubt: int) -> NDArray[np.uint64]:
    """Which sets of words each text holds a word of, a bit each.

    Parameters
    ----------
    text
        All texts in UTF-8, one after the other.
    lengths
        Shape (n,): of each text, in bytes.
    automaton
        Of the sets of words, at most 64.
    doubt
        The bit for a word that should stand alone, and touches a sign beyond ASCII that may be a letter or not.

    Returns
    -------
    NDArray
        Shape (n,): bit f is set where the text holds a word of set f.
    """
    hits = np.zeros(len(lengths), np.uint64)
    if text:
        tables = (automaton.classes, automaton.steps, automaton.first, automaton.width, automaton.at, automaton.ends)
        compiled(_scan)(np.frombuffer(text, np.uint8), np.cumsum(lengths, dtype=np.int64), *tables, EDGES, doubt, hits)
    return hits


def _scan(
    text: NDArray[np.uint8], stops: NDArray[np.int64], classes: NDArray[np.uint8], steps: NDArray[np.uint32],
    first: np.uint64, width: np.uint64, at: NDArray[np.int64], ends: NDArray[np.int64], edges: NDArray[np.uint8],
    doubt: int, hits: NDArray[np.uint64],
) -> None:  # fmt: skip
    # Unsigned: for a signed index the compiler asks at each byte whether it counts from the end.
    start = 0
    for i in range(len(stops)):
        one = text[start : stops[i]]
        start, state = stops[i], np.uint64(0)
        for p in range(len(one)):
            state = np.uint64(steps[state + np.uint64(classes[one[p]])])
            if state < first:
                continue
            place = np.int64((state - first) // width)
            for e in range(at[place], at[place + 1]):
                found, before, after = ends[e, 0], p - ends[e, 1], p + 1
                if ends[e, 2]:
                    left = edges[one[before]] if before >= 0 else 0
                    right = edges[one[after]] if after < len(one) else 0
                    if left == 1 or right == 1:
                        continue
                    if left == 2 or right == 2:
                        found = doubt
                hits[i] |= np.uint64(1) << np.uint64(found)
