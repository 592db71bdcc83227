"""Sets of words as one automaton, which steps from byte to byte and knows at each which words end there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WordSet = tuple[tuple[str, ...], bool]  # words, and whether they must stand alone
UPPER, LOWER = range(ord("A"), ord("Z") + 1), range(ord("a"), ord("z") + 1)


@dataclass(frozen=True, eq=False)
class Automaton:
    """Tables of u states over c classes of bytes. States are numbered in steps of c; those where words end come last.

    Attributes
    ----------
    classes
        Shape (256,): of each byte; upper and lower case of a letter share one, and so do all that are in no word.
    steps
        Shape (u c,): [state + class] is the next state.
    first
        The first state where a word ends.
    width
        c.
    at
        Shape (s + 1,): where the words of each of those s states begin in `ends`.
    ends
        Shape (w, 3): set, length in bytes, whether it must stand alone.
    """

    classes: NDArray[np.uint8]
    steps: NDArray[np.uint32]
    first: np.uint64
    width: np.uint64
    at: NDArray[np.int64]
    ends: NDArray[np.int64]


@lru_cache(maxsize=8)
def automaton(sets: Sequence[WordSet]) -> Automaton:
    """The automaton of some sets of words, whose ASCII letters are found in any case.

    Source: Aho and Corasick, Efficient string matching, CACM 1975.
    """
    words = [(word.encode().lower(), j, alone) for j, (some, alone) in enumerate(sets) for word in some]
    classes, width = _classes(b"".join(word for word, _, _ in words))
    children, ends = _tree([(classes[np.frombuffer(word, np.uint8)].tolist(), j, alone) for word, j, alone in words])
    steps, order = _steps(children, ends, width)
    order.sort(key=lambda state: bool(ends[state]))
    number = np.empty(len(order), np.uint32)
    number[order] = np.arange(len(order))
    last = [sorted(ends[state]) for state in order if ends[state]]
    return Automaton(
        classes,
        (number[steps[order]] * np.uint32(width)).ravel(),
        np.uint64((len(order) - len(last)) * width),
        np.uint64(width),
        np.cumsum([0, *map(len, last)], dtype=np.int64),
        np.array([end for some in last for end in some], np.int64).reshape(-1, 3),
    )


def _classes(letters: bytes) -> tuple[NDArray[np.uint8], int]:
    classes, used = np.zeros(256, np.uint8), sorted(set(letters))
    classes[used] = np.arange(1, len(used) + 1)
    classes[UPPER] = classes[LOWER]
    return classes, len(used) + 1


def _tree(words: list[tuple[list[int], int, bool]]) -> tuple[list[dict[int, int]], list[set[tuple[int, int, bool]]]]:
    """The words' beginnings, by class: what follows on each, and the words that end there."""
    children: list[dict[int, int]] = [{}]
    ends: list[set[tuple[int, int, bool]]] = [set()]
    for word, j, alone in words:
        state = 0
        for letter in word:
            if letter not in children[state]:
                children[state][letter] = len(children)
                children.append({})
                ends.append(set())
            state = children[state][letter]
        ends[state].add((j, len(word), alone))
    return children, ends


def _steps(
    children: list[dict[int, int]], ends: list[set[tuple[int, int, bool]]], width: int
) -> tuple[NDArray[np.int64], list[int]]:
    """Where each state leads, and the states from the shortest beginning on; fills in the words that end inside."""
    steps, behind, order = np.zeros((len(children), width), np.int64), [0] * len(children), [0]
    for state in order:  # which grows
        steps[state] = steps[behind[state]]  # a byte with which no word goes on: as after the longest other beginning
        for letter, child in children[state].items():
            behind[child] = int(steps[state, letter]) if state else 0
            steps[state, letter] = child
            ends[child] |= ends[behind[child]]
            order.append(child)
    return steps, order
