import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.artefacts import Fault, LabelMatrix
from weaklabel.errors import TableError
from weaklabel.labeling.summary import against_all, class_coverage, summary

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:scipy")  # Snorkel's, inside its counts

L = LabelMatrix.from_array(
    [[1, 1, -1, -1], [0, 1, -1, -1], [-1, 1, -1, -1], [0, -1, 0, -1]],
    classes=("ham", "spam"),
    lf_names=("mixed", "spammy", "hammy", "silent"),
)


def random_matrix(seed, k):
    """Votes of six functions of which one never votes, one always does, and one knows a single class."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, k, (rng.integers(1, 40), 6))
    votes[:, 0], votes[:, 1] = -1, rng.integers(0, k, len(votes))
    votes[:, 2] = np.minimum(votes[:, 2], 0)
    gold = rng.integers(0, k, len(votes))
    return LabelMatrix.from_array(votes, classes=[f"class {y}" for y in range(k)]), gold, rng


def snorkels(matrix, gold=None):
    from snorkel.labeling import LFAnalysis

    return LFAnalysis(matrix.votes.astype(int)).lf_summary(gold)


def test_a_matrix_worked_by_hand():
    found = summary(L, np.array([1, 1, 0, -1]))

    assert found["lf"].to_list() == ["mixed", "spammy", "hammy", "silent"]
    assert found["polarity"].to_list() == ["ham, spam", "spam", "ham", ""]
    assert found["coverage"].to_list() == [0.75, 0.75, 0.25, 0]
    assert found["overlaps"].to_list() == [0.75, 0.5, 0.25, 0]
    assert found["conflicts"].to_list() == [0.25, 0.25, 0, 0]
    assert found["correct"].to_list() == [1, 2, 0, 0]
    assert found["incorrect"].to_list() == [1, 1, 0, 0]
    assert found["accuracy"].to_list() == [0.5, pytest.approx(2 / 3), None, None]


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_it_counts_as_snorkel_does(seed, k):
    matrix, gold, _ = random_matrix(seed, k)
    expected = snorkels(matrix, gold)

    found = summary(matrix, gold)

    names = [", ".join(f"class {y}" for y in polarity) for polarity in expected["Polarity"]]
    assert found["polarity"].to_list() == names
    for ours, theirs in (("coverage", "Coverage"), ("overlaps", "Overlaps"), ("conflicts", "Conflicts")):
        assert found[ours].to_list() == pytest.approx(expected[theirs].to_list())
    assert found["correct"].to_list() == expected["Correct"].to_list()
    assert found["incorrect"].to_list() == expected["Incorrect"].to_list()
    # Snorkel calls the accuracy of a function that never votes 0; we say that it has none.
    assert found["accuracy"].fill_null(0).to_list() == pytest.approx(expected["Emp. Acc."].to_list())
    assert found["accuracy"][0] is None


@pytest.mark.parametrize("seed", range(5))
def test_unknown_gold_counts_neither_for_nor_against_a_function(seed):
    matrix, gold, rng = random_matrix(seed, 3)
    known = rng.random(len(gold)) < 0.6
    partial = np.where(known, gold, -1)
    expected = snorkels(matrix, partial)

    found = summary(matrix, partial)

    assert found["correct"].to_list() == expected["Correct"].to_list()
    assert found["incorrect"].to_list() == expected["Incorrect"].to_list()
    only_known = LabelMatrix.from_array(matrix.votes[known], classes=matrix.classes)
    assert found["accuracy"].to_list() == summary(only_known, gold[known])["accuracy"].to_list()


def test_without_gold_nothing_is_right_or_wrong():
    found = summary(L)

    assert found.select("correct", "incorrect").sum().row(0) == (0, 0)
    assert found["accuracy"].to_list() == [None] * 4
    assert found["accuracy"].dtype == pl.Float64


def test_faults_stand_beside_the_function_that_had_them():
    faulty = LabelMatrix(L.votes, L.item_ids, L.lf_names, L.classes, (Fault("hammy", "KeyError: 'text'", "2", 2, 3),))

    assert summary(faulty)["faults"].to_list() == [0, 0, 3, 0]


def test_a_matrix_without_items_covers_nothing():
    found = summary(LabelMatrix.from_array(np.empty((0, 2), np.int8)), np.empty(0, int))

    assert found["coverage"].to_list() == found["conflicts"].to_list() == [0, 0]


@pytest.mark.parametrize("gold", [np.zeros(3, int), np.zeros((4, 1), int)])
def test_gold_of_another_shape_is_refused(gold):
    with pytest.raises(TableError, match=r"gold has shape \(.*\); there are 4 items"):
        summary(L, gold)


def test_standing_alone_worked_by_hand():
    # Item 0: a stands alone against b and c. Item 1: each does. Item 2: only one other votes, which tells nothing.
    matrix = LabelMatrix.from_array([[0, 1, 1], [0, 1, 2], [0, 1, -1], [1, 1, 1]], classes="xyz", lf_names="abc")

    assert against_all(matrix).tolist() == [[1, 0, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert summary(matrix)["against"].to_list() == pytest.approx([2 / 3, 1 / 3, 1 / 3])


def test_a_function_that_never_meets_two_others_is_against_nobody():
    found = summary(LabelMatrix.from_array([[0, 1], [1, 0]]))

    assert found["conflicts"].to_list() == [1, 1]
    assert found["against"].to_list() == [None, None]


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_standing_alone_is_what_a_loop_over_the_votes_finds(seed, k):
    matrix, _, _ = random_matrix(seed, k)
    expected = np.zeros(matrix.votes.shape, bool)
    for i, row in enumerate(matrix.votes.tolist()):
        for j, vote in enumerate(row):
            others = [other for other in row[:j] + row[j + 1 :] if other != -1]
            expected[i, j] = vote != -1 and len(others) > 1 and vote not in others

    assert (against_all(matrix) == expected).all()


def test_time_stands_beside_the_function_that_took_it_and_is_unknown_where_it_was_not_measured():
    timed = dataclasses.replace(L, seconds={"mixed": 2.0, "hammy": 0.0})

    assert summary(timed)["seconds"].to_list() == [2, None, 0, None]
    assert summary(timed)["us_per_row"].to_list() == [500_000, None, 0, None]
    assert summary(L)["seconds"].dtype == pl.Float64


def test_classes_worked_by_hand():
    # Item 2 is ham and found by nobody; item 3 is of unknown class.
    found = class_coverage(L, np.array([1, 0, 0, -1]))

    expected = {
        "class": ["ham", "spam"],
        "functions": [2, 2],
        "coverage": [0.5, 0.75],
        "votes": [3, 4],
        "share": [3 / 7, 4 / 7],
        "known": [2, 1],
        "found": [0.5, 1],
        "missed": [0, 0],
    }
    assert found.to_dict(as_series=False) == expected


def test_a_class_that_nobody_votes_has_a_share_of_nothing_and_an_unknown_one_finds_null():
    found = class_coverage(LabelMatrix.from_array([[0], [-1]], classes=("a", "b", "c")), np.array([0, 1]))

    assert found["functions"].to_list() == [1, 0, 0]
    assert found["share"].to_list() == [1, 0, 0]
    assert found["found"].to_list() == [1, 0, None]
    assert found["missed"].to_list() == [0, 1, None]


@pytest.mark.parametrize("shape", [(0, 2), (3, 0)])
def test_classes_of_a_matrix_without_votes_are_covered_by_nobody(shape):
    found = class_coverage(LabelMatrix.from_array(np.zeros(shape, int)))

    assert found["coverage"].to_list() == [0, 0]
    assert found["share"].to_list() == [None, None]


@given(st.integers(0, 10_000), st.integers(2, 4))
def test_the_order_of_items_changes_nothing(seed, k):
    matrix, gold, rng = random_matrix(seed, k)
    order = rng.permutation(len(gold))
    shuffled = LabelMatrix.from_array(matrix.votes[order], matrix.classes)

    assert summary(shuffled, gold[order]).equals(summary(matrix, gold))
    assert class_coverage(shuffled, gold[order]).equals(class_coverage(matrix, gold))
