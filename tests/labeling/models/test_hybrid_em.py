import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError
from weaklabel.labeling.denoise import denoise, label_model
from weaklabel.labeling.models.hybrid_em import HybridEM, is_crowd
from weaklabel.labeling.patterns import vote_patterns


def matrix(votes, k=2):
    return LabelMatrix.from_array(votes, [f"c{y}" for y in range(k)])


def one_class_votes(n, precisions, coverage, seed=0):
    """Functions that each vote for one class, right with a planted precision; classes are even."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    votes = np.full((n, len(precisions)), -1, np.int8)
    for j, precision in enumerate(precisions):
        v = j % 2
        chance = np.where(y == v, precision, 1 - precision) * 2 * coverage
        votes[rng.random(n) < chance, j] = v
    return votes, y


def crowd_votes(n, accuracies, prior, answered, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prior).astype(int)
    right = rng.random((n, len(accuracies))) < accuracies
    votes = np.where(right, y[:, None], 1 - y[:, None])
    return np.where(rng.random(votes.shape) < answered, votes, -1).astype(np.int8), y


def test_one_step_worked_by_hand():
    # Two functions vote 1 on both items, a third 0 on the second. All start at precision 3/4, so at odds of 3 to 1:
    # item 1 has odds 9 to 1 for class 1, item 2 (9 to 1) / 3, so the posteriors of class 1 are 9/10 and 3/4.
    L = matrix([[1, 1, -1], [1, 1, 0]])

    first = HybridEM(max_iter=1, dependence=0, proportional=0, strength=2).fit(L)

    # M-step: precision of "function 1 votes 1" = (0.9 + 0.75 + 2 * 3/4) / (2 + 2); class 1 has (1.65 + 1) / (2 + 2).
    assert np.exp(first.evidence_[0, 1, 1]) == pytest.approx((0.9 + 0.75 + 1.5) / 4 / (2.65 / 4))
    assert np.exp(first.evidence_[2, 0, 0]) == pytest.approx((0.25 + 1.5) / 3 / (1.35 / 4))
    assert first.n_iter_ == 1


def test_it_weighs_precise_functions_more_than_majority_vote_does():
    # The truth is drawn by precise and careless functions; where two careless ones outvote a precise one, it knows.
    votes, y = one_class_votes(20_000, [0.95, 0.95, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6], coverage=0.3)
    L = matrix(votes)

    ours, majority = (denoise(L, name).labels() for name in ("hybrid_em", "majority"))

    covered = L.covered
    assert (ours == y)[covered].mean() > (majority == y)[covered].mean() + 0.02


def test_precisions_come_out_in_the_planted_order():
    precisions = [0.95, 0.9, 0.85, 0.8, 0.7, 0.65]
    votes, _ = one_class_votes(50_000, precisions, coverage=0.4)

    model = HybridEM(dependence=0).fit(matrix(votes))

    learned = [np.exp(model.evidence_[j, j % 2, j % 2]) for j in range(6)]
    assert sorted(learned, reverse=True)[::2] == pytest.approx(sorted(learned[::2], reverse=True), abs=0.2)
    assert learned[0] > learned[2] > learned[4]
    assert learned[1] > learned[3] > learned[5]


def test_a_crowd_s_error_rates_and_class_share_are_recovered():
    rng = np.random.default_rng(3)
    accuracies = rng.uniform(0.6, 0.95, 30)
    votes, y = crowd_votes(5_000, accuracies, prior=0.2, answered=0.3)

    model = HybridEM(dependence=0).fit(matrix(votes))

    assert model.crowd_
    assert np.exp(model.bias_)[1] == pytest.approx(0.2, abs=0.01)
    assert np.exp(model.evidence_[:, 1, 1]) == pytest.approx(accuracies, abs=0.08)
    assert (model.predict_proba(matrix(votes)).labels() == y).mean() > 0.97


def test_a_given_class_balance_is_kept_even_for_a_crowd():
    votes, _ = crowd_votes(500, np.full(12, 0.8), prior=0.2, answered=0.5)

    model = HybridEM(class_balance=[0.5, 0.5]).fit(matrix(votes))

    assert np.exp(model.bias_) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("support", "n_covered", "crowd"),
    [
        (np.full((12, 2), 100), 400, True),
        (np.full((9, 2), 100), 400, False),  # too few voters
        (np.full((12, 2), 100), 1_000, False),  # too few votes on an item
        (np.tile([[200, 0]], (12, 1)), 400, False),  # each votes for one class only
        (np.vstack([np.full((12, 2), 100), [[50, 0]]]), 400, True),  # a voter who answered little
        (np.zeros((12, 2)), 0, False),
    ],
)
def test_what_counts_as_a_crowd(support, n_covered, crowd):
    assert is_crowd(support.astype(float), n_covered) is crowd


def test_dependence_makes_many_votes_less_sure_and_moves_no_label():
    votes, _ = one_class_votes(2_000, [0.8] * 20, coverage=0.4)
    L = matrix(votes)

    independent, dependent = (denoise(L, dependence=rho, class_balance=[0.5, 0.5]) for rho in (0.0, 0.3))

    assert (independent.labels() == dependent.labels()).mean() > 0.999
    assert dependent.probs.max(axis=1).mean() < independent.probs.max(axis=1).mean()
    alone = (votes >= 0).sum(axis=1) == 1
    assert dependent.probs[alone] == pytest.approx(independent.probs[alone])


def test_copies_of_a_bad_function_do_no_harm_if_they_count_as_one():
    votes, y = one_class_votes(20_000, [0.9, 0.9, 0.8, 0.8, 0.55], coverage=0.4)
    copied = np.hstack([votes, *[votes[:, [4]]] * 5])

    plain = denoise(matrix(votes)).labels()
    harmed, guarded = (denoise(matrix(copied), down_weight_duplicates=guard).labels() for guard in (False, True))

    covered = (votes >= 0).any(axis=1)
    right = [(labels == y)[covered].mean() for labels in (plain, harmed, guarded)]
    assert right[1] < right[0] - 0.03
    assert right[2] == pytest.approx(right[0], abs=0.01)


def test_probabilities_stay_numbers_with_very_many_votes():
    votes = np.tile(np.array([[1], [0]], np.int8), (20, 1_200))

    probs = denoise(matrix(votes), dependence=0).probs

    assert np.isfinite(probs).all()
    assert probs[0, 1] == pytest.approx(1)


def test_it_fits_a_sample_of_the_patterns_where_there_are_very_many():
    votes, _ = crowd_votes(30_000, np.full(20, 0.7), prior=0.5, answered=0.6)
    L = matrix(votes)

    whole, part = (HybridEM(max_patterns=size).fit(L).predict_proba(L) for size in (10**6, 3_000))

    assert (whole.labels() == part.labels()).mean() > 0.98
    assert np.abs(whole.probs - part.probs).mean() < 0.01


def test_a_table_of_patterns_fits_the_same_model():
    votes, _ = one_class_votes(1_000, [0.9, 0.8, 0.7], coverage=0.4)
    L = matrix(votes)

    one, other = (label_model("hybrid_em").fit(source) for source in (L, vote_patterns(L)))

    assert one.evidence_.tolist() == other.evidence_.tolist()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"precision": 0.5}, "precision is 0.5, outside its range"),
        ({"precision": 1.0}, "precision is 1.0"),
        ({"strength": -1}, "strength is -1"),
        ({"dependence": 2}, "dependence is 2"),
        ({"max_patterns": 0}, "max_patterns is 0"),
        ({"strength": 0, "proportional": 0}, "are both 0"),
        ({"class_balance": [0.5, 0.6]}, "class_balance is"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(params, message):
    with pytest.raises(ModelError, match=message):
        HybridEM(**params).fit(matrix([[0, 1, 1]]))
