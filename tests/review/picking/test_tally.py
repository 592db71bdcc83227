import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.errors import TableError
from weaklabel.review.picking.choosing import Terms, resolved
from weaklabel.review.picking.part import Part
from weaklabel.review.picking.pool import Pool
from weaklabel.review.picking.quotas import Quotas
from weaklabel.review.picking.tally import Tally

TERMS = {
    "free": Terms(5, *resolved("margin"), seed=3),
    "by class": Terms(5, *resolved("margin"), seed=3, quotas=Quotas({"a": 2}), classes=("a", "b", "c")),
    "of a group": Terms(5, *resolved("entropy"), seed=3, quotas=Quotas(most=1)),
    "drawn": Terms(5, *resolved("random"), seed=3, exclude=pl.Series(["i-4", "i-8", "elsewhere"])),
}


def part(n, seed=0, first=0):
    rng = np.random.default_rng(seed)
    probs = np.round(rng.dirichlet(np.ones(3), n) * 8 + 0.1)  # many tie
    ids, group = pl.Series([f"i-{first + j}" for j in range(n)]), pl.Series(rng.choice(["x", "y", "z"], n))
    return Part(ids, Pool(probs / probs.sum(axis=1)[:, None]), rng.random(n) < 0.8, rng.random(n) < 0.1, group)


def said(tally):
    return tally.counts(), {
        cell: (some.items.to_dicts(), some.worth.tolist(), some.pool.probs.tolist())
        for cell, some in tally.best().items()
    }


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, 2**32 - 1), st.randoms())
def test_states_add_up_in_whatever_order_and_grouping(terms, sizes, seed, shuffler):
    firsts = np.cumsum([0, *sizes]).tolist()
    parts = [part(n, seed + i, first) for i, (n, first) in enumerate(zip(sizes, firsts, strict=False))]
    if not any(len(one) for one in parts):
        return
    at_once = Tally()
    for one in parts:
        at_once.add(one, terms)

    apart = [Tally().add(one, terms).settled() for one in parts]
    shuffler.shuffle(apart)
    while len(apart) > 1:
        other = apart.pop(shuffler.randrange(len(apart)))
        apart.append(apart.pop(shuffler.randrange(len(apart))).merge(other))

    if at_once.pool:
        assert said(apart[0]) == said(at_once)
    else:
        assert apart[0].counts() == at_once.counts()


def test_a_quota_is_met_by_items_that_are_worth_less_than_all_others():
    terms = Terms(2, *resolved("margin"), quotas=Quotas({"a": 1}), classes=("a", "b"))
    yes, no = np.ones(30, bool), np.zeros(30, bool)

    tally = Tally()
    for p in (0.4, 0.9):
        ids = pl.Series([f"{p} {i}" for i in range(30)])
        tally.add(Part(ids, Pool(np.tile([p, 1 - p], (30, 1))), yes, no), terms)

    assert {cell: some.worth.tolist() for cell, some in tally.best().items()} == {
        (None, None): pytest.approx([0.8, 0.8]),
        ("a", None): pytest.approx([0.2, 0.2]),
    }


def test_a_pool_is_counted_by_hand():
    ids = pl.Series(["a", "b", "c", "d"])
    covered, answered = np.array([True, False, False, True]), np.array([True, True, False, False])

    tally = Tally().add(Part(ids, Pool(np.full((4, 2), 0.5)), covered, answered), Terms(1, *resolved("margin")))

    assert tally.counts() == {"items": 4, "answered": 2, "excluded": 0, "pool": 2, "pool_uncovered": 1}


def test_one_of_the_best_that_stands_in_two_parts_is_named():
    terms = Terms(4, *resolved("margin"))
    probs, yes, no = Pool(np.full((2, 2), 0.5)), np.ones(2, bool), np.zeros(2, bool)
    two = [Part(pl.Series(list(ids)), probs, yes, no) for ids in ("ab", "bc")]

    with pytest.raises(TableError, match="'b' is in the pool twice"):
        Tally().add(two[0], terms).merge(Tally().add(two[1], terms)).best()


def test_only_what_is_left_needs_a_group_and_a_price():
    ids, answered = pl.Series(["a", "b"]), np.array([True, False])
    terms = Terms(1, *resolved("margin"), quotas=Quotas(most=1), priced=True)

    def tally(group, price):
        shown = Part(ids, Pool(np.full((2, 2), 0.5)), ~answered, answered, pl.Series(group), pl.Series(price))
        return Tally().add(shown, terms)

    assert tally([None, "x"], [None, 2]).best()[None, None].worth.tolist() == [0.5]
    with pytest.raises(TableError, match="item 'b' has no group"):
        tally(["x", None], [1, 1])
    with pytest.raises(TableError, match="item 'b' has no price"):
        tally(["x", "x"], [1, None])
    with pytest.raises(TableError, match="item 'b' costs -1.0"):
        tally(["x", "x"], [1, -1])
