from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import engine
from weaklabel.artefacts import LabelMatrix, Posterior, store
from weaklabel.errors import ArtefactError, TableError, VoteError
from weaklabel.labeling import vote_counts as module
from weaklabel.labeling import vote_parts
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.denoise import label_model
from weaklabel.labeling.patterns import VoteCounts, condense, vote_patterns
from weaklabel.labeling.vote_counts import count_votes, read_covotes, read_patterns
from weaklabel.labeling.vote_parts import Voters
from weaklabel.labeling.vote_sample import ItemSample
from weaklabel.labeling.vote_tally import VoteTally


def matrix(votes, k=2, first=0):
    votes = np.asarray(votes, np.int8)
    ids = pl.Series("id", [f"item-{i}" for i in range(first, first + len(votes))], pl.String)
    names = tuple(f"lf_{j}" for j in range(votes.shape[1]))
    digests = np.arange(first, first + len(votes), dtype=np.uint64)
    return LabelMatrix(votes, ids, names, tuple(f"c{y}" for y in range(k)), row_digests=digests)


def drawn(n=900, m=5, k=3, seed=2):
    """Few distinct rows: half of the votes are those of six rows."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, k, (n, m))
    common = rng.random(n) < 0.5
    votes[common] = rng.integers(-1, k, (6, m))[rng.integers(0, 6, common.sum())]
    votes[rng.random(n) < 0.1] = -1
    return votes.astype(np.int8)


def saved(folder, votes, cuts=(), k=3):
    folder.mkdir(exist_ok=True)
    edges = [0, *cuts, len(votes)]
    for i, (start, end) in enumerate(pairwise(edges)):
        matrix(votes[start:end], k, start).save(folder / f"part-{i}.parquet")
    return folder


def said(counts: VoteCounts):
    """All of it, to the last bit."""
    table = counts.patterns
    arrays = [counts.covotes.tobytes(), table.votes.tobytes(), table.counts.tobytes()]
    return counts.n, counts.n_covered, counts.lf_names, counts.classes, *arrays


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Tasks, and batches of them, far smaller than the tests' tables."""
    monkeypatch.setattr(module, "ROWS", 250)
    monkeypatch.setattr(vote_parts, "BATCH", 60)


def test_parts_on_disk_give_what_the_whole_matrix_gives(tmp_path):
    votes = drawn()
    L = matrix(votes, 3)

    counts = count_votes(saved(tmp_path / "votes", votes, (400,)))

    table = vote_patterns(L)
    assert (counts.n, counts.n_covered) == (900, int(L.covered.sum()))
    assert counts.covotes.tolist() == covotes(L).tolist()
    assert counts.patterns.votes.tolist() == table.votes.tolist()
    assert counts.patterns.counts.tolist() == table.counts.tolist()
    assert (counts.lf_names, counts.classes, counts.cardinality) == (L.lf_names, L.classes, 3)
    assert not counts.sampled


def test_patterns_and_covotes_can_be_read_by_themselves(tmp_path):
    votes = drawn()
    folder = saved(tmp_path / "votes", votes, (100, 101))

    table, together = read_patterns(folder), read_covotes([folder / f"part-{i}.parquet" for i in range(3)])

    assert table.votes.tolist() == vote_patterns(matrix(votes, 3)).votes.tolist()
    assert together.tolist() == covotes(matrix(votes, 3)).tolist()


@pytest.mark.parametrize("most", [10_000, 50])
def test_neither_order_nor_sharding_nor_backend_changes_a_bit(tmp_path, most):
    votes = drawn()
    whole = saved(tmp_path / "whole", votes)
    expected = said(count_votes(whole, most))
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    L = matrix(votes, 3)
    order = np.random.default_rng(0).permutation(900)
    for name, rows in (("b", order[:17]), ("a", order[17:600]), ("c", order[600:])):
        replace(L, votes=votes[rows], item_ids=L.item_ids[rows], row_digests=L.row_digests[rows]).save(
            shuffled / f"{name}.parquet"
        )

    found = [count_votes(shuffled, most)]
    for backend in ("threads", "loky"):
        with engine.run_on(backend, n_jobs=2):
            found.append(count_votes(whole, most))

    for counts in found:
        assert said(counts) == expected
        assert counts.sampled == (most == 50)


MATRICES = st.integers(2, 4).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.integers(1, 4).flatmap(
            lambda m: st.lists(st.lists(st.integers(-1, k - 1), min_size=m, max_size=m), min_size=1, max_size=30)
        ),
    )
)


@settings(max_examples=50, deadline=None)
@given(MATRICES, st.integers(1, 8), st.randoms())
def test_tallies_add_up_in_any_order_also_past_the_most(drawn_rows, most, shuffler):
    k, rows = drawn_rows
    votes = np.array(rows, np.int8)
    voters = Voters(tuple(f"lf_{j}" for j in range(votes.shape[1])), tuple(f"c{y}" for y in range(k)))
    shuffled = votes[np.array(shuffler.sample(range(len(votes)), len(votes)))]
    shards = np.array_split(shuffled, shuffler.randint(1, 5))

    tallies = []
    for shard in shards:
        tally = VoteTally(voters, most)
        for batch in np.array_split(shard, 2):
            tally.add(batch)
        tallies.append(tally)
    shuffler.shuffle(tallies)
    total = VoteTally(voters, most)
    for tally in tallies:
        total.merge(tally.settled())

    total.settled()
    n_distinct = len(np.unique(votes, axis=0))
    assert total.too_many == (n_distinct > most)
    assert total.n == len(votes)
    assert total.n_covered == (votes != -1).any(axis=1).sum()
    assert total.covotes().tolist() == covotes(LabelMatrix.from_array(votes, voters.classes)).tolist()
    assert total.table().n == (0 if total.too_many else len(votes))


def test_with_too_many_distinct_rows_the_patterns_are_a_samples_and_the_rest_is_exact(tmp_path):
    votes = np.random.default_rng(4).integers(-1, 2, (4_000, 30)).astype(np.int8)
    L = matrix(votes)

    counts = count_votes(saved(tmp_path / "votes", votes, (1_500,), k=2), max_patterns=1_000)

    assert counts.sampled
    assert counts.patterns.n == 1_000
    assert {tuple(row) for row in counts.patterns.votes.tolist()} <= {tuple(row) for row in votes.tolist()}
    assert counts.covotes.tolist() == covotes(L).tolist()
    share = counts.patterns.counts @ (counts.patterns.votes == 1) / 1_000
    assert share == pytest.approx((votes == 1).mean(axis=0), abs=0.06)


def test_the_sample_holds_the_items_whose_ids_have_the_smallest_hashes():
    votes = np.arange(200, dtype=np.int64).astype(np.int8).reshape(-1, 1) % 2
    ids = pl.Series([f"item-{i}" for i in range(200)])
    hashes = ids.hash(seed=1).to_numpy()
    shards = []
    for rows in (range(80), range(80, 81), range(81, 200)):
        shard = ItemSample(10, 1)
        for start in range(rows.start, rows.stop, 7):
            batch = slice(start, min(start + 7, rows.stop))
            shard.add(ids[batch], votes[batch], 2)
        shards.append(shard)

    total = ItemSample(10, 1)
    for shard in reversed(shards):
        total.merge(shard)

    assert sorted(total.settled().hashes.tolist()) == sorted(hashes.tolist())[:10]
    smallest = np.argsort(hashes)[:10]
    assert sorted(total.numbers[:, 0].tolist()) == sorted((votes[smallest, 0] + 1).tolist())


def test_a_table_that_fits_is_condensed_as_that_of_the_whole_matrix(tmp_path):
    votes = np.random.default_rng(5).integers(-1, 3, (900, 8)).astype(np.int8)

    kept, weight = condense(count_votes(saved(tmp_path / "votes", votes, (250,))), 100)

    expected, expected_weight = condense(matrix(votes, 3), 100)
    assert kept.tobytes() == expected.tobytes()
    assert weight.tolist() == expected_weight.tolist()


@pytest.mark.parametrize("name", ["hybrid_em", "dawid_skene", "triplet", "weighted_majority", "majority"])
def test_models_fitted_to_counts_of_parts_are_those_fitted_to_the_matrix(tmp_path, name):
    votes = drawn(m=6)
    L = matrix(votes, 3)

    counts = count_votes(saved(tmp_path / "votes", votes, (400,)))

    found = label_model(name).fit(counts).predict_proba(L)
    assert found.probs.tobytes() == label_model(name).fit(L).predict_proba(L).probs.tobytes()


def test_votes_without_functions_are_counted(tmp_path):
    saved(tmp_path / "votes", np.zeros((70, 0), np.int8))

    counts = count_votes(tmp_path / "votes")

    assert (counts.n, counts.n_covered, counts.covotes.shape) == (70, 0, (0, 0))
    assert counts.patterns.counts.tolist() == [70]


def test_a_part_without_items_adds_nothing(tmp_path):
    votes = drawn(100)
    saved(tmp_path / "votes", votes, (0,))

    assert count_votes(tmp_path / "votes").n == 100
    assert count_votes(tmp_path / "votes" / "part-0.parquet").n == 0


def test_a_file_that_holds_no_votes_is_refused_and_named(tmp_path):
    saved(tmp_path / "votes", drawn())
    L = matrix([[0, 1]])
    Posterior(np.array([[1.0, 0.0]]), L.item_ids, L.classes, np.ones(1, bool)).save(tmp_path / "votes" / "z.parquet")

    with pytest.raises(ArtefactError, match=r"z\.parquet holds a posterior; a label matrix is needed here"):
        count_votes(tmp_path / "votes")


def test_a_part_of_other_functions_or_classes_is_named_with_what_differs(tmp_path):
    first = saved(tmp_path / "votes", drawn()) / "part-0.parquet"
    L = matrix(drawn(), 3)
    other = replace(L, lf_names=("lf_0", "links", *L.lf_names[2:]))
    more = replace(L, classes=(*L.classes, "c3"))
    for wrong, differs in (
        (other, "of the functions, the first that differs is 'links' in the one and 'lf_1' in the other"),
        (more, "of the classes, the first that differs is 'c3' in the one and None in the other"),
    ):
        wrong.save(tmp_path / "x.parquet")

        with pytest.raises(TableError, match=rf"x\.parquet holds votes of other .* than .*part-0\.parquet: {differs}"):
            count_votes([first, tmp_path / "x.parquet"])


@pytest.mark.parametrize("vote", [3, -2, 0.5, None])
def test_a_vote_that_is_none_is_named_with_its_file_and_row(tmp_path, vote):
    L = matrix(np.zeros((400, 2)))
    column = pl.Series("lf_1", [0] * 400, pl.Float64 if isinstance(vote, float) else pl.Int8)
    column[333] = vote
    store.write(tmp_path / "votes.parquet", L.kind, L.to_frame().with_columns(column), L.meta())

    with pytest.raises(VoteError, match=r"votes\.parquet: labeling function 'lf_1' voted .* in row 333; a vote is -1"):
        count_votes(tmp_path / "votes.parquet")


def test_votes_in_words_are_refused(tmp_path):
    L = matrix(np.zeros((400, 2)))
    words = pl.Series("lf_1", ["ham"] * 400)
    store.write(tmp_path / "votes.parquet", L.kind, L.to_frame().with_columns(words), L.meta())

    with pytest.raises(VoteError, match=r"'lf_1' voted in a column of type String, not in numbers"):
        count_votes(tmp_path / "votes.parquet")


def test_what_cannot_be_counted_is_said(tmp_path):
    saved(tmp_path / "votes", drawn(10))
    named = replace(matrix([[0, 1]]), lf_names=("a", "n_items"))
    named.save(tmp_path / "named.parquet")

    with pytest.raises(TableError, match="max_patterns is 0"):
        count_votes(tmp_path / "votes", max_patterns=0)
    with pytest.raises(TableError, match="no label matrices"):
        count_votes([])
    with pytest.raises(TableError, match="'n_items'"):
        count_votes(tmp_path / "named.parquet")
    with pytest.raises(TableError, match="no file at"):
        read_patterns([tmp_path / "missing.parquet"])


def test_parts_elsewhere_are_counted_and_named_by_their_place(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    votes = drawn()
    store_of = fsspec.filesystem("memory")
    store_of.put(str(saved(tmp_path / "votes", votes, (400,))), "/elsewhere/votes", recursive=True)
    try:
        counts = count_votes("memory://elsewhere/votes")
        store_of.pipe("/elsewhere/votes/z.parquet", b"no table")

        with pytest.raises(ArtefactError, match=r"^memory://elsewhere/votes/z\.parquet is not a whole Parquet file"):
            count_votes("memory://elsewhere/votes")
    finally:
        store_of.rm("/elsewhere", recursive=True)

    assert said(counts) == said(count_votes(tmp_path / "votes"))


@pytest.mark.parametrize("most", [10_000, 50])
def test_snorkel_is_fitted_to_all_items_also_where_the_patterns_are_a_samples(tmp_path, most):
    votes = drawn(m=6)
    L = matrix(votes, 3)

    counts = count_votes(saved(tmp_path / "votes", votes, (400,)), most)

    assert label_model("snorkel").fit(counts).mu_.tobytes() == label_model("snorkel").fit(L).mu_.tobytes()
