import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.review.learning.adjusted import Balance, Sharpened, mixed, sharpened, sharpness
from weaklabel.review.learning.evidence import Evidence
from weaklabel.review.learning.logistic import fit_logistic
from weaklabel.review.learning.weighing import FEWEST, weigh


def evidence(wrong, answers=90, n=600, seed=0):
    """Points, with weak labels that are wrong on this share beyond 0 in the second dimension, and true answers."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = (X[:, 0] > 0).astype(int)
    weak = np.where((X[:, 1] > 0) & (rng.random(n) < wrong), 1 - y, y)
    rows = np.arange(answers)
    probs = np.eye(2)[weak] * 0.8 + 0.1
    return Evidence(X, probs, np.ones(n, bool), rows, y[rows], rows % 3, fit_logistic)


def test_few_answers_do_not_say_what_they_are_worth():
    weighed = weigh(evidence(0.0, FEWEST - 1))

    assert weighed.weight == pytest.approx(10**0.7)  # 1, 10 and 100, believed by .4, .5 and .1
    assert weighed.crossed is None


def test_an_answer_counts_the_more_the_worse_weak_labels_are():
    weights = [weigh(evidence(wrong)).weight for wrong in (0.0, 0.9)]

    assert weights[0] < 5
    assert weights[1] > 20


def test_answers_are_predicted_by_models_that_did_not_see_them():
    given = evidence(0.9)
    y = given.y.copy()
    y[given.fold == 1] = 1 - y[given.fold == 1]
    flipped = Evidence(given.X, given.weak, given.covered, given.rows, y, given.fold, given.fit)

    one, other = given.trained(10.0, given.fold != 1), flipped.trained(10.0, given.fold != 1)

    assert (one.coef_ == other.coef_).all()


def test_without_weak_labels_an_answer_counts_for_one():
    given = evidence(0.0)
    alone = Evidence(given.X, given.weak, np.zeros(len(given.X), bool), given.rows, given.y, given.fold, given.fit)

    weighed = weigh(alone)

    assert weighed.weight == 1
    assert (weighed.crossed.argmax(axis=1) == given.y).mean() > 0.9


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.0])
def test_the_planted_sharpness_is_found(planted):
    rng = np.random.default_rng(0)
    true = rng.dirichlet((1, 1, 1), 4000) * 0.9 + 0.1 / 3
    y = (rng.random(4000)[:, None] > true.cumsum(axis=1)).sum(axis=1)

    found = sharpness(sharpened(true, 1 / planted), y)

    assert found == pytest.approx(planted, rel=0.1)


def test_few_answers_hardly_sharpen():
    assert 1 < sharpness(np.array([[0.6, 0.4]] * 3), np.zeros(3, int)) < 1.3


@given(st.floats(0.2, 5), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_sharpening_keeps_the_most_probable_class(power, firsts):
    probs = np.array([[p, 1 - p] for p in firsts])

    changed = sharpened(probs, power)

    assert changed.sum(axis=1) == pytest.approx(1)
    assert ((changed[:, 0] >= changed[:, 1]) | (probs[:, 0] < probs[:, 1])).all()


def test_a_sharpened_classifier_and_a_balance_predict_any_rows():
    balance = Balance((0.25, 0.75))

    assert balance.predict_proba(["a", "b"]).tolist() == [[0.25, 0.75]] * 2
    assert balance.classes_.tolist() == [0, 1]
    assert Sharpened(balance, 2.0).predict_proba(np.zeros((1, 3))) == pytest.approx(np.array([[0.1, 0.9]]))


def test_a_geometric_mean_counts_each_part_for_its_share():
    parts = [np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])]

    assert mixed(parts, np.array([0.5, 0.5])) == pytest.approx(np.array([[0.75, 0.25]]))
    assert mixed(parts, np.array([0.0, 1.0])) == pytest.approx(parts[1])
