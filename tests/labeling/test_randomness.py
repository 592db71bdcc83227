import random

import numpy as np
import pytest

from weaklabel.labeling._randomness import restored


def drawn():
    return random.random(), np.random.random()


def test_what_a_block_draws_changes_nothing_for_the_caller():
    random.seed(1)
    np.random.seed(1)
    expected = drawn()
    random.seed(1)
    np.random.seed(1)

    with pytest.raises(KeyError), restored(5):
        {}[drawn()]

    assert drawn() == expected


def test_a_seed_decides_what_the_block_draws():
    with restored(5):
        first = drawn()
    with restored(5):
        assert drawn() == first
    with restored(6):
        assert drawn() != first
