import logging

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators.regression_em import RegressionEM, expected
from weaklabel.errors import ModelError, NotIdentifiedError, TableError

THETA = np.array([1.0, 0.6, 0.4, 0.3])


def counts_of(*rows, context=()):
    names = ["query_id", "doc_id", *context, "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row"), context=context)


def moving(rng, items, shown, theta=THETA):
    """Each document is shown at two random positions; clicks are drawn."""
    relevance = rng.uniform(0.1, 0.9, items)
    rows = [
        (f"q{i % 20}", f"d{i}", int(k) + 1, shown, int(rng.binomial(shown, relevance[i] * theta[k])))
        for i in range(items)
        for k in rng.choice(len(theta), 2, replace=False)
    ]
    return counts_of(*rows)


def kept(rng, items=400, shown=100):
    """Documents that never move, in random order, and the one feature that their relevance comes from."""
    feature = rng.uniform(0, 1, items)
    place = rng.integers(0, 4, items)
    clicks = rng.binomial(shown, (0.1 + 0.8 * feature) * THETA[place])
    rows = [("q", f"d{i}", int(place[i]) + 1, shown, int(clicks[i])) for i in range(items)]
    pairs = {"query_id": "q", "doc_id": [f"d{i}" for i in range(items)], "feature": feature}
    return counts_of(*rows), pl.DataFrame(pairs)


def test_what_was_not_clicked_is_split_between_not_examined_and_not_relevant():
    # Of 8 without a click, examined: 8 * .5 * .6 / .8 = 3; relevant: 8 * .4 * .5 / .8 = 2.
    examined, relevant = expected(np.array([10.0]), np.array([2.0]), np.array([0.5]), np.array([0.4]))

    assert examined == pytest.approx([5.0])
    assert relevant == pytest.approx([4.0])


def test_no_curve_nearby_makes_the_clicks_likelier():
    counts = moving(np.random.default_rng(0), 60, 20)
    cells = counts.cells
    rates = np.linspace(0.001, 0.999, 999)[:, None]  # the best relevance of each document, by looking

    def likelihood(theta):
        p = np.clip(rates * theta[cells.slot], 1e-9, 1 - 1e-9)
        terms = cells.C * np.log(p) + (cells.N - cells.C) * np.log1p(-p)
        return np.stack([cells.per_item(row) for row in terms]).max(axis=0).sum()

    found = RegressionEM(iterations=3000, tolerance=1e-9).estimate(counts).examination

    moved = [found * np.where(np.arange(4) == k, factor, 1.0) for k in (1, 2, 3) for factor in (0.97, 1.03)]
    assert all(likelihood(theta) < likelihood(found) for theta in moved)


def test_documents_of_many_clicks_give_the_planted_curve():
    counts = moving(np.random.default_rng(1), 200, 2000)

    found = RegressionEM().estimate(counts)

    assert found.examination == pytest.approx(THETA, rel=0.02)
    assert found.provenance["estimator"] == "regression_em"


def test_documents_of_few_clicks_bend_the_curve_and_the_log_says_so(caplog):
    counts = moving(np.random.default_rng(2), 2000, 2)

    with caplog.at_level(logging.WARNING):
        found = RegressionEM().estimate(counts)

    assert (found.examination[1:] > THETA[1:] * 1.1).all()
    assert "too few for a relevance of their own" in caplog.text
    assert "use harvesting" in caplog.text


def test_documents_of_many_clicks_give_no_warning(caplog):
    with caplog.at_level(logging.WARNING):
        RegressionEM(iterations=50).estimate(moving(np.random.default_rng(1), 100, 500))

    assert not caplog.records


def test_each_context_has_a_curve_of_its_own():
    rows = [("q", d, x, k + 1, 5000, int(5000 * 0.6 * t)) for x, low in (("desk", 0.8), ("phone", 0.3))
            for d in "ab" for k, t in enumerate((1.0, low))]  # fmt: skip

    found = RegressionEM(iterations=1000).estimate(counts_of(*rows, context=("device",)))

    assert found.to_frame()["device"].to_list() == ["desk", "desk", "phone", "phone"]
    assert found.examination == pytest.approx([1.0, 0.8, 1.0, 0.3], rel=0.02)


def test_documents_that_never_move_are_refused_rather_than_guessed():
    with pytest.raises(NotIdentifiedError, match="every document has its place"):
        RegressionEM().estimate(kept(np.random.default_rng(3))[0])


def test_a_position_that_was_never_clicked_is_refused():
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 0))

    with pytest.raises(NotIdentifiedError, match="position 2 was shown 100 times and never clicked"):
        RegressionEM().estimate(counts)


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_features_compare_documents_that_never_move_and_the_log_says_so(kind, caplog):
    from sklearn.linear_model import LinearRegression, LogisticRegression

    counts, features = kept(np.random.default_rng(4), items=800, shown=300)
    model = LinearRegression() if kind == "regressor" else LogisticRegression(C=100.0)

    with caplog.at_level(logging.WARNING):
        em = RegressionEM(features=features, regressor=model, iterations=40, tolerance=1e-4)
        found = em.estimate(counts)

    assert found.examination == pytest.approx(THETA, rel=0.1)
    assert "rests on the features alone" in caplog.text
    assert found.provenance["features"] == ("feature",)


def test_without_a_regressor_or_with_a_pipeline_features_are_fitted_by_weight():
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    counts, features = kept(np.random.default_rng(8), items=300)

    def estimate(model):
        return RegressionEM(features=features, regressor=model, iterations=5).estimate(counts).examination

    plain, none, piped = (
        estimate(LinearRegression()),
        estimate(None),
        estimate(make_pipeline(StandardScaler(), Ridge())),
    )

    assert none == pytest.approx(plain, rel=0.01)
    assert piped == pytest.approx(plain, rel=0.01)


def test_features_may_be_given_as_a_file(tmp_path):
    from sklearn.linear_model import LinearRegression

    counts, features = kept(np.random.default_rng(5), items=60)
    features.write_csv(tmp_path / "features.csv")

    def estimate(given):
        return RegressionEM(features=given, regressor=LinearRegression(), iterations=3).estimate(counts)

    from_file, from_frame = estimate(str(tmp_path / "features.csv")), estimate(features)

    assert from_file.examination == pytest.approx(from_frame.examination)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("feature"), "no column beside query_id and doc_id"),
        (lambda f: f[:-1], "1 documents of the log have no features, first 'd9' of query 'q'"),
        (lambda f: pl.concat([f, f[:1]]), "has document 'd0' of query 'q' twice"),
        (lambda f: f.with_columns(feature=pl.lit("high")), "feature 'feature' of document 'd0' is no finite number"),
        (lambda f: f.drop("doc_id"), "the table of features has no column 'doc_id'"),
    ],
)
def test_features_that_cannot_be_used_are_refused(change, message):
    counts, features = kept(np.random.default_rng(6), items=10)

    with pytest.raises(TableError, match=message):
        RegressionEM(features=change(features)).estimate(counts)


def test_a_regressor_that_takes_no_weights_is_refused():
    from sklearn.neighbors import KNeighborsRegressor

    counts, features = kept(np.random.default_rng(7), items=40)

    with pytest.raises(ModelError, match="KNeighborsRegressor.* cannot be fitted"):
        RegressionEM(features=features, regressor=KNeighborsRegressor()).estimate(counts)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"level": 2}, "level is 2"),
        ({"iterations": 0}, "iterations is 0: it must be positive"),
        ({"tolerance": -1}, "tolerance is -1"),
        ({"regressor": object()}, "there is a regressor and no features"),
    ],
)
def test_parameters_outside_their_range_are_refused(parameters, message):
    with pytest.raises(ModelError, match=message):
        RegressionEM(**parameters).estimate(counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20)))
