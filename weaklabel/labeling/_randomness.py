"""The global generators of Python and numpy, from which Snorkel draws, given back as they were."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def restored(seed: int | None = None) -> Iterator[None]:
    """Let the block draw from the global generators, seeded if a seed is given; the caller's are as before after it."""
    states = random.getstate(), np.random.get_state()
    try:
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed)
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
