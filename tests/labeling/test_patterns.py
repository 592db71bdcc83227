import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import ArtefactError, TableError
from weaklabel.labeling.patterns import (
    VotePatterns,
    condense,
    distinct,
    keys,
    merge,
    read_patterns,
    vote_patterns,
)

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


@pytest.mark.parametrize(("m", "k"), [(1, 2), (33, 2), (34, 2), (100, 2), (7, 127), (2000, 3)])
def test_keys_tell_rows_apart_however_wide_they_are(m, k):
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, k, (50, m)).astype(np.int8)
    close, where = votes.astype(int), (np.arange(50), rng.integers(m, size=50))
    close[where] = (close[where] + 2) % (k + 1) - 1  # one vote in each row is another

    both = np.concatenate([votes, votes, close.astype(np.int8)])

    same = (keys(both, k)[:, None] == keys(both, k)[None]).all(axis=2)
    assert (same == (both[:, None] == both[None]).all(axis=2)).all()


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


def test_a_table_saves_and_loads(tmp_path):
    table = vote_patterns(matrix([[0, 1, -1], [1, 2, 2], [0, 1, -1]], 3))

    table.save(tmp_path / "patterns.parquet")
    loaded = VotePatterns.load(tmp_path / "patterns.parquet")

    assert as_dict(loaded) == as_dict(table)
    assert (loaded.lf_names, loaded.classes) == (table.lf_names, table.classes)


def test_shards_on_disk_give_the_table_of_the_whole(tmp_path):
    votes = np.random.default_rng(2).integers(-1, 3, (900, 5)).astype(np.int8)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, part in zip(paths, (votes[:400], votes[400:]), strict=True):
        matrix(part, 3).save(path)

    table = read_patterns(paths)

    assert as_dict(table) == plain(votes.tolist())


def test_tables_of_other_functions_do_not_add_up():
    with pytest.raises(TableError, match="different functions or classes"):
        merge(vote_patterns(matrix([[0, 1]])), vote_patterns(matrix([[0, 1, 1]])))


def test_nothing_to_merge_is_said():
    with pytest.raises(TableError, match="no vote patterns"):
        merge()


def test_a_file_that_holds_no_votes_is_refused(tmp_path):
    L = matrix([[0, 1]])
    Posterior(np.array([[1.0, 0.0]]), L.item_ids, L.classes, np.ones(1, bool)).save(tmp_path / "posterior.parquet")

    with pytest.raises(ArtefactError, match=r"posterior.parquet holds a posterior; a label matrix is needed here"):
        read_patterns([tmp_path / "posterior.parquet"])


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
