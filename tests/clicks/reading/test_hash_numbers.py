"""Numbers of hashes: as a dictionary gives them, however many hashes want the same place of the table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.reading import hash_numbers
from weaklabel.clicks.reading.hash_numbers import HashNumbers

HASHES = {
    "any": st.integers(0, 2**64 - 1),
    "small": st.integers(0, 3),  # as numbers are, and the first places
    "of one place": st.integers(0, 2**40 - 1).map(lambda n: n << 24),
    "alike but for one end": st.integers(0, 40).map(lambda n: 2**64 - 1 - n),
}


def assert_numbered(batches):
    found, known = HashNumbers(), {}
    for hashes in batches:
        numbers, first = found.of(np.array(hashes, np.uint64))
        new = [hashes[row] for row in first]
        assert len(new) == len(set(new))
        assert not set(new) & set(known)
        known |= {hash_: len(known) + i for i, hash_ in enumerate(new)}
        assert numbers.tolist() == [known[hash_] for hash_ in hashes]
    assert len(found) == len(known)


@pytest.mark.parametrize("kind", HASHES)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_each_hash_keeps_the_number_that_it_got_when_it_first_came(kind, data):
    assert_numbered(data.draw(st.lists(st.lists(HASHES[kind], max_size=60), max_size=6)))


def test_a_table_that_grows_forgets_no_number(monkeypatch):
    monkeypatch.setattr(hash_numbers, "FIRST", 2)
    monkeypatch.setattr(hash_numbers, "MANY", 1_000)
    monkeypatch.setattr(hash_numbers, "BLOCK", 64)
    hashes = np.random.default_rng(0).integers(0, 2**64, 6_000, np.uint64).tolist()

    assert_numbered([hashes[:10], hashes[:500], hashes[250:3_000], hashes, hashes[::-1]])


def test_the_first_of_a_kind_is_the_first_row_that_has_it():
    _, first = HashNumbers().of(np.array([7, 9, 7, 8, 9], np.uint64))

    assert sorted(first.tolist()) == [0, 1, 3]
