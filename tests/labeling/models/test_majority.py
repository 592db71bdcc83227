import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError
from weaklabel.labeling.models.majority import Majority

CLASSES = ("a", "b", "c")
votes_of_three_classes = arrays(np.int64, st.tuples(st.integers(1, 12), st.integers(1, 6)), elements=st.integers(-1, 2))


def posterior(votes, classes=CLASSES, **params):
    L = LabelMatrix.from_array(votes, classes=classes)
    return Majority(**params).fit(L).predict_proba(L)


def test_the_winner_takes_all_and_tied_winners_share():
    found = posterior([[0, 0, 1], [2, 1, -1], [0, 1, 2], [-1, 1, -1]])

    assert found.probs == pytest.approx(np.array([[1, 0, 0], [0, 0.5, 0.5], [1 / 3] * 3, [0, 1, 0]]))
    assert found.labels().tolist() == [0, -1, -1, 1]
    assert found.covered.all()


@settings(max_examples=50, deadline=None)
@given(votes_of_three_classes)
def test_it_is_snorkels_majority_voter(votes):
    from snorkel.labeling.model import MajorityLabelVoter

    snorkels = MajorityLabelVoter(cardinality=3)

    found = posterior(votes)

    assert found.probs == pytest.approx(snorkels.predict_proba(votes))
    assert found.labels().tolist() == snorkels.predict(votes).tolist()


@settings(max_examples=50, deadline=None)
@given(votes_of_three_classes, st.permutations(range(3)))
def test_renumbering_the_classes_renumbers_the_columns(votes, order):
    renumber = np.array([*order, -1])  # the last one is what -1 becomes

    assert (posterior(renumber[votes]).probs[:, order] == posterior(votes).probs).all()


def test_an_item_without_votes_keeps_the_prior_and_is_not_covered():
    found = posterior([[-1, -1], [1, -1]], classes=("a", "b"), class_balance=[0.9, 0.1])

    assert found.probs.tolist() == [[0.9, 0.1], [0, 1]]
    assert found.covered.tolist() == [False, True]
    assert found.labels().tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("balance", "message"),
    [
        ([0.5, 0.4, 0.1], r"needs 2 shares \(a, b\) that sum to 1"),
        ([0.5, 0.6], "sum to 1"),
        ([float("nan"), 1], "sum to 1"),
        ([1.0, 0.0], "gives class 'b' the share 0: every class needs a positive one"),
        ([-0.5, 1.5], "gives class 'a' the share -0.5"),
    ],
)
def test_a_prior_that_is_none_is_refused(balance, message):
    with pytest.raises(ModelError, match=message):
        posterior([[0, 1]], classes=("a", "b"), class_balance=balance)
