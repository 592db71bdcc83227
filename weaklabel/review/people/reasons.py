"""What makes a person's answers worth a second look, in words; an empty text where nothing does."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.review.people.chance import beyond_chance
from weaklabel.review.people.habits import Habits

FEWEST = 20  # answers; of fewer nothing is said
SLIGHT = 0.2  # whoever knows that share of the answers knows something: accuracy .6 on two classes
SURPRISE = 0.01  # a run of equal answers less probable than this is no accident


def looks_random(mine: NDArray[np.int64], theirs: NDArray[np.int64], reliability: float, whom: str) -> str:
    """Answers that follow the others' no more than guesses would.

    Parameters
    ----------
    mine, theirs
        Shape (n,): labels as numbers.
    reliability
        Of theirs, in [0, 1]: the less, the less even somebody who knows the truth agrees. At 0 nobody is judged.
    whom
        Who they are, for the text.
    """
    found = beyond_chance(mine, theirs) if len(mine) >= FEWEST and reliability > 0 else None
    if found is None or found.above or not found.surely_under(SLIGHT * reliability):
        return ""
    seen = f"{100 * float((mine == theirs).mean()):.0f} % of {len(mine)} as {whom}"
    if found.below:
        return f"answers run against {whom}: only {seen}; were the classes mixed up?"
    return f"answers look random: {seen}, as guessing would bring"


def accepts_hastily(habits: Habits) -> str:
    """Pre-labels accepted before anybody can have read them."""
    if not habits.accepts_hastily:
        return ""
    return f"accepts in under a second: {habits.hasty} of {habits.timed} accepted pre-labels"


def always_the_same(label: str, times: int, usual: float, compared: int) -> str:
    """One answer to everything, where others give it only to the share `usual`, in [0, 1], of the items compared."""
    if compared < FEWEST or usual**compared >= SURPRISE:
        return ""
    return f"always the same answer: {times} times {label}, which the others say of {100 * usual:.0f} %"
