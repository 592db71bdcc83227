import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError
from weaklabel.labeling.models import triplet
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.triplet import Triplet, triplet_median

CLASSES = ("a", "b", "c")


def fitted(votes, k=2, **params):
    L = LabelMatrix.from_array(votes, CLASSES[:k])
    return L, Triplet(**params).fit(L)


def planted(n, accuracy, k=2, coverage=1.0, seed=0):
    rng, m = np.random.default_rng(seed), len(accuracy)
    y = rng.integers(0, k, n)[:, None]
    said = np.where(rng.random((n, m)) < accuracy, y, (y + rng.integers(1, k, (n, m))) % k)
    return y[:, 0], np.where(rng.random((n, m)) < coverage, said, -1)


def test_three_functions_worked_by_hand():
    # a = 0.8, 0.6, 0.5 makes E_01 = 0.48, E_02 = 0.40, E_12 = 0.30; sqrt(0.48 * 0.40 / 0.30) = 0.8, and so on.
    together = np.array([[0, 0.48, 0.40], [0.48, 0, 0.30], [0.40, 0.30, 0]])

    assert triplet_median(together) == pytest.approx([0.8, 0.6, 0.5])


def test_sixteen_items_worked_by_hand():
    # Any two functions agree on 7 + 3 of 16 items and differ on 6: E = 4/16, a = sqrt(1/4 * 1/4 / (1/4)) = 1/2, so that
    # each is right on (16 + 8) / 2 = 12 of 16; one right and one wrong vote are added.
    votes = [[0, 0, 0]] * 4 + [[1, 1, 1]] * 3 + [[1, 0, 0]] * 3 + [[0, 1, 0]] * 3 + [[1, 1, 0]] * 3

    L, model = fitted(votes)

    assert model.accuracy_ == pytest.approx(np.full((3, 2), 13 / 18))
    assert model.predict_proba(L).probs[0, 0] == pytest.approx(13**3 / (13**3 + 5**3))


def test_planted_accuracies_are_recovered_within_sampling_error():
    accuracy = [0.95, 0.85, 0.75, 0.65, 0.6, 0.8]
    _, votes = planted(50_000, accuracy, coverage=0.7)

    _, model = fitted(votes)

    assert model.accuracy_[:, 0] == pytest.approx(accuracy, abs=0.015)
    assert (model.accuracy_[:, 0] == model.accuracy_[:, 1]).all()


def test_a_function_that_says_the_opposite_is_found_out():
    _, votes = planted(20_000, [0.9, 0.8, 0.7, 0.2])

    _, model = fitted(votes)

    assert model.accuracy_[3, 0] == pytest.approx(0.2, abs=0.02)


def test_one_that_votes_on_one_side_only_is_taken_for_better_than_chance():
    _, votes = planted(5000, [0.9, 0.8, 0.7, 0.2])
    votes[:, 3] = np.where(votes[:, 3] == 1, 1, -1)

    _, model = fitted(votes)

    assert model.accuracy_[3, 0] > 0.5


def test_more_classes_are_weighed_one_against_the_rest():
    y, votes = planted(5000, [0.9, 0.85, 0.45, 0.45, 0.45, 0.4, 0.4], k=3)
    L, model = fitted(votes, 3)

    reached, majority = ((m.predict_proba(L).labels() == y).mean() for m in (model, Majority().fit(L)))

    assert reached > majority + 0.05
    assert (model.accuracy_[:2].min(axis=0) > model.accuracy_[2:].max(axis=0)).all()


def test_a_function_in_no_triplet_gets_the_mean_accuracy():
    _, votes = planted(5000, [0.9, 0.8, 0.7, 0.6])
    votes = np.vstack([votes, np.full((100, 4), -1)])
    votes[:5000, 3], votes[5000:, 3] = -1, 0  # it votes where nobody else does

    _, model = fitted(votes)

    assert model.accuracy_[3] == pytest.approx(model.accuracy_[:3].mean(axis=0))


def test_the_prior_is_that_of_an_item_without_votes():
    L, model = fitted([[0, 0, 0], [1, 1, 0], [1, 1, 1], [-1, -1, -1]], class_balance=[0.2, 0.8])

    assert model.predict_proba(L).probs[-1] == pytest.approx([0.2, 0.8])


def test_with_more_functions_than_partners_their_order_still_does_not_matter():
    _, votes = planted(300, np.linspace(0.55, 0.9, 80), coverage=0.3)
    order = np.random.default_rng(1).permutation(80)

    _, model = fitted(votes)
    _, turned = fitted(votes[:, order])

    assert turned.accuracy_ == pytest.approx(model.accuracy_[order], abs=1e-9)


def test_a_sum_over_blocks_is_the_sum(monkeypatch):
    _, votes = planted(500, [0.9, 0.8, 0.7, 0.6], coverage=0.8)
    _, whole = fitted(votes)
    monkeypatch.setattr(triplet, "CELLS", 28)

    _, blocks = fitted(votes)

    assert blocks.accuracy_ == pytest.approx(whole.accuracy_)


@pytest.mark.parametrize("m", [0, 1, 2])
def test_fewer_than_three_functions_are_refused(m):
    with pytest.raises(ModelError, match=rf"needs 3 functions that vote on the same items; there are {m}"):
        fitted(np.zeros((4, m), int))


def test_functions_that_never_meet_are_refused_with_what_works():
    with pytest.raises(ModelError, match=r"no 3 of the 3 functions vote together two by two.*model='majority'"):
        fitted([[0, -1, -1], [-1, 1, -1], [-1, -1, 0], [0, 0, -1]])
