import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.errors import TableError
from weaklabel.review.audit.permutation import audit_next, audit_quota, audit_slice, permutation


def pool(n):
    return pl.Series([f"c-{i}" for i in range(n)], dtype=pl.String)


def in_order(ids, seed=0):
    return audit_next(ids, len(ids), seed=seed).to_list()


def test_the_slice_ends_before_the_first_open_item_and_counts_chosen_ones_where_they_stand():
    order = in_order(pool(10))
    answered = [order[7], order[2], order[0], order[1]]

    audit = audit_slice(pool(10), answered)

    assert audit.item_ids.to_list() == order[:3]
    assert audit.pool == 10


def test_a_skipped_item_does_not_end_the_slice_but_is_counted():
    order = in_order(pool(10))

    audit = audit_slice(pool(10), [order[0], order[2], order[3]], skipped=[order[1], order[8]])

    assert audit.item_ids.to_list() == [order[0], order[2], order[3]]
    assert audit.skipped.to_list() == [order[1]]
    assert audit.skip_share == 0.25


def test_an_item_that_one_person_skipped_and_another_answered_is_answered():
    order = in_order(pool(4))

    audit = audit_slice(pool(4), order, skipped=order[:2])

    assert len(audit) == 4
    assert not len(audit.skipped)


def test_an_empty_pool_has_an_empty_slice_and_nothing_to_ask():
    audit = audit_slice(pool(0), [])

    assert len(audit) == 0
    assert audit.skip_share == 0
    assert not len(audit_next(pool(0), 5))


def test_what_was_asked_is_not_asked_again_and_fewer_come_where_fewer_are_left():
    order = in_order(pool(6))

    assert audit_next(pool(6), 2, asked=order[:1] + order[2:3]).to_list() == [order[1], order[3]]
    assert audit_next(pool(6), 9, asked=order[:4]).to_list() == order[4:]


@given(st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=30), st.integers(), st.data())
def test_neither_the_order_of_rows_nor_shards_nor_items_added_later_change_the_order(ids, seed, data):
    shuffled = data.draw(st.permutations(ids))
    cut = data.draw(st.integers(0, len(ids)))
    whole = in_order(pl.Series(ids, dtype=pl.String), seed)

    assert in_order(pl.Series(shuffled, dtype=pl.String), seed) == whole
    part = in_order(pl.Series(ids[:cut], dtype=pl.String), seed)
    assert part == [item for item in whole if item in set(ids[:cut])]


def test_another_seed_is_another_order():
    assert in_order(pool(50), 0) != in_order(pool(50), 1)


def test_numbers_are_the_same_on_every_machine():
    assert permutation(pl.Series(["c-17", "ü"]), 3).tolist() == [6997801556369092840, 13980262223178829923]


def test_items_of_one_half_are_drawn_as_often_as_those_of_the_other():
    numbers = permutation(pool(20_000)).astype(float) / 2**64

    assert numbers[:10_000].mean() == pytest.approx(0.5, abs=0.015)
    assert np.quantile(numbers, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.015)


def test_the_share_of_hard_items_in_the_slice_is_theirs_in_the_pool_although_all_hard_ones_were_chosen():
    hard = pool(1000)[:250].to_list()
    shares = []
    for seed in range(200):
        asked = set(hard) | set(audit_next(pool(1000), 30, asked=hard, seed=seed))
        audit = audit_slice(pool(1000), asked, seed=seed)
        shares.append(audit.item_ids.is_in(pl.Series(hard).implode()).mean())

    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - 0.25) < 3 * error
    assert error < 0.007


@given(st.lists(st.integers(0, 40), max_size=12), st.floats(0, 1))
def test_over_all_batches_the_audit_gets_its_share_to_within_one_item(sizes, share):
    asked = given_ = 0
    for size in sizes:
        quota = audit_quota(size, asked, share)
        assert 0 <= quota <= size
        asked, given_ = asked + size, given_ + quota

    assert abs(given_ - share * asked) <= 1


@pytest.mark.parametrize(("size", "asked", "share"), [(-1, 0, 0.25), (1, -2, 0.25), (1, 0, 1.1)])
def test_an_impossible_quota_is_refused(size, asked, share):
    with pytest.raises(TableError, match=r"negative|from 0 to 1"):
        audit_quota(size, asked, share)


def test_one_text_is_no_list_of_ids():
    with pytest.raises(TableError, match=r"\['c-1'\]"):
        audit_slice(pool(3), "c-1")


def test_a_negative_number_of_items_is_refused():
    with pytest.raises(TableError, match="-1 items"):
        audit_next(pool(3), -1)
