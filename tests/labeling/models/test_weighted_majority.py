import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.weighted_majority import WeightedMajority

CLASSES = ("a", "b", "c")


def fitted(votes, k=2, **params):
    L = LabelMatrix.from_array(votes, CLASSES[:k])
    return L, WeightedMajority(**params).fit(L)


def posterior(votes, k=2, **params):
    L, model = fitted(votes, k, **params)
    return model.predict_proba(L)


def planted(n, accuracy, k=2, coverage=1.0, seed=0):
    rng, m = np.random.default_rng(seed), len(accuracy)
    y = rng.integers(0, k, n)[:, None]
    said = np.where(rng.random((n, m)) < accuracy, y, (y + rng.integers(1, k, (n, m))) % k)
    return y[:, 0], np.where(rng.random((n, m)) < coverage, said, -1)


def test_one_step_worked_by_hand():
    # Item 0: all agree with both others. Items 1 and 2: function 2 is against both others; to functions 0 and 1 the
    # others tie, which counts half. Item 3: nobody to agree with. So 2, 2 and 1 of 3, and 7 of 10 pseudo-votes.
    votes = [[0, 0, 0], [0, 0, 1], [1, 1, 0], [-1, -1, 1]]

    L, model = fitted(votes, max_iter=1)

    assert model.accuracy_ == pytest.approx([9 / 13, 9 / 13, 8 / 13])
    assert model.weight_ == pytest.approx(np.log([9 / 4, 9 / 4, 8 / 5]))
    assert model.predict_proba(L).probs[1, 0] == pytest.approx(81 / 16 / (81 / 16 + 8 / 5))


def test_a_good_function_outvotes_two_poor_ones():
    y, votes = planted(4000, [0.95, 0.95, 0.9, 0.55, 0.55, 0.55, 0.55], k=3)
    L, model = fitted(votes, 3)

    reached, majority = ((m.predict_proba(L).labels() == y).mean() for m in (model, Majority().fit(L)))

    assert reached > majority + 0.02
    alone = LabelMatrix.from_array([[0, -1, -1, 1, 1, -1, -1]], CLASSES)
    assert model.predict_proba(alone).labels().tolist() == [0]


def test_agreement_grows_towards_planted_accuracy():
    accuracy = [0.9, 0.85, 0.8, 0.75, 0.7, 0.8, 0.85, 0.9, 0.8]
    _, votes = planted(5000, accuracy, k=3, coverage=0.9)

    _, model = fitted(votes, 3)

    assert model.accuracy_ == pytest.approx(accuracy, abs=0.03)


def test_a_function_that_is_no_better_than_chance_has_no_say():
    _, votes = planted(2000, [0.9, 0.9, 0.9, 0.3])

    _, model = fitted(votes)
    found = model.predict_proba(LabelMatrix.from_array([[-1, -1, -1, 0]], CLASSES[:2]))

    assert model.weight_[3] == 0
    assert found.probs.tolist() == [[0.5, 0.5]]
    assert found.labels().tolist() == [-1]
    assert found.covered.all()


def test_functions_that_never_meet_keep_what_is_believed_beforehand_and_tie():
    votes = np.full((6, 2), -1)
    votes[:3, 0], votes[3:, 1] = 0, 1

    L, model = fitted(votes)
    tied = model.predict_proba(LabelMatrix.from_array([[0, 1]], CLASSES[:2]))

    assert model.accuracy_.tolist() == [0.7, 0.7]
    assert (model.predict_proba(L).labels() == Majority().fit(L).predict_proba(L).labels()).all()
    assert tied.labels().tolist() == [-1]


def test_the_prior_breaks_a_tie_and_stays_with_items_without_votes():
    found = posterior([[0, 1], [-1, -1]], class_balance=[0.4, 0.6])

    assert found.labels().tolist() == [1, -1]
    assert found.probs == pytest.approx(np.array([[0.4, 0.6], [0.4, 0.6]]))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"accuracy": 0.5}, "accuracy is 0.5, outside its range"),
        ({"accuracy": 1.0}, "accuracy is 1.0"),
        ({"strength": 0}, "strength is 0"),
        ({"max_iter": 0}, "max_iter is 0"),
        ({"max_patterns": 0}, "max_patterns is 0"),
        ({"class_balance": [1.0, 0.0]}, "class 'b' the share 0"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(params, message):
    with pytest.raises(ModelError, match=message):
        posterior([[0, 1, 1]], **params)
