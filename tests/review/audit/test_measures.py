import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from weaklabel.errors import UnknownNameError
from weaklabel.review.audit.measures import MEASURES, believed, found, measure, unseen


def items(n=60, k=3, seed=0):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(k), n)
    return probs.argmax(axis=1).astype(np.int8), probs, rng.integers(0, k, n)


@pytest.mark.parametrize("k", [2, 3])
def test_values_are_scikit_learns(k):
    labels, probs, y = items(k=k)
    means = found(labels, probs, y).mean(axis=0)

    assert measure("accuracy").value(means) == pytest.approx(accuracy_score(y, labels))
    average = "binary" if k == 2 else "macro"
    assert measure("f1").value(means) == pytest.approx(f1_score(y, labels, average=average))
    assert measure("log_loss").value(means) == pytest.approx(log_loss(y, probs, labels=range(k)))


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("name", MEASURES)
def test_slopes_are_those_of_small_steps(name, k):
    how, means = measure(name), found(*items(k=k)).mean(axis=0)

    steps = [(how.value(means + e) - how.value(means - e)) / 2e-6 for e in 1e-6 * np.eye(len(means))]

    assert how.slope(means) == pytest.approx(steps, abs=1e-6)


def test_a_model_expects_what_is_found_on_average_where_its_probabilities_are_right():
    labels, probs, _ = items(n=40_000)
    drawn = (np.random.default_rng(1).random(len(probs))[:, None] > probs.cumsum(axis=1)).sum(axis=1)

    gap = found(labels, probs, drawn).mean(axis=0) - believed(labels, probs).mean(axis=0)

    assert np.abs(gap).max() < 0.012


def test_an_item_on_which_the_model_abstains_is_said_to_be_of_no_class():
    row = found(np.array([-1], np.int8), np.array([[0.5, 0.5]]), np.array([1]))[0]

    assert row.tolist() == [0, 0, 0, 0, 0, 1, pytest.approx(np.log(2))]


def test_one_sure_mistake_is_no_infinite_loss():
    row = found(np.array([0], np.int8), np.array([[1.0, 0.0]]), np.array([1]))[0]

    assert row[-1] == pytest.approx(np.log(1e6))


def test_a_class_that_is_neither_there_nor_said_is_unseen_and_not_averaged():
    means = np.array([0.5, 0.5, 0, 0.5, 0.5, 0, 0.5, 0.5, 0, 0.1])

    assert unseen(means).tolist() == [False, False, True]
    assert measure("f1").value(means) == 1


def test_an_unknown_measure_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match=r"accuracy.*f1.*log_loss"):
        measure("acuracy")
