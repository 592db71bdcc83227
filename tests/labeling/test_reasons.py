import numpy as np

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.reasons import reasons


def planted(accuracies, n=800):
    """Functions of these accuracies that vote on 9 items in 10, and the truth."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    shape = (n, len(accuracies))
    votes = np.where(rng.random(shape) < accuracies, y[:, None], 1 - y[:, None])
    return LabelMatrix.from_array(np.where(rng.random(shape) < 0.9, votes, -1)), y


def test_there_is_a_reason_where_weighing_votes_gains_nothing():
    # One item in ten has two votes, which differ on half of those; half of the items have none; nobody votes "maybe".
    votes = [[0, 1]] + [[0, 0]] + [[0, -1]] * 7 + [[-1, -1]] * 11
    L = LabelMatrix.from_array(votes * 20, classes=("no", "yes", "maybe"))

    found = reasons(L, np.array(([0] * 20) * 20))

    assert found == [
        "No function ever votes 'maybe'.",
        "Only 45% of the items have a vote; on the others every model guesses.",
        "Only 10% of the items have two votes or more; a single one is not weighed.",
        "Votes differ on only 5.0% of the items; elsewhere models mostly repeat them.",
    ]


def test_equally_precise_functions_are_a_reason():
    L, y = planted([0.8] * 5)

    (said,) = reasons(L, y)

    assert said.startswith("The functions are about as precise as each other (0.7")


def test_where_there_is_no_such_reason_the_assumptions_are_doubted():
    L, y = planted([0.95, 0.6, 0.75])

    (said,) = reasons(L, y)

    assert "see whether functions err together" in said


def test_without_items_every_share_is_0():
    found = reasons(LabelMatrix.from_array(np.empty((0, 2), int)), np.empty(0, int))

    assert found[-3].startswith("Only 0% of the items have a vote")
