import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Propensities
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.grading import pairs_of, pick_pairs
from weaklabel.errors import ClickLogError, ModelError, TableError

P = 6


def counts_of(*rows):
    return ClickCounts(
        pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "impressions", "clicks"], orient="row")
    )


def planted(n=400, seed=0, luck=0):
    """Documents at three of six positions each, clicked by trusting users; better ones stand higher."""
    rng = np.random.default_rng(seed)
    relevance = rng.choice([0.0, 1.0], n, p=[0.8, 0.2])
    start = np.clip(rng.integers(0, P - 2, n) - 2 * relevance.astype(int), 0, P - 3)
    position = start[:, None] + np.arange(3)
    alpha, beta = 0.6 / (1 + position), 0.3 / (1 + position) ** 2
    N = rng.integers(1, 60, (n, 3))
    C = np.random.default_rng(seed + 1000 + luck).binomial(N, alpha * relevance[:, None] + beta)
    doc = np.repeat(np.arange(n), 3)
    columns = [[f"q{i // 8:03}" for i in doc], [f"d{i % 8}" for i in doc], position.ravel() + 1, N.ravel(), C.ravel()]
    return counts_of(*zip(*columns, strict=True)), relevance


def shown_at(counts, batch):
    """Impressions of the picked pairs by position."""
    ids = counts.frame.with_columns(id=pl.col("query_id") + "/" + pl.col("doc_id"))
    picked = ids.filter(pl.col("id").is_in(batch.item_ids.to_list()))
    return picked.group_by("position").agg(pl.len()).sort("position")


def test_a_batch_is_of_the_size_asked_for_best_first_and_has_its_random_share_last():
    counts, _ = planted()

    batch = pick_pairs(counts, size=50, random_share=0.2)

    assert len(batch) == 50
    assert batch.item_ids.n_unique() == 50
    assert batch.provenance["random"] == 10
    assert (np.diff(batch.scores) <= 0).all()
    assert (batch.scores[-10:] == 0).all()
    assert (batch.scores[:-10] > 0).all()


def test_a_thin_position_gets_more_of_the_batch_than_by_chance():
    # nine documents in ten stand at positions 1 and 2, the others at 3
    rows = [("q", f"d{i:03}", k, 20, 2) for i in range(180) for k in (1, 2)]
    rows += [("q", f"e{i:03}", 3, 20, 2) for i in range(20)]

    batch = pick_pairs(counts_of(*rows), size=20, random_share=0)

    at_3 = sum(item.startswith("q/e") for item in batch.item_ids)
    assert at_3 >= 6  # by chance 2


def test_a_document_that_was_shown_often_and_at_many_positions_comes_first():
    rows = [("q", f"d{i}", 1 + i % 4, 5, 1) for i in range(40)]
    counts = counts_of(*rows, *(("q", "all", k, 500, 100) for k in (1, 2, 3, 4)))

    batch = pick_pairs(counts, size=5, random_share=0)

    assert batch.item_ids[0] == "q/all"


def test_all_positions_are_covered():
    counts, _ = planted()

    covered = shown_at(counts, pick_pairs(counts, size=40))

    assert covered["position"].to_list() == list(range(1, P + 1))
    assert covered["len"].min() >= 10


def test_a_documents_own_luck_with_clicks_does_not_get_it_picked():
    # documents that are all alike: those picked must not have been clicked more, or less, than others by chance
    gaps = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        N = np.full(300, 30)
        C = rng.binomial(N, 0.2)
        counts = counts_of(*(("q", f"d{i:03}", 1 + i % 3, int(N[i]), int(C[i])) for i in range(300)))
        batch = pick_pairs(counts, size=30, random_share=0)
        picked = [int(item[3:]) for item in batch.item_ids]
        gaps.append(np.abs(C[picked] - C.mean()).mean() - np.abs(C - C.mean()).mean())

    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps)) + 0.1


def test_the_random_share_is_drawn_from_all_pairs_alike():
    counts, _ = planted(n=40)
    drawn = dict.fromkeys(pick_pairs(counts, size=40, random_share=1).item_ids, 0)

    for seed in range(400):
        for item in pick_pairs(counts, size=4, random_share=1, seed=seed).item_ids:
            drawn[item] += 1

    # 1600 draws over 40 pairs: 40 each, with a standard deviation of 6
    assert max(abs(count - 40) for count in drawn.values()) < 25


def test_the_seed_decides_and_the_order_of_the_counts_does_not():
    counts, _ = planted()
    shuffled = ClickCounts(counts.frame.sample(fraction=1, shuffle=True, seed=1))

    batch, again, other = (pick_pairs(c, size=30, seed=s) for c, s in ((counts, 3), (shuffled, 3), (counts, 4)))

    assert batch.item_ids.to_list() == again.item_ids.to_list()
    assert batch.item_ids.to_list() != other.item_ids.to_list()


def test_pairs_that_are_graded_already_are_not_asked_again():
    counts, _ = planted(n=60)
    first = pick_pairs(counts, size=20)
    graded = pl.DataFrame([item.split("/") for item in first.item_ids], schema=["query_id", "doc_id"], orient="row")

    rest = pick_pairs(counts, size=100, exclude=graded)

    assert len(rest) == 40
    assert not set(rest.item_ids) & set(first.item_ids)
    assert rest.provenance["excluded"] == 20


def test_features_say_which_documents_are_probably_relevant():
    # relevant documents are rare; the feature knows them, the places do not
    rng = np.random.default_rng(0)
    relevance = (rng.random(400) < 0.1).astype(float)
    clicks = rng.binomial(50, 0.05 + 0.5 * relevance)
    counts = counts_of(*((f"q{i // 4:03}", f"d{i % 4}", 1 + i % 2, 50, int(clicks[i])) for i in range(400)))
    features = counts.items.with_columns(f=pl.Series(relevance))

    blind, told = (pick_pairs(counts, size=30, random_share=0, features=f) for f in (None, features))

    def relevant(batch):
        rows = counts.items.with_columns(id=pl.col("query_id") + "/" + pl.col("doc_id"), y=pl.Series(relevance))
        return rows.filter(pl.col("id").is_in(batch.item_ids.to_list()))["y"].sum()

    assert relevant(told) >= 8 > relevant(blind)


def test_propensities_may_be_given():
    counts, _ = planted()
    theta, ones = 1 / np.arange(1.0, P + 1), np.ones(P, int)

    batch = pick_pairs(counts, Propensities(np.arange(1, P + 1), theta, theta, theta, ones, ones), size=10)

    assert len(batch) == 10


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"size": 0}, TableError, "at least 1"),
        ({"random_share": 1.5}, ModelError, "random_share is 1.5"),
        ({"exclude": {"query_id": ["q"], "doc_id": ["a"]}}, TableError, "none of the 1 pairs is left"),
    ],
)
def test_what_cannot_be_picked_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        pick_pairs(counts_of(("q", "a", 1, 10, 3)), **change)


def test_a_log_without_clicks_is_refused():
    with pytest.raises(ClickLogError, match="no click"):
        pick_pairs(counts_of(("q", "a", 1, 10, 0)))


def test_the_pairs_of_a_batch_come_in_its_order():
    counts, _ = planted(n=60)
    batch = pick_pairs(counts, size=10)

    pairs = pairs_of(batch, counts)

    assert pairs["id"].to_list() == batch.item_ids.to_list()
    assert (pairs["query_id"] + "/" + pairs["doc_id"]).to_list() == batch.item_ids.to_list()
    assert pairs["score"].to_list() == batch.scores.tolist()


def test_a_batch_of_another_log_is_refused_by_id():
    batch = pick_pairs(counts_of(("q", "a", 1, 10, 3), ("q", "b", 1, 10, 3)), size=2)

    with pytest.raises(TableError, match="the log never showed 'q/b'"):
        pairs_of(batch, counts_of(("q", "a", 1, 10, 3)))


def test_pairs_graded_already_are_named_by_query_and_document():
    counts = counts_of(("q", "a", 1, 10, 5), ("q", "b", 2, 10, 5))

    with pytest.raises(TableError, match="pairs graded already has no column 'query_id'"):
        pick_pairs(counts, exclude={"id": ["q/a"]})
