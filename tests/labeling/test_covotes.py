import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling import covotes as module
from weaklabel.labeling.compiled.choice import forced
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.patterns import VotePatterns, merge, vote_patterns

MATRICES = st.integers(2, 6).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.integers(0, 6).flatmap(
            lambda m: st.lists(st.lists(st.integers(-1, k - 1), min_size=m, max_size=m), min_size=1, max_size=200)
        ),
    )
)


@pytest.fixture(scope="module", autouse=True, params=[False, True], ids=["plain", "compiled"])
def _way(request):
    if request.param:
        pytest.importorskip("numba")
    with forced(request.param):
        yield


def matrix(rows, k=2):
    return LabelMatrix.from_array(np.array(rows, np.int8).reshape(len(rows), -1), [f"c{y}" for y in range(k)])


def plain(rows, k, counts=None):
    """Vote by vote, and item by item."""
    m = len(rows[0])
    table = [[0] * (m * k) for _ in range(m * k)]
    for row, count in zip(rows, counts or [1] * len(rows), strict=True):
        cast = [j * k + v for j, v in enumerate(row) if v >= 0]
        for one, other in itertools.product(cast, cast):
            table[one][other] += count
    return table


def by_products(votes, k):
    hot = (votes[:, :, None] == np.arange(k)).reshape(len(votes), -1).astype(np.int64)
    return hot.T @ hot


@settings(deadline=None)
@given(MATRICES)
def test_each_two_votes_are_counted_on_the_items_where_they_meet(drawn):
    k, rows = drawn

    found = covotes(matrix(rows, k))

    assert found.dtype == np.int64
    assert found.tolist() == plain(rows, k)


@settings(deadline=None)
@given(MATRICES, st.randoms())
def test_the_order_of_the_items_does_not_matter(drawn, shuffler):
    k, rows = drawn
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)

    assert (covotes(matrix(shuffled, k)) == covotes(matrix(rows, k))).all()


@settings(deadline=None)
@given(MATRICES, st.data())
def test_the_tables_of_shards_sum_up_to_that_of_the_whole(drawn, data):
    k, rows = drawn
    cut = data.draw(st.integers(1, len(rows)))
    shards = [matrix(part, k) for part in (rows[:cut], rows[cut:]) if part]

    assert (sum(covotes(shard) for shard in shards) == covotes(matrix(rows, k))).all()
    assert (covotes(merge(*map(vote_patterns, shards))) == covotes(matrix(rows, k))).all()


@settings(deadline=None)
@given(MATRICES, st.data())
def test_a_pattern_counts_as_often_as_items_have_it(drawn, data):
    k, rows = drawn
    table = vote_patterns(matrix(rows, k))
    counts = data.draw(st.lists(st.integers(1, 10**9), min_size=len(table), max_size=len(table)))
    weighted = VotePatterns(table.votes, counts, table.lf_names, table.classes)

    assert covotes(weighted).tolist() == plain(table.votes.tolist(), k, counts)


def test_more_items_than_single_precision_can_count_are_counted_exactly():
    table = VotePatterns([[0, 1], [1, 1]], [2**40 + 1, 2**24 + 1], ("a", "b"), ("no", "yes"))

    found = covotes(table)

    assert found[0, 3] == 2**40 + 1
    assert found[2 + 1, 2 + 1] == 2**40 + 2**24 + 2


@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize("k", [2, 5])
def test_bytes_words_and_blocks_that_are_not_full_count_no_more_than_they_hold(monkeypatch, n, k):
    monkeypatch.setattr(module, "MOST_ROWS", 1024)
    votes = np.random.default_rng(n).integers(-1, k, (n, 7)).astype(np.int8)

    for L in (matrix(votes, k), vote_patterns(matrix(votes, k))):
        assert (covotes(L) == by_products(votes, k)).all()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 99))
def test_blocks_of_the_size_they_have_add_up(seed):
    votes = np.random.default_rng(seed).integers(-1, 2, (150_000, 5)).astype(np.int8)

    assert (covotes(matrix(votes)) == by_products(votes, 2)).all()


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (5, 0)])
def test_without_items_or_functions_there_is_nothing_to_count(n, m):
    L = matrix(np.empty((n, m), np.int8).reshape(n, m)) if n else LabelMatrix.from_array(np.empty((n, m), np.int8))

    assert covotes(L).tolist() == np.zeros((2 * m, 2 * m)).tolist()


def test_a_vote_never_cast_meets_none():
    votes = np.where(np.random.default_rng(0).random((500, 4)) < 0.5, [0, 1, 0, 1], -1)  # one class each

    found = covotes(matrix(votes))

    assert (found == by_products(votes, 2)).all()
    assert not found[[1, 2, 5, 6]].any()


def test_arguments_are_not_written_to():
    votes = np.random.default_rng(0).integers(-1, 3, (500, 4)).astype(np.int8)
    before = votes.tobytes()

    covotes(matrix(votes, 3))

    assert votes.tobytes() == before
