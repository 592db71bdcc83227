import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from weaklabel.errors import ModelError
from weaklabel.labeling.soft_fit import copied, fit_soft, kind, reads_columns, weighted


def planted(n=200, seed=0):
    """Points around -1 and +1, and a probability for each class that says which; never quite sure."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return rng.normal(2 * y - 1)[:, None], np.where(np.eye(2)[y] > 0, 0.8, 0.2), y


def test_each_item_enters_once_per_class_that_it_may_be_of():
    rows, labels, weights = weighted(np.array([[0.75, 0.25], [1.0, 0.0], [0.5, 0.5]]), np.array([1.0, 2.0, 0.0]))

    assert rows.tolist() == [0, 0, 1]
    assert labels.tolist() == [0, 1, 0]
    assert weights.tolist() == [0.75, 0.25, 2]


def test_ten_copies_are_shared_by_largest_remainder():
    rows, labels = copied(np.array([[0.74, 0.26], [0.33, 0.67]]), np.ones(2))

    assert np.bincount(labels[rows == 0]).tolist() == [7, 3]
    assert np.bincount(labels[rows == 1]).tolist() == [3, 7]


def test_equal_remainders_go_to_the_first_classes():
    _, labels = copied(np.full((1, 4), 0.25), np.ones(1))

    assert np.bincount(labels).tolist() == [3, 3, 2, 2]


def test_hard_labels_of_equal_weight_stand_once():
    rows, labels = copied(np.eye(3)[[2, 0, 1]], np.full(3, 7.0))

    assert rows.tolist() == [0, 1, 2]
    assert labels.tolist() == [2, 0, 1]


def test_weights_become_numbers_of_copies_and_only_a_weight_of_zero_none():
    rows, _ = copied(np.eye(2)[[0, 1, 0, 1, 0]], np.array([10.0, 1.0, 1.0, 0.01, 0.0]))

    assert np.bincount(rows).tolist() == [100, 10, 10, 1]


def test_an_answer_of_great_weight_leaves_the_others_their_shares():
    rows, labels = copied(np.array([[0.6, 0.4], [1.0, 0.0], [0.6, 0.4]]), np.array([1.0, 10.0, 1.0]))

    assert np.bincount(rows * 2 + labels).tolist() == [3, 2, 50, 0, 3, 2]


@given(
    arrays(float, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(0.01, 1)), st.floats(1e-3, 1e3)
)
def test_copies_come_within_one_of_what_the_probabilities_say(shares, weight):
    probs = shares / shares.sum(axis=1, keepdims=True)

    rows, labels = copied(probs, np.full(len(probs), weight))

    counts = np.zeros(probs.shape)
    np.add.at(counts, (rows, labels), 1)
    total = counts.sum(axis=1, keepdims=True)
    assert (total == total[0]).all()
    assert (np.abs(counts / total - probs) < 0.1 + 1e-9).all()


def test_a_classifier_without_weights_learns_the_shares_from_copies():
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    probs = np.repeat([[0.9, 0.1], [0.3, 0.7]], 50, axis=0)

    model = fit_soft(KNeighborsClassifier(500), X, probs, np.ones(100))

    assert model.predict_proba([[0.0], [1.0]]) == pytest.approx(np.array([[0.9, 0.1], [0.3, 0.7]]))


@pytest.mark.parametrize(
    "classifier",
    [
        GaussianNB(),
        KNeighborsClassifier(99),  # up to ten of the nearest are copies of one item
        LinearSVC(),
        LogisticRegressionCV(Cs=3, cv=3),
        CalibratedClassifierCV(LinearSVC()),
        CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC())),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), LinearSVC()),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}),
        GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [50, 99]}, cv=3),
        GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1]}),
    ],
    ids=kind,
)
@pytest.mark.filterwarnings("error::UserWarning")  # such as that weights are not used
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of scikit-learn, about its own defaults
def test_any_classifier_learns_and_gives_probabilities(classifier):
    X, probs, y = planted()

    model = fit_soft(classifier, X, probs, np.ones(len(y)))

    found = model.predict_proba(X)
    assert found.shape == (200, 2)
    assert 0.75 < (found.argmax(axis=1) == y).mean() < 0.95
    assert not hasattr(classifier, "classes_") or isinstance(classifier, GridSearchCV)


def test_a_pipeline_weighs_its_last_step():
    X, probs, _ = planted()
    weight = np.where(X[:, 0] > 0, 1.0, 0.1)

    alone = fit_soft(GaussianNB(), X, probs, weight)
    piped = fit_soft(make_pipeline(StandardScaler(with_mean=False, with_std=False), GaussianNB()), X, probs, weight)

    assert (piped.predict_proba(X) == alone.predict_proba(X)).all()


def test_a_search_judges_with_weights_and_never_holds_out_half_an_item():
    X, probs, _ = planted(60)
    folds = fit_soft(GridSearchCV(GaussianNB(), {}), X, probs, np.ones(60)).cv

    rows, _, _ = weighted(probs, np.ones(60))
    assert len(folds) == 5
    for learned, held in folds:
        assert not set(rows[learned]) & set(rows[held])
        assert len(learned) + len(held) == 120
        assert np.abs(probs[np.unique(rows[held])].sum(axis=0) - 6).max() < 1.5  # both classes, about evenly


def test_folds_of_ones_own_are_left_alone():
    X, probs, _ = planted(60)
    own = KFold(3)

    assert fit_soft(GridSearchCV(GaussianNB(), {}, cv=own), X, probs, np.ones(60)).cv.n_splits == 3


def test_a_class_of_three_items_is_calibrated_on_three_folds():
    X, _, _ = planted(60)
    rare = np.eye(2)[np.where(np.arange(60) < 3, 1, 0)]

    model = fit_soft(LinearSVC(), X, rare, np.ones(60))

    assert len(model.calibrated_classifiers_) == 3


def test_a_list_of_texts_is_repeated_as_rows_are():
    seen = {}

    class Spy(KNeighborsClassifier):
        def fit(self, X, y):
            seen["X"], seen["y"] = X, y.tolist()
            return self

    fit_soft(Spy(), ["a", "b"], np.array([[0.5, 0.5], [1.0, 0.0]]), np.ones(2))

    assert (seen["X"], seen["y"]) == (["a", "a", "b", "b"], [0, 1, 0, 0])


@pytest.mark.parametrize(
    ("classifier", "said"),
    [
        (object(), "is no scikit-learn classifier: give one, or a Pipeline that ends in one"),
        (Ridge(), r"Ridge\(\) is no scikit-learn classifier"),
        (make_pipeline(StandardScaler()), "is no scikit-learn classifier"),
        (GaussianNB, r"GaussianNB is a class, not a classifier: call it, GaussianNB\(\)"),
        (GridSearchCV(LinearSVC(), {}), "GridSearchCV of LinearSVC gives no probabilities: search over Calibrated"),
        (MultinomialNB(), "MultinomialNB cannot be trained on these features: Negative values in data"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(classifier, said):
    X, probs, _ = planted()

    with pytest.raises(ModelError, match=said):
        fit_soft(classifier, X, probs, np.ones(200))


def test_a_pipeline_reads_columns_and_so_does_what_is_built_around_one():
    piped = make_pipeline(StandardScaler(), GaussianNB())

    assert reads_columns(piped)
    assert reads_columns(GridSearchCV(piped, {}))
    assert reads_columns(CalibratedClassifierCV(piped))
    assert not reads_columns(GridSearchCV(GaussianNB(), {}))
    assert not reads_columns(GaussianNB())
