import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import TableError
from weaklabel.labeling.patterns import VotePatterns, condense, distinct, merge, vote_patterns
from weaklabel.labeling.vote_keys import hashes, keys

MATRICES = st.integers(2, 4).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.integers(0, 6).flatmap(
            lambda m: st.lists(st.lists(st.integers(-1, k - 1), min_size=m, max_size=m), min_size=1, max_size=30)
        ),
    )
)


def matrix(rows, k=2):
    return LabelMatrix.from_array(np.array(rows, np.int8).reshape(len(rows), -1), [f"c{y}" for y in range(k)])


def as_dict(table):
    return {tuple(row): count for row, count in zip(table.votes.tolist(), table.counts.tolist(), strict=True)}


def plain(rows):
    counted = {}
    for row in rows:
        counted[tuple(row)] = counted.get(tuple(row), 0) + 1
    return counted


@given(MATRICES)
def test_the_table_counts_each_distinct_row(drawn):
    k, rows = drawn

    table = vote_patterns(matrix(rows, k))

    assert as_dict(table) == plain(rows)
    assert table.n == len(rows)


@given(MATRICES, st.randoms())
def test_neither_order_nor_sharding_changes_a_bit_of_the_table(drawn, shuffler):
    k, rows = drawn
    whole = vote_patterns(matrix(rows, k))
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)
    cut = shuffler.randint(0, len(rows))
    shards = [vote_patterns(matrix(part, k)) for part in (shuffled[:cut], shuffled[cut:]) if part]

    together = merge(*shards)

    assert together.votes.tobytes() == whole.votes.tobytes()
    assert together.counts.tolist() == whole.counts.tolist()


@given(MATRICES)
def test_distinct_rows_can_be_gathered_back(drawn):
    k, rows = drawn
    votes = matrix(rows, k).votes

    first, which = distinct(votes, k)

    assert (votes[first][which] == votes).all()
    assert len(first) == len(plain(rows))


def test_few_patterns_are_condensed_to_themselves():
    votes, weight = condense(matrix([[0, 1], [1, 1], [0, 1]]), 2)

    assert votes.tolist() == [[0, 1], [1, 1]]
    assert weight.tolist() == [2, 1]


def test_a_condensed_table_keeps_frequent_rows_and_estimates_sums_without_bias():
    rng = np.random.default_rng(0)
    rare = rng.integers(-1, 2, (20_000, 24)).astype(np.int8)
    often = np.tile(np.array([[1] * 24], np.int8), (5_000, 1))
    votes = np.concatenate([rare, often])

    kept, weight = condense(matrix(votes), 2_000)

    assert len(kept) == 2_000
    frequent = (kept == 1).all(axis=1)
    assert weight[frequent] == pytest.approx(5_000)
    assert weight.sum() == pytest.approx(25_000, rel=0.05)
    share = (weight[~frequent] @ (kept[~frequent] == 1)) / weight[~frequent].sum()
    assert share == pytest.approx((rare == 1).mean(axis=0), abs=0.05)


def test_the_draw_of_patterns_does_not_depend_on_order_or_shards():
    votes = np.random.default_rng(1).integers(-1, 2, (3_000, 12)).astype(np.int8)
    shards = merge(vote_patterns(matrix(votes[2000:])), vote_patterns(matrix(votes[:2000])))

    for other in (matrix(votes[::-1]), shards):
        kept, weight = condense(other, 500)
        expected, expected_weight = condense(matrix(votes), 500)
        assert kept.tobytes() == expected.tobytes()
        assert weight.tolist() == expected_weight.tolist()


def test_condensing_is_priority_sampling_by_the_hash_of_the_row():
    rng = np.random.default_rng(3)
    votes = rng.integers(-1, 2, (400, 40)).astype(np.int8)[rng.integers(0, 400, 3_000)]
    counts = plain(votes.tolist())
    drawn = (hashes(keys(np.array(list(counts), np.int8), 2)).astype(float) + 1) / 2.0**64
    priority = {row: count / u for (row, count), u in zip(counts.items(), drawn, strict=True)}
    threshold = sorted(priority.values())[-101]

    kept, weight = condense(matrix(votes), 100)

    expected = {row: max(counts[row], threshold) for row in counts if priority[row] > threshold}
    assert dict(zip(map(tuple, kept.tolist()), weight, strict=True)) == pytest.approx(expected)
    assert len(kept) == 100


def test_a_table_saves_and_loads(tmp_path):
    table = vote_patterns(matrix([[0, 1, -1], [1, 2, 2], [0, 1, -1]], 3))

    table.save(tmp_path / "patterns.parquet")
    loaded = VotePatterns.load(tmp_path / "patterns.parquet")

    assert as_dict(loaded) == as_dict(table)
    assert (loaded.lf_names, loaded.classes) == (table.lf_names, table.classes)


def test_tables_of_other_functions_do_not_add_up():
    with pytest.raises(TableError, match="different functions or classes"):
        merge(vote_patterns(matrix([[0, 1]])), vote_patterns(matrix([[0, 1, 1]])))


def test_nothing_to_merge_is_said():
    with pytest.raises(TableError, match="no vote patterns"):
        merge()


def test_a_function_may_not_take_the_name_of_the_counts():
    with pytest.raises(TableError, match="'n_items'"):
        VotePatterns(np.zeros((1, 1), np.int8), np.ones(1, np.int64), ("n_items",), ("a", "b"))


@settings(max_examples=25)
@given(MATRICES)
def test_a_table_of_a_table_is_itself(drawn):
    k, rows = drawn
    table = vote_patterns(matrix(rows, k))

    assert vote_patterns(table) is table
    assert as_dict(merge(table, table)) == {row: 2 * count for row, count in as_dict(table).items()}
