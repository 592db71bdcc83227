from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.rank import Ranker, rank
from weaklabel.clicks.ranking.evidence import evidence, half_trusted, weighted_quantile
from weaklabel.clicks.ranking.learners import graded
from weaklabel.clicks.ranking.metrics import ndcg
from weaklabel.errors import ArtefactError, ModelError, TableError, UnknownNameError

PAIR = ["query_id", "doc_id"]
WITHOUT = pytest.mark.skipif(find_spec("lightgbm") is None, reason="needs the extra `rank` (LightGBM)")
MODELS = ["sklearn", pytest.param("lightgbm", marks=WITHOUT)]


def documents(queries=60, docs=10, seed=0):
    """Documents with two features, of which the first says all about relevance (0.1 to 0.9)."""
    rng = np.random.default_rng(seed)
    pairs = [(f"q{q}", f"d{d}") for q in range(queries) for d in range(docs)]
    features = rng.random((len(pairs), 2))
    frame = pl.DataFrame(pairs, schema=PAIR, orient="row")
    return frame.with_columns(match=pl.Series(features[:, 0]), noise=pl.Series(features[:, 1])), 0.1 + 0.8 * features[
        :, 0
    ]


def labels_of(frame, relevance, exposure=1000.0, provenance=None, **columns):
    n = len(frame)
    values = {
        "relevance": np.broadcast_to(np.asarray(relevance, float), n),
        "exposure": np.broadcast_to(np.asarray(exposure, float), n),
    }
    filled = frame.select(PAIR).with_columns(
        **{name: pl.Series(v) for name, v in values.items()},
        impressions=1000,
        clicks=100,
        effective_sample_size=1000.0,
    )
    return RelevanceLabels(filled.with_columns(**columns), provenance or {})


def gold_of(frame, relevance):
    return frame.select(PAIR).with_columns(grade=pl.Series(np.floor(np.asarray(relevance) * 5)))


@pytest.mark.parametrize("model", MODELS)
def test_a_ranker_orders_new_documents_by_what_the_labels_taught(model):
    frame, relevance = documents()
    new, truth = documents(seed=1)

    scored = rank(labels_of(frame, relevance), frame, model=model).score(new)

    assert ndcg(scored, gold_of(new, truth)).value > 0.97
    assert scored.columns == [*PAIR, "score", "rank"]
    assert scored.filter(pl.col("query_id") == "q7")["rank"].to_list() == list(range(1, 11))


@pytest.mark.parametrize("model", MODELS)
def test_the_order_of_rows_and_a_second_training_change_nothing(model):
    frame, relevance = documents(queries=30)
    labels = labels_of(frame, relevance + np.random.default_rng(0).normal(0, 0.1, len(frame)).clip(-0.05, None))
    shuffled = RelevanceLabels(labels.frame.sample(fraction=1, shuffle=True, seed=2))

    one = rank(labels, frame, model=model).score(frame)
    other = rank(shuffled, frame.sample(fraction=1, shuffle=True, seed=3), model=model).score(frame.reverse())

    assert one.equals(other)


@pytest.mark.parametrize("model", MODELS)
def test_labels_that_rest_on_little_count_for_little(model):
    frame, relevance = documents(queries=100)
    rng = np.random.default_rng(3)
    unsure = rng.random(len(frame)) < 0.6
    # of six documents in ten hardly any impression was examined, and the label says the opposite of the truth
    wrong = labels_of(frame, np.where(unsure, 1 - relevance, relevance), np.where(unsure, 0.5, 1000.0))

    scored = rank(wrong, frame, model=model).score(frame)

    assert ndcg(scored, gold_of(frame, relevance)).value > 0.95


@pytest.mark.parametrize("model", MODELS)
def test_gaps_in_features_are_allowed(model):
    frame, relevance = documents()
    gaps = frame.with_columns(match=pl.when(pl.int_range(pl.len()) % 5 != 0).then("match"))

    scored = rank(labels_of(frame, relevance), gaps, model=model).score(gaps)

    assert scored["score"].is_finite().all()


def test_any_regressor_of_scikit_learn_will_do():
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame, relevance = documents()
    model = make_pipeline(StandardScaler(), Ridge(1e-6))

    ranker = rank(labels_of(frame, relevance), frame, model=model)

    assert ranker.score(frame).sort(PAIR)["score"].to_list() == pytest.approx(
        frame.with_columns(y=pl.Series(relevance)).sort(PAIR)["y"].to_list(), abs=0.02
    )
    assert not hasattr(model[-1], "coef_")  # the one given is a pattern, not changed


def test_a_regressor_without_weights_is_warned_of(caplog):
    from sklearn.neighbors import KNeighborsRegressor

    frame, relevance = documents()

    rank(labels_of(frame, relevance), frame, model=KNeighborsRegressor())

    assert "KNeighborsRegressor takes no weights" in caplog.text


def test_columns_that_tell_the_answer_are_never_features():
    frame, relevance = documents()
    telling = frame.with_columns(grade=pl.Series(relevance), position=1, clicks=3, title=pl.lit("text"))

    ranker = rank(labels_of(frame, relevance), telling, model="sklearn")

    assert ranker.columns == ("match", "noise")
    assert rank(labels_of(frame, relevance), telling, model="sklearn", columns=["noise"]).columns == ("noise",)


def test_documents_without_a_label_are_stated_and_labels_without_features_warned_of(caplog):
    frame, relevance = documents(queries=10)

    ranker = rank(labels_of(frame, relevance), frame[:80], model="sklearn")
    fewer = rank(labels_of(frame[:60], relevance[:60]), frame, model="sklearn")

    assert ranker.provenance["labels_without_features"] == 20
    assert "20 of 100 labels have no features" in caplog.text
    assert fewer.provenance["documents_without_label"] == 40


def test_documents_of_equal_score_are_ranked_by_their_id():
    frame, relevance = documents()
    same = frame[:10].with_columns(match=0.5, noise=0.5).sample(fraction=1, shuffle=True, seed=1)

    scored = rank(labels_of(frame, relevance), frame, model="sklearn").score(same)

    assert scored["doc_id"].to_list() == [f"d{d}" for d in range(10)]


def test_a_label_drawn_to_the_mean_of_all_is_taken_without_it():
    frame, _ = documents(queries=1, docs=2)
    clicks, exposure, shape, mean = np.array([8.0, 0.0]), np.array([20.0, 2.0]), 1.5, 0.3
    shrunk = (clicks + shape) / (exposure + shape / mean)
    labels = labels_of(frame, shrunk, exposure)

    target, weight, half = evidence(labels.frame, {"prior": {"shape": shape, "mean": mean, "features": False}})

    assert target.tolist() == pytest.approx([0.4, 0.0])
    assert half == pytest.approx(5.0)
    assert weight.tolist() == pytest.approx([20 / 25, 2 / 7])


def test_a_label_drawn_to_documents_like_it_stays():
    frame, _ = documents(queries=1, docs=2)
    labels = labels_of(frame, [0.4, 0.2], [20.0, 2.0])

    target, _, _ = evidence(labels.frame, {"prior": {"shape": 1.5, "mean": 0.3, "features": True}})

    assert target.tolist() == [0.4, 0.2]


def test_the_exposure_that_is_half_trusted_is_the_planted_one():
    rng = np.random.default_rng(0)
    exposure = rng.uniform(1, 50, 50_000)
    relevance = rng.gamma(2.0, 0.15, 50_000)  # mean 0.3, variance 0.045

    found = half_trusted(rng.poisson(exposure * relevance) / exposure, exposure)

    assert found == pytest.approx(0.3 / 0.045, rel=0.05)


def test_a_weighted_quantile_of_a_worked_case():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 5.0, 4.0])

    assert [weighted_quantile(values, weights, q) for q in (0.4, 0.6, 0.95)] == [1.0, 2.0, 3.0]


def test_relevance_becomes_grades_whose_gain_is_the_relevance():
    grades, gains = graded(np.array([0.0, 0.25, 1.0, 2.0]))

    assert gains[grades] * 2 == pytest.approx([0.0, 0.25, 1.0, 2.0], abs=0.002)


def test_a_ranker_of_lightgbm_is_saved_and_scores_the_same(tmp_path):
    pytest.importorskip("lightgbm", reason="needs the extra `rank` (LightGBM)")
    frame, relevance = documents()
    ranker = rank(labels_of(frame, relevance), frame, model="lightgbm", num_iterations=10)

    ranker.save(tmp_path / "ranker.parquet")
    again = Ranker.load(tmp_path / "ranker.parquet")

    assert again.score(frame).equals(ranker.score(frame))
    assert again.provenance["labels"] == 600
    assert pl.read_parquet(tmp_path / "ranker.parquet")["feature"].to_list() == ["match", "noise"]


def test_a_ranker_of_scikit_learn_says_that_it_is_not_saved(tmp_path):
    frame, relevance = documents()
    ranker = rank(labels_of(frame, relevance), frame, model="sklearn")

    with pytest.raises(ArtefactError, match="a HistGradientBoostingRegressor is not saved"):
        ranker.save(tmp_path / "ranker.parquet")
    assert not list(tmp_path.iterdir())


FRAME, RELEVANCE = documents(queries=3)
FINE = labels_of(FRAME, RELEVANCE)


@pytest.mark.parametrize(
    ("features", "how", "error", "said"),
    [
        (FRAME.drop("doc_id"), {}, TableError, "no column 'doc_id'"),
        (FRAME, {"columns": ["depth"]}, TableError, "no column 'depth'"),
        (pl.concat([FRAME, FRAME]), {}, TableError, "document 'd0' of query 'q0' twice"),
        (FRAME.with_columns(match=float("inf")), {}, TableError, "'match' is infinite in row 0"),
        (FRAME.with_columns(title=pl.lit("x")), {"columns": ["title"]}, TableError, "'title' holds String"),
        (FRAME.select(PAIR), {}, TableError, "no column of the features can be used"),
        (
            FRAME.with_columns(query_id=pl.lit("other")).unique(PAIR),
            {},
            TableError,
            "none of the 30 labels has features",
        ),
        (FRAME, {"model": "svm"}, UnknownNameError, "no ranker is called 'svm'"),
        (FRAME, {"model": "sklearn", "leaves": 3}, ModelError, "'sklearn' cannot be fitted: .*leaves"),
        (FRAME, {"model": object(), "leaves": 3}, ModelError, "has its parameters already: set leaves there"),
        (FRAME, {"model": object()}, ModelError, "cannot be fitted"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_its_value(features, how, error, said):
    with pytest.raises(error, match=said):
        rank(FINE, features, **{"model": "sklearn", **how})


def test_labels_that_are_all_the_same_are_refused():
    with pytest.raises(ModelError, match=r"all 30 labels have relevance 0.3"):
        rank(labels_of(FRAME, 0.3), FRAME)


def test_a_column_that_the_ranker_needs_is_named():
    ranker = rank(FINE, FRAME, model="sklearn")

    with pytest.raises(TableError, match="no column 'noise'.*the ranker was trained on it"):
        ranker.score(FRAME.drop("noise"))


def test_no_documents_get_no_scores():
    assert rank(FINE, FRAME, model="sklearn").score(FRAME.clear()).height == 0


def test_no_column_of_labels_is_taken_for_a_feature():
    frame, relevance = documents()[:2]
    labels = labels_of(frame, relevance)
    joined = frame.join(labels.frame.with_columns(sd=0.1, expected=0.2), on=["query_id", "doc_id"])

    plain, with_labels = (rank(labels, features, model="sklearn", max_iter=2) for features in (frame, joined))

    assert with_labels.columns == plain.columns
