import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Posterior
from weaklabel.errors import TableError
from weaklabel.metrics import METRICS, calibration_curve, calibration_error, score


def posterior(probs, covered=None):
    probs = np.asarray(probs, float)
    n, k = probs.shape
    covered = np.ones(n, bool) if covered is None else covered
    return Posterior(probs, [str(i) for i in range(n)], [f"class {y}" for y in range(k)], covered)


def planted(k, n=400, seed=0):
    """Probabilities that lean towards the known class, and a tenth of the items not covered."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(k, size=n)
    probs = rng.dirichlet(np.ones(k), size=n) + 0.5 * np.eye(k)[gold]
    return posterior(probs / probs.sum(axis=1, keepdims=True), rng.random(n) > 0.1), gold


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_metrics_are_those_of_scikit_learn(k, seed):
    made, gold = planted(k, seed=seed)
    chosen = {"labels": [1] if k == 2 else range(k), "average": "macro", "zero_division": 0}
    probs = made.probs[:, 1] if k == 2 else made.probs

    found = score(made, gold, n_bootstrap=1).value

    assert (made.labels() == -1).any()
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(gold, made.labels()))
    assert found["precision"] == pytest.approx(reference.precision_score(gold, made.labels(), **chosen))
    assert found["recall"] == pytest.approx(reference.recall_score(gold, made.labels(), **chosen))
    assert found["f1"] == pytest.approx(reference.f1_score(gold, made.labels(), **chosen))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(gold, probs, multi_class="ovr"))
    assert found["log_loss"] == pytest.approx(reference.log_loss(gold, made.probs, labels=range(k)))


def test_an_abstention_is_wrong_for_accuracy_and_not_predicted_elsewhere():
    # right, wrong, a tie, not covered: two of class 1 are found by the one label that says so
    made = posterior([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5], [0.1, 0.9]], [True, True, True, False])

    found = score(made, np.array([1, 1, 0, 1]), n_bootstrap=1)

    assert found.value["accuracy"] == 1 / 4
    assert found.value["precision"] == 1
    assert found.value["recall"] == pytest.approx(1 / 3)
    assert found.coverage == 2 / 4


def test_a_class_that_is_never_predicted_has_precision_zero():
    assert score(posterior([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]), n_bootstrap=1).value["precision"] == 0


def test_certainty_in_the_wrong_class_costs_a_finite_log_loss():
    found = score(posterior([[1, 0], [0, 1]]), np.array([0, 0]), n_bootstrap=1).value

    assert found["log_loss"] == pytest.approx(-np.log(np.finfo(float).eps) / 2)


def test_items_without_a_known_class_are_left_out():
    made = posterior([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])

    found = score(made, np.array([0, -1, 1]))

    assert found.n == 2
    assert found.value["accuracy"] == 1


def test_no_known_class_at_all_is_an_error():
    with pytest.raises(TableError, match="no item has a known class, so there is nothing to score against"):
        score(posterior([[0.9, 0.1]]), np.array([-1]))


def test_auc_is_undefined_with_one_known_class_and_the_rest_is_not():
    found = score(posterior([[0.9, 0.1], [0.2, 0.8]]), np.array([1, 1]))

    assert np.isnan(found.value["auc"])
    assert np.isnan(found.interval["auc"]).all()
    assert all(np.isfinite(found.value[name]) for name in METRICS if name != "auc")


def test_auc_averages_over_the_known_classes_that_occur():
    made, gold = planted(4)
    gold = np.where(gold == 3, -1, gold)
    known = gold != -1
    each = [reference.roc_auc_score(gold[known] == y, made.probs[known, y]) for y in range(3)]

    assert score(made, gold, n_bootstrap=1).value["auc"] == pytest.approx(np.mean(each))


def test_calibration_error_by_hand():
    # 0.8 twice and always right: a gap of 0.2. 0.6 twice and right once: 0.1. Once 1.0 and wrong: 1.
    probs = np.array([[0.8, 0.2], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6], [1.0, 0.0]])

    assert calibration_error(np.array([0, 1, 0, 0, 1]), probs) == pytest.approx((2 * 0.2 + 2 * 0.1 + 1) / 5)


def slow_calibration_error(y, probs, bins):
    total = 0.0
    for b in range(bins):
        inside = [
            i
            for i in range(len(y))
            if b / bins <= max(probs[i]) < (b + 1) / bins or (b == bins - 1 and max(probs[i]) == 1)
        ]
        if inside:
            right = sum(list(probs[i]).index(max(probs[i])) == y[i] for i in inside) / len(inside)
            total += abs(sum(max(probs[i]) for i in inside) / len(inside) - right) * len(inside)
    return total / len(y)


@pytest.mark.parametrize(("k", "bins"), [(2, 10), (4, 10), (3, 7)])
def test_calibration_error_is_that_of_a_plain_loop(k, bins):
    made, gold = planted(k)

    assert calibration_error(gold, made.probs, bins) == pytest.approx(slow_calibration_error(gold, made.probs, bins))


def test_the_calibration_curve_lists_the_bins_that_are_occupied():
    curve = calibration_curve(np.array([0, 0, 1]), np.array([[0.62, 0.38], [0.34, 0.66], [0.03, 0.97]]))

    assert [b["n"] for b in curve] == [2, 1]
    assert [b["confidence"] for b in curve] == pytest.approx([0.64, 0.97])
    assert [b["accuracy"] for b in curve] == [0.5, 1]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # With one known class there is no AUC, which makes many repetitions cheap.
    rng, truth, n = np.random.default_rng(0), 0.7, 300
    gold = np.ones(n, int)
    right, wrong = [0.1, 0.9], [0.9, 0.1]
    covers = []

    for repetition in range(150):
        made = posterior(np.where((rng.random(n) < truth)[:, None], right, wrong))
        lower, upper = score(made, gold, n_bootstrap=100, seed=repetition).interval["accuracy"]
        covers.append(lower <= truth <= upper)

    assert np.mean(covers) == pytest.approx(0.95, abs=0.03)


def test_a_higher_level_gives_a_wider_interval_around_the_same_value():
    made, gold = planted(2)

    narrow, wide = (score(made, gold, n_bootstrap=50, level=level) for level in (0.5, 0.99))

    assert narrow.value == wide.value
    for name in METRICS:
        assert wide.interval[name][0] < narrow.interval[name][0] < narrow.interval[name][1] < wide.interval[name][1]


def test_the_seed_decides_the_interval():
    made, gold = planted(2)

    first, again, other = (score(made, gold, n_bootstrap=20, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first.interval != other.interval


@settings(max_examples=30, deadline=None)  # a busy machine is no failure
@given(st.sampled_from([2, 4]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_value(k, random):
    made, gold = planted(k, n=60)
    order = np.array(random.sample(range(60), 60))

    shuffled = score(posterior(made.probs[order], made.covered[order]), gold[order], n_bootstrap=1)

    assert shuffled.value == pytest.approx(score(made, gold, n_bootstrap=1).value)


def test_scores_make_a_table_of_one_row_per_metric():
    made, gold = planted(2)
    found = score(made, gold)

    frame = found.to_frame()

    assert frame.columns == ["metric", "value", "lower", "upper"]
    assert frame["metric"].to_list() == list(METRICS)
    assert frame.row(0) == ("accuracy", found.value["accuracy"], *found.interval["accuracy"])
