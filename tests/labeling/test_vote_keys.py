import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.labeling import vote_keys as module
from weaklabel.labeling.vote_keys import KeyTally, counted, hashes, keys, rows_by_hash, votes_of, width

SHAPES = [(0, 2), (1, 2), (5, 2), (33, 2), (34, 2), (100, 2), (7, 127), (8, 126), (2000, 3)]
BITS = st.integers(1, 3).flatmap(
    lambda c: st.tuples(
        st.just(c),
        st.lists(st.lists(st.lists(st.integers(0, 2), min_size=c, max_size=c), max_size=20), max_size=6),
    )
)


def drawn(n, m, k, seed=0):
    return np.random.default_rng(seed).integers(-1, k, (n, m)).astype(np.int8)


def as_keys(rows, c):
    return np.array(rows, np.int64).reshape(-1, c)


def plain(rows):
    counts = {}
    for row in rows:
        counts[tuple(row)] = counts.get(tuple(row), 0) + 1
    return counts


def as_dict(numbers, counts):
    return dict(zip(map(tuple, numbers.tolist()), counts.tolist(), strict=True))


@pytest.mark.parametrize(("m", "k"), SHAPES)
def test_keys_tell_rows_apart_however_wide_they_are(m, k):
    votes = drawn(50, m, k)
    others = votes.astype(int)
    if m:
        where = (np.arange(50), np.random.default_rng(1).integers(m, size=50))
        others[where] = (others[where] + 2) % (k + 1) - 1  # one vote in each row is another

    both = np.concatenate([votes, votes, others.astype(np.int8)])

    found = keys(both, k)
    same = (found[:, None] == found[None]).all(axis=2)
    assert (same == (both[:, None] == both[None]).all(axis=2)).all()
    assert found.shape == (150, width(m, k))


@pytest.mark.parametrize(("m", "k"), [(1, 2), (20, 2), (33, 2), (40, 2), (9, 30), (7, 127)])
def test_a_key_is_a_number_whose_digits_are_the_votes_the_first_the_lowest(m, k):
    votes = drawn(20, m, k)
    digits = module._digits(k)

    found = keys(votes, k)

    for row, numbers in zip(votes.tolist(), found.tolist(), strict=True):
        for i, number in enumerate(numbers):
            said = row[i * digits : (i + 1) * digits]
            assert number == sum((vote + 1) * (k + 1) ** j for j, vote in enumerate(said))


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize(("m", "k"), SHAPES)
def test_votes_come_back_from_keys_whatever_the_blocks(m, k, layout, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    votes = np.asarray(drawn(30, m, k), order=layout)

    assert (votes_of(keys(votes, k), m, k) == votes).all()


def test_a_key_is_exact_for_whatever_knows_float64_alone():
    highest = keys(np.full((1, 200), 1, np.int8), 2)

    assert int(highest.max()) < 2**53
    assert keys(np.full((1, 200), 126, np.int8), 127).max() < 2**53


@settings(deadline=None)
@given(BITS)
def test_what_comes_bit_by_bit_is_counted_as_if_at_once(drawn_bits):
    c, bits = drawn_bits
    tally = KeyTally(c)

    for rows in bits:
        tally.add(as_keys(rows, c))
    numbers, counts = tally.table()

    assert as_dict(numbers, counts) == plain([row for rows in bits for row in rows])
    assert numbers.tolist() == sorted(numbers.tolist())


@pytest.mark.parametrize("c", [1, 2])
def test_counts_are_summed_and_large_ones_stay_exact(c):
    numbers = as_keys([[4] * c, [1] * c, [4] * c], c)

    found = counted(numbers, np.array([2**60, 5, 3]))

    assert as_dict(*found) == {(4,) * c: 2**60 + 3, (1,) * c: 5}


@settings(deadline=None)
@given(BITS)
def test_counting_by_hash_is_counting(drawn_bits):
    c, bits = drawn_bits
    numbers = as_keys([row for rows in bits for row in rows], c)

    rows, counts = rows_by_hash(numbers)

    assert as_dict(numbers[rows], counts) == plain(numbers.tolist())


def test_what_waits_is_added_up_before_it_outgrows_what_is_known(monkeypatch):
    monkeypatch.setattr(module, "FEWEST", 10)
    tally = KeyTally(1)
    most = 0

    for start in range(0, 1000, 5):
        tally.add(np.arange(start, start + 5)[:, None])
        most = max(most, sum(len(found) for found, _ in tally._waiting) - len(tally.known[0]))

    assert most < 10
    assert len(tally.table()[0]) == 1000


def test_hashes_of_different_rows_differ_and_spread_evenly():
    rows = np.unique(drawn(20_000, 40, 2), axis=0)

    found = hashes(keys(rows, 2))

    assert len(np.unique(found)) == len(rows)
    assert np.bincount((found >> np.uint64(60)).astype(int), minlength=16) == pytest.approx(len(rows) / 16, rel=0.15)
