"""Numbers for keys that come sorted: as a dictionary would give them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.clicks.reading.sorted_numbers import SortedNumbers


@given(st.lists(st.sets(st.integers(0, 60)), max_size=8))
def test_each_key_keeps_the_number_that_it_got_when_it_first_came(batches):
    numbers, known = SortedNumbers(), {}

    for batch in batches:
        keys = sorted(batch)
        for key in keys:
            known.setdefault(key, len(known))
        assert numbers.of(np.array(keys, dtype=np.int64)).tolist() == [known[key] for key in keys]

    assert dict(zip(numbers.keys.tolist(), numbers.numbers.tolist(), strict=True)) == known
    assert numbers.keys.tolist() == sorted(known)
