import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError
from weaklabel.labeling.models.dawid_skene import DawidSkene
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.patterns import vote_patterns

CLASSES = ("a", "b", "c")


def fitted(votes, k=2, **params):
    L = LabelMatrix.from_array(votes, CLASSES[:k])
    return L, DawidSkene(**params).fit(L)


def posterior(votes, k=2, **params):
    L, model = fitted(votes, k, **params)
    return model.predict_proba(L)


def planted(n, confusion, balance, coverage, seed=0):
    """Classes, and votes drawn from P(vote | class), shape (m, k, k)."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(balance), n, p=balance)
    votes = np.stack([(rng.random((n, 1)) > c[:, y].T.cumsum(axis=1)).sum(axis=1) for c in confusion], axis=1)
    return y, np.where(rng.random(votes.shape) < coverage, votes, -1)


def test_one_step_from_vote_shares_worked_by_hand():
    # P(class a) starts as 1, 1/2, 0. Voter 0 then says a 1.5 times of 1.5 a's and 0.5 times of 1.5 b's; one is added to
    # each cell, so (2.5, 1) / 3.5 of the a's and (1.5, 2) / 3.5 of the b's; voter 1 is his mirror image.
    L, model = fitted([[0, 0], [0, 1], [1, 1]], smoothing=1, max_iter=1)

    assert model.confusion_ * 7 == pytest.approx(np.array([[[5, 3], [2, 4]], [[4, 2], [3, 5]]]))
    assert model.prior_.tolist() == [0.5, 0.5]
    assert model.predict_proba(L).probs[:, 0] == pytest.approx([20 / 26, 15 / 30, 6 / 26])


SMALL = [
    [2, 0, -1, 2], [2, 2, -1, 2], [-1, 2, -1, 2], [2, 2, -1, 2], [1, 1, 2, 1], [1, -1, 2, -1], [2, 1, 0, 1],
    [0, 0, 2, 0], [2, 2, -1, -1], [1, 1, 0, 2], [0, 0, -1, -1], [2, 2, 1, -1], [-1, 1, 1, 1], [-1, 1, 1, 1],
    [-1, -1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [-1, 0, 1, -1], [0, 2, 1, 0], [2, 2, 2, -1],
]  # fmt: skip
CROWD_KIT = {  # crowd-kit 1.4.2, DawidSkene(n_iter=2).fit_predict_proba on SMALL in its long form
    0: [0.00535, 0.01608, 0.97857],
    1: [0.000179, 0.002182, 0.997639],
    2: [0.005107, 0.005968, 0.988925],
    4: [0.000017, 0.999609, 0.000375],
    5: [0.009997, 0.738307, 0.251695],
    6: [0.000138, 0.999111, 0.000751],
    7: [0.99937, 0.000004, 0.000626],
    8: [0.004958, 0.012203, 0.982839],
    9: [0.000048, 0.994023, 0.005929],
    10: [0.993095, 0.000635, 0.00627],
    11: [0.003594, 0.010481, 0.985926],
    14: [0.103731, 0.888414, 0.007856],
    17: [0.72362, 0.049901, 0.226479],
    18: [0.988912, 0.000015, 0.011073],
    19: [0.00212, 0.006104, 0.991776],
}
CROWD_KITS_LIMIT = {"prior": [0.284878, 0.349988, 0.365134], "item 17": [0.697551, 0.000001, 0.302448]}


def test_two_steps_without_smoothing_are_crowd_kits():
    found = posterior(SMALL, 3, smoothing=1e-9, max_iter=2).probs

    assert found[list(CROWD_KIT)] == pytest.approx(np.array(list(CROWD_KIT.values())), abs=1e-6)


def test_where_it_stops_is_where_crowd_kit_stops():
    L, model = fitted(SMALL, 3, smoothing=1e-9)

    assert model.n_iter_ < 20
    assert model.prior_ == pytest.approx(CROWD_KITS_LIMIT["prior"], abs=1e-4)
    assert model.predict_proba(L).probs[17] == pytest.approx(CROWD_KITS_LIMIT["item 17"], abs=1e-3)


def test_planted_confusion_matrices_and_class_prior_are_recovered():
    rng = np.random.default_rng(1)
    balance = [0.5, 0.3, 0.2]
    confusion = rng.dirichlet(np.ones(3), (8, 3)).transpose(0, 2, 1) * 0.4 + 0.6 * np.eye(3)
    y, votes = planted(20_000, confusion, balance, 0.8)

    L, model = fitted(votes, 3)

    assert model.confusion_ == pytest.approx(confusion, abs=0.02)
    assert model.prior_ == pytest.approx(balance, abs=0.01)
    reached, majority = ((m.predict_proba(L).labels() == y)[L.covered] for m in (model, Majority().fit(L)))
    assert reached.mean() > majority.mean()


def test_a_voter_who_always_says_the_opposite_is_believed_the_opposite():
    accuracy = np.array([0.9, 0.85, 0.8, 0.05])
    confusion = np.where(np.eye(2, dtype=bool), accuracy[:, None, None], 1 - accuracy[:, None, None])
    _, votes = planted(5000, confusion, [0.5, 0.5], 1.0)

    _, model = fitted(votes)
    alone = LabelMatrix.from_array([[-1, -1, -1, 0]], CLASSES[:2])

    assert model.predict_proba(alone).labels().tolist() == [1]
    assert model.confusion_[3, 1, 0] == pytest.approx(0.95, abs=0.02)


def test_a_given_prior_is_kept_and_held_by_items_without_votes():
    L, model = fitted([[0, 0, 1], [0, 0, 0], [1, 0, 0], [-1, -1, -1]], class_balance=[0.3, 0.7])

    assert model.prior_.tolist() == [0.3, 0.7]
    assert model.predict_proba(L).probs[-1] == pytest.approx([0.3, 0.7])


def test_items_without_votes_do_not_move_the_learned_prior():
    votes = np.array(SMALL)

    _, few = fitted(votes, 3)
    _, many = fitted(np.vstack([votes, np.full((500, 4), -1)]), 3)

    assert few.prior_ == pytest.approx(many.prior_)


def test_a_class_that_loses_all_its_items_gives_no_nan():
    votes = np.zeros((50, 12), int)
    votes[0, 0] = 1  # one vote for class b among 600, and none for c

    found = posterior(votes, 3, smoothing=1e-6).probs

    assert np.isfinite(found).all()
    assert (found.argmax(axis=1) == 0).all()


def test_without_any_vote_the_prior_is_uniform():
    assert posterior(np.full((3, 2), -1), 3).probs == pytest.approx(np.full((3, 3), 1 / 3))


def test_a_vote_table_fits_as_the_matrix_does():
    L, model = fitted(SMALL, 3)

    again = DawidSkene().fit(vote_patterns(L))

    assert (again.predict_proba(L).probs == model.predict_proba(L).probs).all()


def test_a_sample_of_the_patterns_is_nearly_as_good():
    confusion = np.tile(np.where(np.eye(2), 0.75, 0.25), (14, 1, 1))
    _, votes = planted(5000, confusion, [0.5, 0.5], 0.8)

    _, sampled = fitted(votes, max_patterns=1000)

    assert sampled.confusion_ == pytest.approx(confusion, abs=0.08)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"smoothing": 0}, "smoothing is 0: it must be positive"),
        ({"max_iter": 0}, "max_iter is 0"),
        ({"max_patterns": 0}, "max_patterns is 0"),
        ({"class_balance": [0.5, 0.6]}, "sum to 1"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(params, message):
    with pytest.raises(ModelError, match=message):
        posterior([[0, 1, 1]], **params)
