import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from weaklabel.labeling.soft_fit import fit_soft
from weaklabel.review.learning.logistic import fit_logistic


def soft(n=150, d=4, k=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1)  # features of different size
    return X, rng.dirichlet(np.ones(k) / 2, n), rng.choice([1.0, 5.0], n)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 4), st.integers(0, 1000), st.booleans())
def test_it_finds_what_scikit_learn_finds(k, seed, sparse):
    X, probs, weight = soft(k=k, seed=seed)
    reference = fit_soft(LogisticRegression(C=10.0, max_iter=5000, tol=1e-8), X, probs, weight)

    fitted = fit_logistic(csr_matrix(X) if sparse else X, probs, weight)

    assert fitted.classes_.tolist() == list(range(k))
    assert fitted.predict_proba(X) == pytest.approx(reference.predict_proba(X), abs=0.01)


def test_a_class_without_probability_is_not_learned():
    X, probs, weight = soft(k=2)
    three = np.insert(probs, 1, 0.0, axis=1)

    fitted = fit_logistic(X, three, weight)

    assert fitted.classes_.tolist() == [0, 2]
    assert fitted.predict_proba(X) == pytest.approx(fit_logistic(X, probs, weight).predict_proba(X))


def test_where_the_search_begins_hardly_matters():
    X, probs, weight = soft(seed=1)
    other = fit_logistic(X, probs[::-1], weight)

    here, there = fit_logistic(X, probs, weight), fit_logistic(X, probs, weight, start=other)

    assert there.predict_proba(X) == pytest.approx(here.predict_proba(X), abs=0.01)


def test_a_model_of_other_classes_is_no_place_to_begin():
    X, probs, weight = soft(k=3)
    other = fit_logistic(X, soft(k=2)[1], weight)

    assert (fit_logistic(X, probs, weight, other).coef_ == fit_logistic(X, probs, weight).coef_).all()


def test_what_can_be_told_apart_for_certain_overflows_nothing():
    X = np.array([[-1e4], [1e4]])

    with np.errstate(all="raise", under="ignore"):
        fitted = fit_logistic(X, np.eye(2), np.ones(2))

    assert fitted.predict_proba(X).argmax(axis=1).tolist() == [0, 1]
