"""A declarative function votes the same whether it is asked about one row or about many."""

import datetime
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.labeling.applying.asking import ask_all, ask_each
from weaklabel.labeling.applying.rows import Rows
from weaklabel.labeling.files import load_lfs
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.lookup import lookup
from weaklabel.labeling.kinds.regex import regex
from weaklabel.labeling.kinds.threshold import threshold


def outcomes(votes, failures):
    return votes.tolist(), [i for i, _ in failures]


def assert_same(lf, frame, k=3):
    rows = Rows(len(frame))
    one_by_one = ask_each(lf.f, rows.of(frame), k)
    at_once = ask_all(lf.batch, frame, k)
    assert outcomes(*at_once) == outcomes(*one_by_one)
    return at_once[0]


@pytest.fixture(scope="module")
def messages():
    from weaklabel import datasets
    from weaklabel.errors import DatasetError

    try:
        return datasets.load("sms_spam")
    except DatasetError as error:
        pytest.skip(str(error))


def test_the_shipped_spam_rules_on_every_message(messages):
    declarative = [lf for lf in load_lfs("sms_spam").lfs if lf.batch is not None]

    voted = [(assert_same(lf, messages) >= 0).sum() for lf in declarative]

    assert len(declarative) == 17
    assert min(voted) > 0


numbers = st.one_of(
    st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53, 2**53 + 1, -0.0, 0.1, 1.5])
)
KINDS = [pl.Float64, pl.Float32, pl.Int64, pl.UInt64, pl.Int8]
bounds = st.one_of(
    st.none(), st.floats(allow_nan=False), st.integers(-(2**70), 2**70), st.sampled_from([0.1, 1.5, 2**53, 2.0**53])
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(numbers, max_size=20),
    bounds,
    bounds,
    st.sampled_from(KINDS),
)
def test_thresholds_on_any_numbers_and_bounds(values, above, below, kind):
    low, high = (-math.inf if above is None else above), (math.inf if below is None else below)
    if (above is None and below is None) or not low < high:
        return
    column = pl.Series("x", values, dtype=pl.Object).to_list()
    frame = pl.DataFrame({"x": pl.Series([None if v is None else _fitting(v, kind) for v in column], dtype=kind)})

    assert_same(threshold("t", "x", 2, above=above, below=below), frame)


def _fitting(value, kind):
    if kind.is_float():
        return float(np.float32(value)) if kind == pl.Float32 and abs(value) < 1e38 else float(value)
    if value != value or abs(value) == math.inf:
        return 0
    ranges = {pl.Int64: (-(2**63), 2**63 - 1), pl.UInt64: (0, 2**64 - 1), pl.Int8: (-128, 127)}
    low, high = ranges[kind]
    return max(low, min(high, int(value)))


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([True, False, None]), pl.Series(["2", "1", None]), pl.Series([None, None, None]),
        pl.Series([datetime.date(2020, 1, 1)] * 3), pl.Series([[2.0], [1.0], None]), pl.Series([], dtype=pl.Float64),
    ],
    ids=lambda column: str(column.dtype),
)  # fmt: skip
def test_thresholds_on_other_columns_fail_or_vote_alike(column):
    assert_same(threshold("t", "x", 1, above=0.5), pl.DataFrame({"x": column}))


keys = st.one_of(st.text(max_size=3), st.integers(-3, 3), st.booleans(), st.none(), st.floats(-2, 2))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(keys, st.integers(-1, 4), min_size=1, max_size=5), st.data())
def test_lookups_of_any_keys(labels, data):
    kind = data.draw(st.sampled_from([pl.String, pl.Int64, pl.Boolean, pl.Float64]))
    drawn = {pl.String: st.text(max_size=3), pl.Int64: st.integers(-3, 3), pl.Boolean: st.booleans()}
    values = data.draw(st.lists(st.one_of(st.none(), drawn.get(kind, st.floats(-2, 2))), max_size=15))

    assert_same(lookup("l", "x", labels), pl.DataFrame({"x": pl.Series(values, dtype=kind)}))


def test_a_lookup_of_lists_fails_on_each_row_alike():
    assert_same(lookup("l", "x", {"a": 1}), pl.DataFrame({"x": [["a"], ["b"]]}))


@pytest.mark.parametrize("lf", [keywords("k", ["a"], 1), regex("r", "a", 1)], ids=lambda lf: lf.name)
@pytest.mark.parametrize(
    "column",
    [pl.Series([1, 2]), pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series([None, "a"]), pl.Series([None, None])],
    ids=lambda column: str(column.dtype),
)
def test_searches_in_columns_of_any_type_fail_or_vote_alike(lf, column):
    if column.dtype == pl.Int64:
        at_once = ask_all(lf.batch, pl.DataFrame({"text": column}), 2)
        assert len(at_once[1]) == 2
        assert str(at_once[1][0][1]) == "column 'text' holds Int64, not text"
    assert_same(lf, pl.DataFrame({"text": column}))
