"""The plain arrays behind counts: slots of contexts, and groups in place of sessions."""

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counts import ClickCounts


def cells_of(*rows, context=()):
    names = ["query_id", "doc_id", *context, "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row"), context=context).cells


def test_the_first_slot_of_each_context_is_what_its_others_are_relative_to():
    cells = cells_of(("q", "a", "x", 1, 5, 1), ("q", "a", "x", 3, 5, 1), ("q", "a", "y", 2, 5, 1), context=("device",))

    assert cells.first.tolist() == [True, False, True]


@pytest.mark.parametrize("shown", [10, 2**40])
def test_groups_hold_all_that_was_counted_however_much_it_is(shown):
    cells = cells_of(("q", "a", 1, shown, 3), ("q", "a", 2, shown, 2), ("r", "b", 1, 7, 1))

    whole, split = cells.in_groups(np.array([0, 1, 1]), 2), cells.by_impression(20)

    assert whole.N_by_bucket.tolist() == [[shown, 0], [0, shown], [0, 7]]
    assert whole.C_by_bucket.tolist() == [[3, 0], [0, 2], [0, 1]]
    assert split.N_by_bucket.sum(axis=1).tolist() == [shown, shown, 7]
    assert (split.C_by_bucket <= split.N_by_bucket).all()
