"""A tally: whatever ids are like, and however keys must be packed, its counts are those of a loop over the rows."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.reading import keys, tally
from weaklabel.clicks.reading.hashing import RowHashes
from weaklabel.clicks.reading.tally import Tally

BY = ("query_id", "doc_id", "position")
IDS = {
    "small": st.integers(0, 5),
    "negative": st.integers(-3, 3),
    "growing": st.integers(0, 40).map(lambda n: 2**n),
    "hashes": st.integers(2**62, 2**63 - 1),
    "texts": st.sampled_from(["", "a", "b", "ab", "é"]),
}
ROWS = {
    kind: st.lists(st.tuples(ids, ids, st.sampled_from([1, 2, 9, 10**9]), st.integers(0, 1)), max_size=50)
    for kind, ids in IDS.items()
}


def frame_of(rows):
    return pl.DataFrame(rows, schema=[*BY, "click"], orient="row", infer_schema_length=None).cast(
        {"position": pl.Int64, "click": pl.Int8}
    )


def by_hand(rows):
    shown, clicked = Counter(), Counter()
    for query, doc, position, click in rows:
        shown[str(query), str(doc), position] += 1
        clicked[str(query), str(doc), position] += click
    return [(*cell, shown[cell], clicked[cell]) for cell in sorted(shown)]


def tallied(batches, hashed=False):
    found = Tally(BY, split=False, hashed=hashed)
    for rows in batches:
        if rows:
            found.add(frame_of(rows))
    return found


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    """So that even few rows are counted several times, over blocks of keys that do not end with a cell."""
    monkeypatch.setattr(tally, "WAITING", 16)
    monkeypatch.setattr(tally, "BLOCK", 8)
    monkeypatch.setattr(keys, "BLOCK", 8)


@pytest.mark.parametrize("kind", IDS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_ids_of_any_kind_are_counted_as_by_hand(kind, data):
    rows, cut = data.draw(ROWS[kind].filter(bool)), data.draw(st.integers(0, 50))

    assert tallied([rows[:cut], rows[cut:]]).to_frame().rows() == by_hand(rows)


@given(st.permutations(list(IDS)), st.data())
@settings(max_examples=25, deadline=None)
def test_batches_of_different_kinds_of_ids_are_counted_together(kinds, data):
    batches = [data.draw(ROWS[kind].filter(bool)) for kind in kinds]

    assert tallied(batches).to_frame().rows() == by_hand([row for rows in batches for row in rows])


@given(st.permutations(list(IDS)), st.data())
@settings(max_examples=25, deadline=None)
def test_tallies_add_up_whatever_their_ids_are(kinds, data):
    batches = [data.draw(ROWS[kind].filter(bool)) for kind in kinds]
    whole = Tally(BY, split=False)

    for rows in batches:
        whole.absorb(tallied([rows]).sums())

    assert whole.to_frame().rows() == by_hand([row for rows in batches for row in rows])


@pytest.mark.parametrize("kind", IDS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_hashes_of_cells_add_up_to_those_of_rows(kind, data):
    stretches = [data.draw(ROWS[kind].filter(bool)) for _ in range(3)]
    found = Tally(BY, split=False, hashed=True)

    for rows in stretches:
        frame = frame_of(rows)
        found.add(frame)
        of_rows = RowHashes(frame.with_columns(pl.col("query_id", "doc_id").cast(pl.String))).of(*BY, "click")
        assert found.take_hash() == int(of_rows.sum(dtype=np.uint64))


def test_rows_of_many_impressions_leave_the_hashes_of_the_others_alone():
    alone, among = (Tally(BY, split=False, hashed=True) for _ in range(2))
    clicks = frame_of([(1, 2, 1, 0), (1, 3, 2, 1)])
    many = clicks.drop("click").with_columns(impressions=pl.lit(5), clicks=pl.lit(2))

    alone.add(clicks)
    among.add(many)
    among.add(clicks)
    among.add(many)

    assert among.take_hash() == alone.take_hash()
    assert among.to_frame()["impressions"].to_list() == [11, 11]


def test_buckets_add_up_in_their_cells():
    rng = np.random.default_rng(0)
    rows = frame_of([(int(q), int(d), 1, int(c)) for q, d, c in rng.integers(0, 2, (500, 3))])
    bucket = rng.integers(0, 20, 500)
    one, two, both = (Tally(BY, split=True) for _ in range(3))

    one.add(rows[:200], bucket[:200])
    two.add(rows[200:], bucket[200:])
    both.absorb(one.sums())
    both.absorb(two.sums())

    frame = both.to_frame()
    for row in frame.iter_rows(named=True):
        here = ((rows["query_id"] == int(row["query_id"])) & (rows["doc_id"] == int(row["doc_id"]))).to_numpy()
        assert row["impressions_by_bucket"] == np.bincount(bucket[here], minlength=20).tolist()
        clicked = here & rows["click"].cast(pl.Boolean).to_numpy()
        assert row["clicks_by_bucket"] == np.bincount(bucket[clicked], minlength=20).tolist()
