import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel import Posterior, plugins
from weaklabel.errors import ModelError, TableError, UnknownNameError
from weaklabel.review.pick import pick


def posterior(p_spam, ids=None, covered=None, answered=()):
    p = np.array(p_spam, float)
    ids = [f"c-{i}" for i in range(len(p))] if ids is None else ids
    covered = np.ones(len(p), bool) if covered is None else np.array(covered)
    return Posterior(np.stack([1 - p, p], axis=1), pl.Series(ids, dtype=pl.String), ("ham", "spam"), covered, answered)


def test_the_most_uncertain_items_come_first():
    batch = pick(posterior([0.9, 0.55, 0.3, 0.99]), 2)

    assert batch.item_ids.to_list() == ["c-1", "c-2"]
    assert batch.scores == pytest.approx([0.9, 0.6])
    assert batch.strategy == "margin"


def test_an_answered_item_is_never_picked():
    batch = pick(posterior([0.5, 0.6, 0.7], answered=[True, False, False]), 3)

    assert batch.item_ids.to_list() == ["c-1", "c-2"]


def test_an_excluded_item_is_never_picked_and_an_unknown_id_excludes_nothing():
    batch = pick(posterior([0.5, 0.6, 0.7]), 3, exclude=["c-0", "from another table"])

    assert batch.item_ids.to_list() == ["c-1", "c-2"]


def test_asking_for_more_than_there_is_gives_all_there_is():
    assert len(pick(posterior([0.5, 0.6]), 100)) == 2


def test_the_provenance_counts_who_was_left_to_choose_from():
    beliefs = posterior([0.5, 0.5, 0.9, 0.8, 0.7], covered=[0, 0, 1, 1, 1], answered=[1, 0, 0, 0, 0])

    batch = pick(beliefs, 2, seed=3, exclude=["c-4"])

    assert batch.item_ids.to_list() == ["c-1", "c-3"]
    assert batch.provenance == {
        "seed": 3,
        "size": 2,
        "items": 5,
        "answered": 1,
        "excluded": 1,
        "pool": 3,
        "pool_uncovered": 1,
        "picked_uncovered": 1,
        "labels": {},
    }


def test_a_batch_survives_the_disk(tmp_path):
    batch = pick(posterior([0.9, 0.55, 0.3]), 2, "entropy", seed=1)

    batch.save(tmp_path / "batch.parquet")

    loaded = type(batch).load(tmp_path / "batch.parquet")
    assert loaded.to_frame().equals(batch.to_frame())
    assert loaded.provenance == batch.provenance


def test_any_function_of_the_probabilities_can_be_the_strategy():
    def surest(probs):
        return probs.max(axis=1)

    batch = pick(posterior([0.5, 0.99, 0.7]), 1, surest)

    assert batch.item_ids.to_list() == ["c-1"]
    assert batch.strategy == "surest"


@pytest.mark.parametrize("strategy", plugins.names("strategy"))
def test_ties_are_drawn_by_the_seed(strategy):
    tied = posterior([0.5] * 100)

    first, again, other = (pick(tied, 10, strategy, seed=seed).item_ids.to_list() for seed in (0, 0, 1))

    assert first == again
    assert set(first) != set(other)


def test_the_draw_is_the_same_on_every_machine():
    # The smallest of `printf "0:$id" | b2sum -l 128` come first: a 1d.., e 4b.., c 76..
    assert pick(posterior([0.5] * 6, ids=list("abcdef")), 3).item_ids.to_list() == ["a", "e", "c"]


def test_a_random_batch_takes_every_item_equally_often():
    beliefs = posterior([0.5, 0.99, 0.01, 0.7, 0.6])

    drawn = [pick(beliefs, 1, "random", seed=seed).item_ids[0] for seed in range(1000)]

    # Each of 5 items is expected 200 times with a standard deviation of 13; five of those is 65.
    counts = [drawn.count(f"c-{i}") for i in range(5)]
    assert counts == pytest.approx([200] * 5, abs=65)


@given(st.lists(st.sampled_from([0.5, 0.6, 0.7, 0.9]), min_size=1, max_size=30), st.integers(1, 35), st.randoms())
def test_the_order_of_the_rows_changes_nothing(p_spam, size, shuffler):
    order = list(range(len(p_spam)))
    shuffler.shuffle(order)

    batch = pick(posterior(p_spam), size)
    shuffled = pick(posterior([p_spam[i] for i in order], ids=[f"c-{i}" for i in order]), size)

    assert shuffled.item_ids.to_list() == batch.item_ids.to_list()
    assert shuffled.scores.tolist() == batch.scores.tolist()


@given(st.lists(st.sampled_from([0.5, 0.6, 0.7, 0.9]), min_size=2, max_size=30), st.data())
def test_a_smaller_batch_is_the_head_of_a_larger_one(p_spam, data):
    size = data.draw(st.integers(1, len(p_spam) - 1))

    everything = pick(posterior(p_spam), len(p_spam))

    assert pick(posterior(p_spam), size).item_ids.to_list() == everything.item_ids.to_list()[:size]
    assert (np.diff(everything.scores) <= 0).all()


@pytest.mark.parametrize("size", [0, -3])
def test_a_batch_of_nothing_is_refused(size):
    with pytest.raises(TableError, match=f"{size} items asks nothing"):
        pick(posterior([0.5]), size)


def test_an_empty_pool_says_where_the_items_went():
    with pytest.raises(TableError, match="none of the 2 items is left to ask about: 1 are answered, 1 excluded"):
        pick(posterior([0.5, 0.5], answered=[True, False]), 1, exclude=["c-1"])


def test_one_text_to_exclude_is_not_taken_for_a_list_of_letters():
    with pytest.raises(TableError, match=r"such as \['c-1'\]"):
        pick(posterior([0.5, 0.5]), 1, exclude="c-1")


def test_an_unknown_strategy_lists_those_there_are():
    with pytest.raises(UnknownNameError, match="did you mean 'margin'.*entropy, least_confident, margin, random"):
        pick(posterior([0.5]), 1, "margins")


def test_a_nan_score_names_the_strategy_and_the_item():
    def zero_over_zero(probs):
        return np.array([0.1, np.nan])

    with pytest.raises(ModelError, match="'zero_over_zero' gave item 'c-2' the score NaN"):
        pick(posterior([0.5, 0.5, 0.5], answered=[True, False, False]), 1, zero_over_zero)


def test_a_strategy_must_score_each_item():
    def one_for_all(probs):
        return 1.0

    with pytest.raises(ModelError, match=r"'one_for_all' gave scores of shape \(\); 2 items"):
        pick(posterior([0.5, 0.5]), 1, one_for_all)


def test_infinite_scores_are_ranks_too():
    batch = pick(posterior([0.5, 0.5, 0.5]), 2, lambda probs: np.array([0, np.inf, -np.inf]))

    assert batch.item_ids.to_list() == ["c-1", "c-0"]
