import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Fault, LabelMatrix
from weaklabel.errors import TableError
from weaklabel.labeling.summary import summary

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
