from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.items import SHOW, Show, items, shown

NAMES = ("prize", "short", "call")
L = LabelMatrix(
    np.array([[1, 0, -1], [1, 1, 0], [-1, 0, 0], [-1, -1, -1], [1, -1, -1]]), list("abcde"), NAMES, ("ham", "spam")
)
TABLE = pl.DataFrame({"id": list("edcba"), "text": ["E", "D", "C", "B", "A"]})  # in an order of its own
GOLD = np.array([1, 0, 0, -1, 0])


@pytest.mark.parametrize(
    ("show", "lf", "expected"),
    [
        ("votes", "prize", "abe"),
        ("votes", None, "abce"),
        ("disagree", "prize", "ab"),
        ("disagree", "call", "b"),
        ("disagree", None, "ab"),
        ("against", "call", "b"),
        ("against", "prize", ""),
        ("against", None, "b"),
        ("wrong", "prize", "be"),
        ("wrong", "call", ""),
        ("wrong", None, "abe"),
        ("uncovered", None, "d"),
    ],
)
def test_items_worked_by_hand(show, lf, expected):
    found = items(L, TABLE, show, lf, GOLD)

    assert "".join(found["id"]) == expected
    assert found["text"].to_list() == [letter.upper() for letter in expected]


def test_what_type_checkers_know_is_what_can_be_shown():
    assert get_args(Show) == tuple(SHOW)


def test_votes_are_written_out_with_the_asked_function_first():
    found = items(L, TABLE, "disagree", "call", GOLD)

    assert found.row(0) == ("b", "call=ham, prize=spam, short=spam", "ham", "B")
    assert found.columns == ["id", "lf_votes", "known_class", "text"]
    assert items(L, TABLE, "uncovered")["lf_votes"].to_list() == [""]


def test_an_unknown_class_is_written_as_none():
    assert items(L, TABLE, "uncovered", gold=GOLD)["known_class"].to_list() == [None]


@given(st.integers(0, 1000), st.integers(0, 12))
def test_a_sample_is_as_large_as_asked_in_the_order_of_the_items_and_the_same_for_the_same_seed(seed, limit):
    n = 10
    matrix = LabelMatrix.from_array(np.ones((n, 1), int))
    table = {"id": [str(i) for i in range(n)]}

    drawn = items(matrix, table, limit=limit, seed=seed)["id"].cast(int).to_list()

    assert len(drawn) == min(limit, n)
    assert drawn == sorted(set(drawn))
    assert drawn == items(matrix, table, limit=limit, seed=seed)["id"].cast(int).to_list()


def test_a_sample_reaches_every_item():
    matrix = LabelMatrix.from_array(np.ones((20, 1), int))
    table = {"id": [str(i) for i in range(20)]}

    drawn = {id_ for seed in range(60) for id_ in items(matrix, table, limit=3, seed=seed)["id"]}

    assert len(drawn) == 20
    assert len(items(matrix, table, limit=None)) == 20


@given(st.integers(0, 1000))
def test_any_function_does_what_one_of_them_does(seed):
    rng = np.random.default_rng(seed)
    matrix = LabelMatrix.from_array(rng.integers(-1, 3, (30, 4)), classes="abc")
    gold = rng.integers(-1, 3, 30)

    for show in SHOW:
        if show != "uncovered":
            each = [shown(matrix, show, lf, gold) for lf in matrix.lf_names]
            assert (shown(matrix, show, None, gold) == np.any(each, axis=0)).all()
    assert (shown(matrix, "uncovered") == ~shown(matrix, "votes")).all()


def test_an_unknown_function_is_refused_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'priz' \(did you mean 'prize'\?\); there are: prize, short, call"):
        items(L, TABLE, lf="priz")


def test_something_else_to_show_is_refused_with_what_there_is():
    with pytest.raises(UnknownNameError, match=r"cannot show 'agree' \(did you mean 'disagree'\?\); there are: votes"):
        items(L, TABLE, "agree")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"show": "wrong"}, "give gold"),
        ({"show": "uncovered", "lf": "prize"}, "'prize' does not, either: leave it out"),
        ({"table": TABLE.rename({"text": "lf_votes"})}, "has a column 'lf_votes', where the votes are to stand"),
        ({"table": TABLE[:3]}, "no row for 2 of the items, first 'a'"),
        ({"gold": GOLD[:2]}, r"gold has shape \(2,\)"),
    ],
)
def test_what_cannot_be_shown_is_refused(asked, said):
    with pytest.raises(TableError, match=said):
        items(L, **{"table": TABLE, **asked})
