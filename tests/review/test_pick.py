from contextlib import contextmanager
from hashlib import blake2b
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from weaklabel import Posterior, plugins
from weaklabel.artefacts import Annotation
from weaklabel.errors import ModelError, TableError, UnknownNameError
from weaklabel.review.pick import pick
from weaklabel.review.picking import ceiling, part
from weaklabel.review.strategies.diverse import Diverse


def posterior(p_spam, ids=None, covered=None, answered=()):
    p = np.array(p_spam, float)
    ids = [f"c-{i}" for i in range(len(p))] if ids is None else ids
    covered = np.ones(len(p), bool) if covered is None else np.array(covered)
    return Posterior(np.stack([1 - p, p], axis=1), pl.Series(ids, dtype=pl.String), ("ham", "spam"), covered, answered)


def answer(item_id, annotator, label):
    return Annotation(f"{item_id} {annotator}", item_id, item_id, label, annotator)


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
    known = {"features": np.ones((100, 2)), "weak": tied, "lf_accuracy": 0.9, "members": [tied, tied], "answers": []}

    first, again, other = (pick(tied, 10, strategy, seed=seed, **known).item_ids.to_list() for seed in (0, 0, 1))

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


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from([0.5, 0.6, 0.7, 0.9]), min_size=1, max_size=30), st.integers(1, 35), st.randoms())
def test_the_order_of_the_rows_changes_nothing(p_spam, size, shuffler):
    order = list(range(len(p_spam)))
    shuffler.shuffle(order)

    batch = pick(posterior(p_spam), size)
    shuffled = pick(posterior([p_spam[i] for i in order], ids=[f"c-{i}" for i in order]), size)

    assert shuffled.item_ids.to_list() == batch.item_ids.to_list()
    assert shuffled.scores.tolist() == batch.scores.tolist()


@settings(deadline=None)  # the machine may be busy
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
    with pytest.raises(UnknownNameError, match="did you mean 'margin'.*committee, diverse, entropy, least_confident"):
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


def test_diverse_takes_one_of_each_pair_of_twins():
    # Six doubtful items in three places; the sure item lies apart, and is not in the short list.
    places = np.array([[0, 0], [0, 0], [9, 0], [9, 0], [0, 9], [0, 9], [99, 99]], float)

    for seed in range(20):
        batch = pick(posterior([0.5] * 6 + [0.99]), 3, Diverse(funnel=2), features=places, seed=seed)

        assert {places[int(i[2:])].tobytes() for i in batch.item_ids} == {row.tobytes() for row in places[:6]}


@pytest.mark.parametrize("strategy", [Diverse(), Diverse("badge", funnel=3)])
def test_diverse_never_takes_an_item_twice_even_where_all_lie_in_one_place(strategy):
    batch = pick(posterior([0.5] * 30), 20, strategy, features=np.ones((30, 2)))

    assert batch.item_ids.n_unique() == 20
    assert batch.strategy == "Diverse"
    assert batch.provenance["strategy"] == repr(strategy)


def test_sparse_features_choose_what_the_same_dense_ones_choose():
    rng = np.random.default_rng(0)
    features, beliefs = rng.integers(0, 3, (200, 20)) * 1.0, posterior(rng.random(200))

    dense, sparse = (
        pick(beliefs, 10, strategy, features=given).item_ids.to_list()
        for strategy in ("diverse",)
        for given in (features, csr_array(features))
    )

    assert sparse == dense


def test_a_strategy_without_what_it_needs_says_what_to_give():
    with pytest.raises(TableError, match="'diverse' needs features of the items: give pick features=..."):
        pick(posterior([0.5]), 1, "diverse")
    with pytest.raises(TableError, match="'lf_aware' needs weak"):
        pick(posterior([0.5]), 1, "lf_aware")
    with pytest.raises(TableError, match="'committee' needs members"):
        pick(posterior([0.5]), 1, "committee")
    with pytest.raises(TableError, match="'relabel' needs opinions of the items: give pick answers="):
        pick(posterior([0.5]), 1, "relabel")


def test_features_of_other_items_are_refused():
    with pytest.raises(TableError, match=r"features have shape \(3, 2\): 2 items"):
        pick(posterior([0.5, 0.5]), 1, "diverse", features=np.ones((3, 2)))


def test_lf_aware_prefers_the_item_on_which_label_model_and_end_model_differ():
    end_model, label_model = posterior([0.6, 0.6]), posterior([0.6, 0.05])

    batch = pick(end_model, 1, "lf_aware", weak=label_model, lf_accuracy=0.9)

    assert batch.item_ids.to_list() == ["c-1"]
    assert batch.provenance["lf_accuracy"] == 0.9


def test_the_label_model_is_matched_by_id():
    end_model, label_model = posterior([0.6, 0.6, 0.9]), posterior([0.05, 0.6, 0.5], ids=["c-1", "c-0", "other"])

    with pytest.raises(TableError, match="weak lacks item 'c-2'"):
        pick(end_model, 1, "lf_aware", weak=label_model, lf_accuracy=0.9)
    whole = posterior([0.05, 0.6, 0.9], ids=["c-1", "c-0", "c-2"])
    assert pick(end_model, 1, "lf_aware", weak=whole, lf_accuracy=0.9).item_ids.to_list() == ["c-1"]


def test_where_no_function_voted_the_label_model_contradicts_nothing():
    end_model = posterior([0.6, 0.9])
    silent = posterior([0.6, 0.5], covered=[True, False])

    batch = pick(end_model, 2, "lf_aware", weak=silent, lf_accuracy=0.9)

    assert batch.scores == pytest.approx([0.8, 0.2])


def test_a_committee_asks_where_its_members_differ():
    members = [posterior([0.9, 0.5, 0.9]), posterior([0.1, 0.5, 0.8])]

    batch = pick(posterior([0.5, 0.5, 0.85]), 3, "committee", members=members)

    assert batch.item_ids.to_list() == ["c-0", "c-2", "c-1"]


def test_quotas_by_class_are_met_exactly():
    beliefs = posterior([0.5, 0.4, 0.41, 0.42, 0.9, 0.99])

    batch = pick(beliefs, 3, per_class={"spam": 2, "ham": 1})

    # c-0 ties, and counts for the first class.
    assert batch.item_ids.to_list() == ["c-0", "c-4", "c-5"]
    assert batch.provenance["quotas"]["class"]["spam"] == {"asked": 2, "picked": 2}


def test_places_without_a_quota_go_to_items_under_none():
    beliefs = posterior([0.9, 0.55, 0.6, 0.45, 0.3])

    batch = pick(beliefs, 3, per_class={"spam": 1})

    assert sorted(batch.item_ids) == ["c-1", "c-3", "c-4"]


def test_a_quota_that_cannot_be_met_is_said(caplog):
    batch = pick(posterior([0.9, 0.3, 0.2, 0.1]), 3, per_class={"spam": 2})

    assert batch.item_ids.to_list() == ["c-1", "c-2", "c-0"]
    assert batch.provenance["quotas"] == {"class": {"spam": {"asked": 2, "picked": 1}}}
    assert "quota of class 'spam' asks for 2 items, but only 1 are there" in caplog.text


def test_quotas_by_class_and_group_that_only_one_choice_meets_are_met():
    # By doubt alone c-0 (ham, a) would be first, but the only spam is in a, and a has one place.
    beliefs, groups = posterior([0.49, 0.9, 0.2]), ["a", "a", "b"]

    batch = pick(beliefs, 2, per_class={"spam": 1, "ham": 1}, groups=groups, per_group={"a": 1, "b": 1})

    assert sorted(batch.item_ids) == ["c-1", "c-2"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_batch_fills_more_of_the_quotas_or_is_worth_more(seed):
    rng = np.random.default_rng(seed)
    p, groups = rng.permutation(np.linspace(0.03, 0.98, 8)), rng.choice(["a", "b", "c"], 8)
    classes, by_group = {"spam": int(rng.integers(0, 4))}, {"a": int(rng.integers(0, 3)), "b": int(rng.integers(0, 3))}

    batch = pick(posterior(p), 5, per_class=classes, groups=groups, per_group=by_group)

    def value(rows):
        spam = sum(p[i] > 0.5 for i in rows)
        there = [(groups[list(rows)] == name).sum() for name in by_group]
        if spam > classes["spam"] or any(n > most for n, most in zip(there, by_group.values(), strict=True)):
            return (-1,)
        return (spam + sum(there), len(rows), round(sum(1 - abs(2 * p[i] - 1) for i in rows), 9))

    best = max(value(rows) for size in range(6) for rows in combinations(range(8), size))
    assert value([int(i[2:]) for i in batch.item_ids]) == best


def test_at_most_so_many_of_a_group_are_its_most_doubtful():
    threads = {"c-0": "x", "c-1": "x", "c-2": "x", "c-3": "y"}

    batch = pick(posterior([0.5, 0.52, 0.54, 0.9]), 3, groups=threads, per_group=2)

    assert batch.item_ids.to_list() == ["c-0", "c-1", "c-3"]


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 12))
def test_at_most_so_many_of_a_group_is_what_walking_down_the_whole_ranking_gives(seed, most, size):
    rng = np.random.default_rng(seed)
    p, groups = rng.choice([0.5, 0.6, 0.7, 0.9], 40), rng.integers(0, 8, 40).astype(str)

    batch = pick(posterior(p), size, groups=groups, per_group=most)

    taken = []
    for item in pick(posterior(p), 40).item_ids:
        if sum(groups[int(i[2:])] == groups[int(item[2:])] for i in taken) < most:
            taken.append(item)
    assert batch.item_ids.to_list() == taken[:size]


@pytest.mark.parametrize(
    ("quotas", "message"),
    [
        ({"per_class": {"eggs": 1}}, "per_class names 'eggs'; the classes are ham, spam"),
        ({"per_class": {"spam": 3}}, "ask for 3 items, the batch has 2"),
        ({"per_class": {"spam": -1}}, "quota of class 'spam' is -1"),
        ({"per_group": {"a": 1}}, "groups and per_group go together"),
        ({"groups": ["a"], "per_group": 1}, "1 values of group for 2 items"),
        ({"groups": {"c-0": "a"}, "per_group": 1}, "item 'c-1' has no group"),
        ({"groups": ["a", "b"], "per_group": 0}, "per_group is 0"),
        ({"price": [1, 0]}, "item 'c-1' costs 0.0: a price is above 0"),
        ({"budget": 3}, "says nothing without the price"),
        ({"price": 5, "budget": 4}, "the budget of 4 pays for none of the 2 items: the cheapest costs 5"),
    ],
)
def test_impossible_limits_are_refused(quotas, message):
    with pytest.raises(TableError, match=message):
        pick(posterior([0.5, 0.6]), 2, **quotas)


def test_a_cheap_item_goes_before_a_dear_one_that_is_a_little_more_doubtful():
    batch = pick(posterior([0.5, 0.4]), 2, price={"c-0": 3.0, "c-1": 1.0})

    assert batch.item_ids.to_list() == ["c-1", "c-0"]
    assert batch.scores == pytest.approx([0.8, 1 / 3])
    assert batch.provenance["price"] == {"total": 4.0, "budget": None}


def test_a_budget_is_never_passed():
    # In floating point 0.1 + 0.2 is more than 0.3, and ten times 0.1 is less than 1.
    assert len(pick(posterior([0.5, 0.5]), 2, price=[0.1, 0.2], budget=0.3)) == 2
    assert len(pick(posterior([0.5] * 20), 20, price=0.1, budget=0.9999999999999999)) == 9
    batch = pick(posterior([0.5, 0.5, 0.5, 0.49]), 4, price=[2, 2, 2, 1], budget=5)

    assert sum({"c-3": 1}.get(item, 2) for item in batch.item_ids) == batch.provenance["price"]["total"] == 5


def test_a_strategy_that_chooses_too_few_is_refused():
    class Twice:
        funnel = 1

        def score(self, pool):
            return pool.probs[:, 0]

        def choose(self, pool, size, seed):
            return np.zeros(size, int)

    with pytest.raises(ModelError, match="'Twice' chose 1 different items where 2 were asked for"):
        pick(posterior([0.5, 0.5]), 2, Twice())


@pytest.mark.parametrize("strategy", plugins.names("strategy"))
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_whatever_the_strategy_the_order_of_the_rows_changes_nothing(strategy, seed):
    rng = np.random.default_rng(seed)
    p, weak, order = rng.choice([0.5, 0.6, 0.7, 0.9], 40), rng.random(40), rng.permutation(40)
    features, groups = rng.integers(-2, 3, (40, 3)), rng.choice(["a", "b", "c"], 40)

    def picked(rows):
        ids = [f"c-{i}" for i in rows]
        beliefs, other = posterior(p[rows], ids), posterior(weak[rows], ids)
        answers = [answer(f"c-{i}", who, "ham") for i in (3, 5, 8) for who in ("ada", "bo")]
        known = {
            "features": features[rows],
            "weak": other,
            "lf_accuracy": 0.8,
            "members": [beliefs, other],
            "answers": answers,
        }
        limits = {"per_class": {"spam": 2}, "groups": groups[rows], "per_group": {"a": 2, "b": 1}}
        return pick(beliefs, 6, strategy, seed=seed, **known, **limits).item_ids.to_list()

    assert picked(order) == picked(np.arange(40))


def test_relabel_asks_again_where_people_differ_and_leaves_alone_where_they_agree_with_the_model():
    agreed = [answer("c-0", who, "spam") for who in ("ada", "bo", "cy")]
    split = [answer("c-1", "ada", "spam"), answer("c-1", "bo", "ham")]

    batch = pick(posterior([0.9, 0.6, 0.99]), 3, "relabel", answers=[*agreed, *split])

    assert batch.item_ids.to_list() == ["c-1", "c-2", "c-0"]


def test_answers_beside_a_posterior_that_has_them_folded_in_are_refused():
    with pytest.raises(TableError, match="repeats what people answered about 1 items"):
        pick(posterior([0.9, 0.5], answered=[True, False]), 1, "relabel", answers=[answer("c-0", "ada", "spam")])


@pytest.mark.parametrize("strategy", ["margin", "entropy", "least_confident", "random"])
@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 3, 9]),
    st.sampled_from([0.2, 2.0]),
    st.integers(1, 70),
    st.booleans(),
)
def test_the_batch_is_the_head_of_the_whole_pool_sorted(strategy, seed, k, even, size, tied):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(k, even), 300)
    probs = probs[rng.integers(0, 40, 300)] if tied else probs
    answered, ids = rng.random(300) < 0.05, [f"c-{i}" for i in rng.permutation(300)]
    beliefs = Posterior(probs, pl.Series(ids), tuple("abcdefghi"[:k]), rng.random(300) < 0.9, answered)

    with small_pieces():
        batch = pick(beliefs, size, strategy, exclude=ids[:9], seed=seed)

    scores = plugins.get("strategy", strategy)(beliefs.probs)
    left = [i for i in range(9, 300) if not answered[i]]
    ranked = sorted(left, key=lambda i: (-scores[i], blake2b(f"{seed}:{ids[i]}".encode(), digest_size=16).digest()))
    assert batch.item_ids.to_list() == [ids[i] for i in ranked[:size]]
    assert batch.scores.tolist() == scores[ranked[:size]].tolist()
    assert batch.provenance["pool"] == len(left)
    assert batch.provenance["pool_uncovered"] == int((~beliefs.covered[left]).sum())


@contextmanager
def small_pieces():
    """So that some hundred items are many pieces, of which most are passed by."""
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("FIRST", 8), ("FEW", 128), ("ALL", 40)):
            patch.setattr(part, name, number)
        patch.setattr(ceiling, "VALUES", 40)
        yield


def test_a_function_of_ones_own_may_look_at_all_items_together():
    def furthest_from_the_mean(probs):
        return np.abs(probs - probs.mean(axis=0)).sum(axis=1)

    with small_pieces():
        batch = pick(posterior([0.5] * 30 + [0.9] * 60 + [0.1]), 1, furthest_from_the_mean)

    assert batch.item_ids.to_list() == ["c-90"]
