from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import metrics, plugins
from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.compare import calibration_error, compare, macro_f1
from weaklabel.labeling.models.majority import Majority

FITTED = ("majority", "trusting")


@dataclass
class Trusting:
    """Believes the first function that votes, in the order of their names, to nine tenths."""

    seed: int = 0

    def fit(self, L):
        return self

    def predict_proba(self, L):
        order = np.argsort(L.lf_names)
        ranked = L.votes[:, order]
        first = ranked[np.arange(len(ranked)), (ranked != -1).argmax(axis=1)]
        k = L.cardinality
        said = np.where(np.arange(k) == first[:, None], 0.9, 0.1 / (k - 1))
        probs = np.where(L.covered[:, None], said, 1 / k)
        return Posterior(probs, L.item_ids, L.classes, L.covered)


@dataclass
class Careful:
    """Counts votes, as majority vote does, and is less sure."""

    def fit(self, L):
        return self

    def predict_proba(self, L):
        weights = np.exp([(L.votes == y).sum(axis=1) / 2 for y in range(L.cardinality)]).T
        return Posterior(weights / weights.sum(axis=1, keepdims=True), L.item_ids, L.classes, L.covered)


@dataclass
class Needy:
    """Has a parameter without a default."""

    secret: float


@pytest.fixture(autouse=True)
def models(monkeypatch):
    """Two models that always fit, beside those that ship."""
    shipped = plugins.get
    ours = {"majority": Majority, "trusting": Trusting, "careful": Careful, "needy": Needy}
    monkeypatch.setattr(plugins, "get", lambda kind, name: ours.get(name) or shipped(kind, name))


def planted(seed, accuracies, coverage=0.9, n=800, k=2):
    """Functions of these accuracies, and the truth."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    shape = (n, len(accuracies))
    votes = np.where(rng.random(shape) < accuracies, y[:, None], (y[:, None] + rng.integers(1, k, shape)) % k)
    votes = np.where(rng.random(shape) < coverage, votes, -1)
    return LabelMatrix.from_array(votes, classes=[f"class {c}" for c in range(k)]), y


def row(found, model):
    return found.frame.filter(pl.col("model") == model).row(0, named=True)


def test_scores_worked_by_hand():
    # Two votes right, one wrong; a tie counts half, an item without votes as a guess between two classes.
    L = LabelMatrix.from_array([[0, 0], [1, -1], [1, 1], [0, 1], [-1, -1]])
    gold = np.array([0, 1, 0, 0, 1])

    found = row(compare(L, FITTED, gold), "majority")

    assert found["accuracy"] == pytest.approx((1 + 1 + 0 + 0.5 + 0.5) / 5)
    # Class 0: 1 right of 1 said and 3 there; class 1: 1 right of 2 said and 2 there.
    assert found["macro_f1"] == pytest.approx((2 / 4 + 2 / 4) / 2)
    impossible = -np.log(np.finfo(float).eps)
    assert found["log_loss"] == pytest.approx((impossible + 2 * np.log(2)) / 5)
    assert found["vote_log_likelihood"] is None
    assert found["verdict"] == "majority vote"


def test_macro_f1_worked_by_hand():
    # Class 0: 1 of 1 said, 2 there; class 1: 1 of 2 said, 1 there; class 2: said once, never there; class 3: nowhere.
    found = macro_f1(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), 4)

    assert found == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)


def test_only_items_of_known_class_count():
    L, y = planted(0, [0.9, 0.6, 0.6])
    gold = np.where(np.arange(len(y)) < 300, y, -1)
    few = LabelMatrix(L.votes[:300], L.item_ids[:300], L.lf_names, L.classes)

    assert compare(L, FITTED, gold).frame.equals(compare(few, FITTED, y[:300]).frame)


def test_a_model_that_is_better_is_said_to_be():
    L, y = planted(0, [0.95, 0.6, 0.6, 0.6])

    found = compare(L, FITTED, y)

    assert found.best == found.frame["model"][0] == "trusting"
    better = row(found, "trusting")
    assert better["verdict"] == "better than majority vote"
    assert 0 < better["difference_lower"] < better["difference"] < better["difference_upper"]
    assert better["difference"] == pytest.approx(better["accuracy"] - row(found, "majority")["accuracy"])
    assert "Better than majority vote here: trusting." in found.why


def test_a_model_that_is_worse_is_said_to_be():
    L, y = planted(0, [0.6, 0.9, 0.9, 0.9])

    found = compare(L, FITTED, y)

    assert found.best == "majority"
    assert row(found, "trusting")["verdict"] == "worse than majority vote"
    assert "majority vote is right on" in found.why
    assert "No model is better than majority vote here." in found.why


def test_a_lead_of_rounding_errors_is_none():
    # One known item, on which the models differ by 0.5: draws of it are all the same, but for the two unseen ones.
    L = LabelMatrix.from_array([[0, 1]])

    found = row(compare(L, FITTED, np.array([0])), "trusting")

    assert found["difference"] == 0.5
    assert found["verdict"] == "not better than majority vote here"


def test_a_lead_that_a_few_known_items_cannot_show_is_not_one():
    L, y = planted(0, [0.8, 0.7, 0.75])
    gold = np.where(np.arange(len(y)) < 30, y, -1)

    found = compare(L, FITTED, gold)

    trusting = row(found, "trusting")
    assert trusting["difference_lower"] <= 0 <= trusting["difference_upper"]
    assert trusting["verdict"] == "not better than majority vote here"
    assert "No model is better than majority vote here. 30 known classes do not show small differences" in found.why


def test_models_that_agree_on_a_few_known_items_may_differ_on_others():
    L, y = planted(0, [0.7, 0.7], n=50)

    same = row(compare(L, ("careful",), y), "careful")

    assert same["difference"] == 0
    # Nothing in 50 items leaves room for 3 in 50 (the rule of three).
    assert same["difference_upper"] == pytest.approx(3 / 50, abs=0.021)
    assert same["difference_lower"] == pytest.approx(-3 / 50, abs=0.021)
    assert row(compare(L, FITTED, y), "majority")["difference_upper"] == 0


def test_better_probabilities_of_the_same_labels_are_owned_up_to():
    L, y = planted(0, [0.7] * 4)

    assert "The probabilities of careful are the better ones, though (log-loss " in compare(L, ("careful",), y).why


def test_of_equally_accurate_models_the_less_surprised_is_best():
    # Both say the same classes; majority vote is wrong with certainty on one item, the other to nine tenths.
    L = LabelMatrix.from_array([[0, 0], [1, 1], [1, 1]])

    found = compare(L, FITTED, np.array([0, 1, 0]))

    assert found.best == "trusting"
    assert row(found, "trusting")["difference"] == 0
    assert row(found, "trusting")["verdict"] == "not better than majority vote here"


def test_a_model_that_cannot_be_fitted_is_listed_with_the_reason():
    L, y = planted(0, [0.9, 0.7])

    for gold in (None, y):
        found = compare(L, ("snorkel", "needy", "trusting"), gold)

        assert set(found.frame["model"]) == {"majority", "trusting", "snorkel", "needy"}
        assert "needs at least 3 labeling functions; this matrix has 2" in row(found, "snorkel")["verdict"]
        assert row(found, "needy")["verdict"] == "cannot be fitted: it has no default for secret"
        assert row(found, "snorkel")["accuracy"] is None
        assert found.best in FITTED


def test_by_default_every_model_that_ships_is_listed():
    L, y = planted(0, [0.9, 0.7], n=50)

    found = compare(L, gold=y)

    assert sorted(found.frame["model"]) == sorted(plugins.names("model"))


def test_without_gold_a_model_is_asked_to_foretell_votes_which_is_not_to_label_better():
    L, y = planted(0, [0.7] * 4, n=2000)

    found = compare(L, ("careful",))

    assert found.best == "careful"
    assert row(found, "careful")["verdict"] == "foretells votes better"
    assert row(found, "majority")["vote_log_likelihood"] < row(found, "careful")["vote_log_likelihood"] < 0
    assert row(found, "careful")["accuracy"] is None
    assert "weak guide" in found.why
    assert row(compare(L, ("careful",), y), "careful")["difference"] == 0


def test_the_calibration_error_is_that_of_metrics_where_nothing_ties():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([1, 1, 1], 500)
    y = rng.integers(0, 3, 500)

    found = calibration_error(probs.max(axis=1), (probs.argmax(axis=1) == y).astype(float))

    assert found == pytest.approx(metrics.calibration_error(y, probs))


def test_gold_of_unknown_classes_only_is_no_gold():
    L, y = planted(0, [0.9, 0.6, 0.6], n=100)

    assert compare(L, FITTED, np.full(len(y), -1)).frame.equals(compare(L, FITTED).frame)


@pytest.mark.parametrize(
    ("votes", "said"),
    [
        ([[0, 1], [0, -1], [-1, 1]] * 10, "each function votes for one class only"),
        ([[0, -1], [-1, 1], [1, -1], [-1, 0]] * 10, "has another beside it"),
        (np.empty((0, 2), int), "each function votes for one class only"),
    ],
)
def test_votes_that_tell_nothing_leave_majority_vote(votes, said):
    found = compare(LabelMatrix.from_array(votes), FITTED)

    assert found.best == "majority"
    assert row(found, "trusting")["verdict"] == "cannot be told from these votes"
    assert row(found, "trusting")["difference"] is None
    assert said in found.why


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_the_order_of_items_and_functions_and_the_names_of_classes_change_nothing(seed, with_gold):
    L, y = planted(seed, [0.9, 0.6, 0.7, 0.55], coverage=0.6, n=120, k=3)
    rng = np.random.default_rng(seed)
    rows, functions, classes = rng.permutation(120), rng.permutation(4), rng.permutation(3)
    gold = np.where(rng.random(120) < 0.5, y, -1) if with_gold else np.full(120, -1)
    shuffled = LabelMatrix(
        np.append(classes, -1)[L.votes][rows][:, functions],
        L.item_ids.gather(rows),
        [L.lf_names[j] for j in functions],
        L.classes,
    )

    before, after = compare(L, FITTED, gold), compare(shuffled, FITTED, np.append(classes, -1)[gold][rows])

    assert before.best == after.best
    assert before.why == after.why
    for ours, theirs in zip(before.frame.rows(), after.frame.rows(), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_the_seed_decides_and_reaches_the_model(monkeypatch):
    L, y = planted(0, [0.9, 0.6, 0.6], n=60)
    seen = []
    monkeypatch.setattr(Trusting, "fit", lambda self, L: seen.append(self.seed) or self)

    once, again, other = (compare(L, FITTED, y, seed=seed) for seed in (3, 3, 4))

    assert once.frame.equals(again.frame)
    assert not once.frame.equals(other.frame)
    assert seen == [3, 3, 4]


def test_an_unknown_model_is_refused_before_any_is_fitted():
    with pytest.raises(UnknownNameError, match="no model is called 'trustful'"):
        compare(LabelMatrix.from_array([[0, 1]]), ("majority", "trustful"))


def test_gold_of_another_shape_is_refused():
    with pytest.raises(TableError, match=r"gold has shape \(3,\); there are 1 items"):
        compare(LabelMatrix.from_array([[0, 1]]), FITTED, np.zeros(3, int))
