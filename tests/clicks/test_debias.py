import logging

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts, merge
from weaklabel.clicks.debias import METHODS, debias
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError, ModelError, TableError, UnknownNameError


def counts_of(*rows):
    return ClickCounts(
        pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "impressions", "clicks"], orient="row")
    )


def propensities(*examination, provenance=None):
    theta, ones = np.array(examination), np.ones(len(examination), int)
    return Propensities(np.arange(1, len(theta) + 1), theta, theta, theta, ones, ones, provenance=provenance or {})


# Document a: 10 impressions and 4 clicks at the top (examined always), 30 and 2 at position 2 (examined 1 time in 5).
SHOWN = counts_of(("q", "a", 1, 10, 4), ("q", "a", 2, 30, 2), ("q", "b", 2, 20, 1))
THETA = propensities(1.0, 0.2)


@pytest.mark.parametrize(
    ("method", "clip", "a", "b"),
    [
        ("naive", 0.1, 6 / 40, 1 / 20),
        ("ips", 0.1, (4 / 1 + 2 / 0.2) / 40, (1 / 0.2) / 20),
        ("clipped", 0.5, (4 / 1 + 2 / 0.5) / 40, (1 / 0.5) / 20),
        ("snips", 0.1, 6 / (10 * 1 + 30 * 0.2), 1 / (20 * 0.2)),
    ],
)
def test_relevance_is_what_the_formula_says(method, clip, a, b):
    labels = debias(SHOWN, THETA, method, clip)

    assert labels.frame["doc_id"].to_list() == ["a", "b"]
    assert labels.frame["relevance"].to_list() == pytest.approx([a, b])


@pytest.mark.parametrize(
    ("method", "a"),
    [
        ("naive", 40),
        ("ips", (10 * 1 + 30 * 5) ** 2 / (10 * 1 + 30 * 25)),
        ("clipped", (10 * 1 + 30 * 2) ** 2 / (10 * 1 + 30 * 4)),
        ("snips", (10 * 1 + 30 * 0.2) ** 2 / (10 * 1 + 30 * 0.04)),
    ],
)
def test_the_effective_sample_size_is_kishs_of_the_methods_weights(method, a):
    labels = debias(SHOWN, THETA, method, clip=0.5)

    # document b was shown at one position only, so that its impressions weigh the same
    assert labels.frame["effective_sample_size"].to_list() == pytest.approx([a, 20])


def test_impressions_and_clicks_are_added_up_per_document():
    labels = debias(SHOWN, THETA, "ips")

    assert labels.frame.select("query_id", "doc_id", "impressions", "clicks").rows() == [
        ("q", "a", 40, 6),
        ("q", "b", 20, 1),
    ]


def test_a_log_and_its_counts_give_the_same():
    rows = [("q", "a", 1, 1), ("q", "b", 2, 0), ("r", "b", 1, 0), ("q", "a", 2, 1)]
    log = ClickLog(pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "click"], orient="row"))

    assert debias(log, THETA).frame.equals(debias(count(log), THETA).frame)


def test_the_default_is_shrunk():
    assert debias(SHOWN, THETA).frame.equals(debias(SHOWN, THETA, "shrunk").frame)


def test_the_share_of_clipped_impressions_is_on_record():
    clipped, free = (debias(SHOWN, THETA, "clipped", clip).provenance for clip in (0.5, 0.1))

    assert clipped["clip"] == 0.5
    assert clipped["clipped_share"] == pytest.approx(50 / 60)
    assert free["clipped_share"] == 0


@pytest.mark.parametrize("method", ["naive", "ips", "snips"])
def test_only_the_clipped_method_clips(method):
    labels = debias(SHOWN, THETA, method, clip=0.9)

    assert labels.provenance["clip"] is None
    assert labels.frame.equals(debias(SHOWN, THETA, method).frame)


def test_labels_say_which_propensities_they_rest_on():
    labels = debias(SHOWN, propensities(1.0, 0.2, provenance={"estimator": "randomized"}), "snips")

    assert labels.provenance["method"] == "snips"
    assert labels.provenance["position"] == [1, 2]
    assert labels.provenance["examination"] == [1.0, 0.2]
    assert labels.provenance["propensities"] == {"estimator": "randomized"}


def test_labels_come_back_from_a_file_unchanged(tmp_path):
    labels = debias(SHOWN, THETA, "clipped")
    labels.save(tmp_path / "labels.parquet")

    again = RelevanceLabels.load(tmp_path / "labels.parquet")

    assert again.frame.equals(labels.frame)
    assert again.provenance == labels.provenance


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(0, 1)), min_size=1, max_size=30))
def test_without_position_bias_all_methods_that_do_not_shrink_give_the_click_rate(rows):
    log = ClickLog(
        pl.DataFrame([("q", *row) for row in rows], schema=["query_id", "doc_id", "position", "click"], orient="row")
    )
    naive = debias(log, propensities(1.0, 1.0, 1.0), "naive").frame

    for method in set(METHODS) - {"shrunk"}:
        found = debias(log, propensities(1.0, 1.0, 1.0), method).frame
        assert found["relevance"].to_list() == pytest.approx(naive["relevance"].to_list())
        assert found["effective_sample_size"].to_list() == pytest.approx(naive["impressions"].to_list())


@settings(max_examples=50, deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.integers(1, 3), st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1),
    st.lists(st.floats(0.05, 2), min_size=3, max_size=3),
)
def test_the_effective_sample_size_never_exceeds_the_impressions(cells, theta):
    counts = counts_of(*(("q", "a", k, max(n, c), c) for k, (n, c) in cells.items()))

    for method in set(METHODS) - {"shrunk"}:
        label = debias(counts, propensities(*theta), method).frame.row(0, named=True)
        assert 1 - 1e-9 <= label["effective_sample_size"] <= label["impressions"] * (1 + 1e-9)


@pytest.mark.parametrize("method", ["ips", "snips"])
def test_planted_relevance_is_recovered_where_the_click_rate_is_far_off(method):
    # a ranker that favours document a: it stands at the top 9 times in 10, and b below it
    rng, theta, relevance = np.random.default_rng(0), (1.0, 0.3), {"a": 0.4, "b": 0.5}
    shown = [("a", 1, 18_000), ("a", 2, 2000), ("b", 1, 2000), ("b", 2, 18_000)]
    counts = counts_of(*(("q", d, k, n, int(rng.binomial(n, theta[k - 1] * relevance[d]))) for d, k, n in shown))

    found = debias(counts, propensities(*theta), method).frame["relevance"].to_list()
    naive = debias(counts, propensities(*theta), "naive").frame["relevance"].to_list()

    assert found == pytest.approx([0.4, 0.5], abs=0.02)
    assert naive[0] > naive[1] + 0.1


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (counts_of(("q", "a", 1, 1, 0), ("q", "a", 3, 1, 0)), r"for position 3 of the log: .*log\.upto\(2\)"),
        (counts_of(("q", "a", 2, 1, 0), ("q", "a", 3, 1, 0), ("q", "a", 5, 1, 0)), r"for positions 3, 5 of the log"),
        (counts_of(*(("q", "a", k, 1, 0) for k in range(1, 20))), r"positions 3, 4, .*12, \.\.\. of the log"),
    ],
)
def test_positions_without_a_propensity_are_named_with_the_remedy(counts, message):
    with pytest.raises(ClickLogError, match=message):
        debias(counts, THETA)


def test_a_log_with_no_known_position_is_not_told_to_be_cut_to_nothing():
    with pytest.raises(ClickLogError, match=r"estimate from a log that has all$"):
        debias(counts_of(("q", "a", 3, 1, 0)), THETA)


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match="'ipw'; there are: shrunk, naive, ips, clipped, snips"):
        debias(SHOWN, THETA, "ipw")


@pytest.mark.parametrize("clip", [0, -0.1, 1.5, float("nan")])
def test_a_clip_outside_its_range_is_refused(clip):
    with pytest.raises(ModelError, match="clip is"):
        debias(SHOWN, THETA, "clipped", clip)


@pytest.mark.parametrize("name", ["dr", "doubly_robust"])
def test_a_doubly_robust_label_is_refused_with_the_reason(name):
    with pytest.raises(UnknownNameError, match="whether a document was examined is not seen.*'ips'"):
        debias(SHOWN, THETA, name)


def test_a_log_without_clicks_has_no_mean_to_draw_to():
    with pytest.raises(ClickLogError, match="no click"):
        debias(counts_of(("q", "a", 1, 10, 0), ("q", "b", 2, 10, 0)), THETA)


def test_features_are_refused_where_they_would_not_be_used():
    with pytest.raises(ModelError, match="'snips' does not use them"):
        debias(SHOWN, THETA, "snips", features=pl.DataFrame({"query_id": ["q"], "doc_id": ["a"], "f": [1.0]}))


@pytest.mark.parametrize("level", [0, 1, -0.5])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(ModelError, match="level is"):
        debias(SHOWN, THETA, level=level)


def planted(n, seed, theta=(1.0, 0.4, 0.15), impressions=12, alpha=None, beta=None, key=()):
    """Documents of known relevance, four to a query, each shown at all positions about equally often."""
    rng = np.random.default_rng(seed)
    relevance = rng.choice([0.05, 0.2, 0.7], n, p=[0.5, 0.3, 0.2])
    N = 1 + rng.poisson(impressions, (n, len(theta)))
    alpha, beta = np.array(theta if alpha is None else alpha), np.array([0.0] * len(theta) if beta is None else beta)
    C = rng.binomial(N, alpha * relevance[:, None] + beta)
    doc = np.repeat(np.arange(n), len(theta))
    frame = pl.DataFrame(
        {
            "query_id": [f"q{i // 4:05}" for i in doc],
            "doc_id": [f"d{i % 4}" for i in doc],
            "position": np.tile(np.arange(1, len(theta) + 1), n),
            "impressions": N.ravel(),
            "clicks": C.ravel(),
        }
    )
    return ClickCounts(frame), relevance


def error(labels, relevance):
    return float(np.sqrt(np.mean((labels.frame["relevance"].to_numpy() - relevance) ** 2)))


def test_shrunk_labels_are_nearer_to_planted_relevance_than_any_other():
    counts, relevance = planted(2000, 0, impressions=3)

    errors = {method: error(debias(counts, propensities(1.0, 0.4, 0.15), method), relevance) for method in METHODS}

    assert errors["shrunk"] < 0.9 * min(errors[method] for method in METHODS if method != "shrunk")


@pytest.mark.parametrize("impressions", [3, 30])
def test_intervals_hold_planted_relevance_as_often_as_they_say(impressions):
    counts, relevance = planted(4000, 1, impressions=impressions)

    frame = debias(counts, propensities(1.0, 0.4, 0.15), level=0.9).frame

    inside = (frame["lower"].to_numpy() <= relevance) & (relevance <= frame["upper"].to_numpy())
    assert 0.87 <= inside.mean() <= 0.96


def test_a_prior_of_any_shape_is_nearer_to_the_truth_where_documents_come_in_kinds():
    counts, relevance = planted(2000, 11, impressions=30)
    theta = propensities(1.0, 0.4, 0.15)

    gamma, free = debias(counts, theta), debias(counts, theta, prior="nonparametric")

    assert error(free, relevance) < 0.85 * error(gamma, relevance)
    inside = (free.frame["lower"].to_numpy() <= relevance) & (relevance <= free.frame["upper"].to_numpy())
    assert inside.mean() >= 0.94
    assert free.provenance["prior"]["kind"] == "nonparametric"


def test_an_unknown_prior_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match="no prior is called 'beta'; there are: gamma, nonparametric"):
        debias(SHOWN, THETA, prior="beta")


def test_the_less_a_document_was_examined_the_nearer_it_is_to_the_mean():
    rows = [("q", f"d{i:03}", 1, 20, [0, 2, 10][i % 3]) for i in range(90)]
    labels = debias(counts_of(*rows, ("q", "rare", 2, 5, 1), ("q", "often", 2, 500, 100)), THETA).frame

    found = {row["doc_id"]: row["relevance"] for row in labels.iter_rows(named=True)}

    # both have 1 click per examined impression
    assert found["rare"] < 0.7 < 0.95 < found["often"] <= 1.0


def test_exposure_is_the_impressions_that_count_as_examined():
    for method in METHODS:
        labels = debias(SHOWN, THETA, method, clip=0.9)
        assert labels.frame["exposure"].to_list() == pytest.approx([10 + 30 * 0.2, 20 * 0.2])


def test_false_clicks_of_trust_are_taken_off():
    theta = propensities(1.0, 0.5)
    affine = Propensities(
        theta.position,
        theta.examination,
        theta.lower,
        theta.upper,
        theta.impressions,
        theta.clicks,
        alpha=np.array([0.5, 0.25]),
        beta=np.array([0.2, 0.1]),
    )
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 10))

    snips, ips = (debias(counts, affine, method).frame["relevance"].to_list() for method in ("snips", "ips"))

    # 50 clicks, of them 20 + 10 false, at an exposure of 50 + 25; at position 2 none is left
    assert snips == pytest.approx([20 / 75])
    assert ips == pytest.approx([(20 / 0.5 + 0 / 0.25) / 200])


def test_relevance_is_recovered_under_trust_where_the_position_based_correction_is_far_off():
    alpha, beta = (0.5, 0.35, 0.25), (0.4, 0.15, 0.05)
    counts, relevance = planted(2000, 2, impressions=60, alpha=alpha, beta=beta)
    plain = propensities(1.0, 0.6, 0.35)
    affine = Propensities(
        plain.position,
        plain.examination,
        plain.lower,
        plain.upper,
        plain.impressions,
        plain.clicks,
        alpha=np.array(alpha),
        beta=np.array(beta),
    )

    corrected, uncorrected = debias(counts, affine), debias(counts, plain)

    assert error(corrected, relevance) < 0.08 < 0.2 < error(uncorrected, relevance)
    inside = (corrected.frame["lower"].to_numpy() <= relevance) & (relevance <= corrected.frame["upper"].to_numpy())
    assert 0.92 <= inside.mean() <= 0.99


def test_each_context_has_its_own_examination():
    frame = pl.DataFrame(
        [("q", "a", "phone", 1, 100, 50), ("q", "a", "phone", 2, 100, 5), ("q", "a", "desk", 2, 100, 40)],
        schema=["query_id", "doc_id", "device", "position", "impressions", "clicks"],
        orient="row",
    )
    counts, theta, ones = ClickCounts(frame, context=("device",)), np.array([1.0, 0.8, 1.0, 0.1]), np.ones(4, int)
    device = pl.DataFrame({"device": ["desk", "desk", "phone", "phone"]})
    by_device = Propensities([1, 2, 1, 2], theta, theta, theta, ones, ones, context=device)

    labels = debias(counts, by_device, "snips")

    assert labels.frame["relevance"].to_list() == pytest.approx([95 / (100 + 100 * 0.1 + 100 * 0.8)])


def test_propensities_by_a_context_that_the_counts_do_not_tell_apart_are_refused():
    theta, ones = np.array([1.0, 0.5]), np.ones(2, int)
    by_device = Propensities([1, 2], theta, theta, theta, ones, ones, context=pl.DataFrame({"device": ["a", "a"]}))

    with pytest.raises(ClickLogError, match=r"depend on 'device'.*context=\['device'\]"):
        debias(SHOWN, by_device)


def test_a_log_is_counted_by_the_context_of_the_propensities():
    theta, ones = np.array([1.0, 0.5, 1.0]), np.ones(3, int)
    device = pl.DataFrame({"device": ["a", "a", "b"]})
    by_device = Propensities([1, 2, 1], theta, theta, theta, ones, ones, context=device)
    rows = [("q", "d", 1, 1, "a"), ("q", "d", 2, 1, "a"), ("q", "d", 1, 0, "b")]
    log = ClickLog(pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "click", "device"], orient="row"))

    labels = debias(log, by_device, "snips")

    assert labels.frame["relevance"].to_list() == pytest.approx([2 / 2.5])


def test_what_key_columns_tell_apart_is_added_up():
    columns = ["query_id", "doc_id", "segment", "position", "impressions", "clicks"]
    rows = [("q", "a", "x", 1, 10, 4), ("q", "a", "y", 2, 30, 2), ("q", "b", "y", 2, 20, 1)]
    by_segment = ClickCounts(pl.DataFrame(rows, schema=columns, orient="row"), key=("segment",))

    for method in METHODS:
        assert debias(by_segment, THETA, method).frame.equals(debias(SHOWN, THETA, method).frame)


def test_the_error_of_the_propensities_widens_the_intervals():
    counts, _ = planted(200, 3, impressions=200)
    sure = propensities(1.0, 0.4, 0.15)
    wobble = np.array([1.0, 0.4, 0.15]) * np.exp(np.linspace(-0.1, 0.1, 20)[:, None] * np.array([0, 1, 1]))
    fields = (sure.position, sure.examination, sure.lower, sure.upper, sure.impressions, sure.clicks)
    unsure = Propensities(*fields, replicates=wobble)

    narrow, wide = debias(counts, sure).frame, debias(counts, unsure).frame

    assert wide["relevance"].equals(narrow["relevance"])
    assert (wide["sd"] > narrow["sd"]).all()
    assert (wide["upper"] > narrow["upper"]).all()
    assert debias(counts, unsure).provenance["propensity_error"]


def test_that_error_is_the_jackknifes_of_labels_made_with_each_replicate():
    counts, _ = planted(100, 12, impressions=5000)  # so many that neither the prior nor chance matters
    theta = np.array([1.0, 0.4, 0.15])
    replicates = theta * np.exp(np.random.default_rng(0).normal(0, 0.01, (20, 3)) * np.array([0, 1, 1]))
    sure = propensities(*theta)
    fields = (sure.position, sure.examination, sure.lower, sure.upper, sure.impressions, sure.clicks)

    narrow, wide = debias(counts, sure).frame, debias(counts, Propensities(*fields, replicates=replicates)).frame

    added = np.sqrt(wide["sd"].to_numpy() ** 2 - narrow["sd"].to_numpy() ** 2)
    again = np.array([debias(counts, propensities(*row), "snips").frame["relevance"].to_numpy() for row in replicates])
    whole = debias(counts, sure, "snips").frame["relevance"].to_numpy()
    assert added == pytest.approx(np.sqrt(19 / 20 * ((again - whole) ** 2).sum(axis=0)), rel=0.1)


@settings(max_examples=20, deadline=None)  # a busy machine is no failure
@given(st.permutations(range(120)), st.sampled_from(sorted(METHODS)))
def test_the_order_of_the_counts_changes_nothing(order, method):
    counts, _ = planted(40, 4)

    shuffled = ClickCounts(counts.frame[list(order)])

    theta = propensities(1.0, 0.4, 0.15)
    assert debias(shuffled, theta, method).frame.equals(debias(counts, theta, method).frame)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_names_of_documents_and_queries_change_nothing(method):
    counts, _ = planted(40, 9)
    renamed = counts.frame.with_columns(
        query_id=pl.lit("z") + pl.col("query_id").str.reverse(), doc_id=pl.col("doc_id").str.reverse()
    )

    found, other = (debias(c, propensities(1.0, 0.4, 0.15), method).frame for c in (counts, ClickCounts(renamed)))

    back = other.with_columns(
        query_id=pl.col("query_id").str.slice(1).str.reverse(), doc_id=pl.col("doc_id").str.reverse()
    )
    assert back.sort("query_id", "doc_id")["relevance"].to_list() == pytest.approx(
        found["relevance"].to_list(), rel=1e-6
    )


def test_the_counts_of_shards_give_what_those_of_the_whole_give():
    counts, _ = planted(40, 10)
    clicked = pl.col("clicks") > 0
    first = counts.frame.filter(clicked).with_columns(impressions=pl.col("clicks"))
    rest = counts.frame.with_columns(impressions=pl.col("impressions") - pl.col("clicks"), clicks=0)
    together = merge(ClickCounts(first), ClickCounts(rest.filter(pl.col("impressions") > 0)))

    theta = propensities(1.0, 0.4, 0.15)
    assert debias(together, theta).frame.equals(debias(counts, theta).frame)


@pytest.mark.parametrize("times", [2, 7, 50])
def test_shrunk_labels_do_not_depend_on_the_scale_of_examination(times):
    # only ratios of examination can be known: a scale of it scales relevance the other way
    counts, _ = planted(60, 5)
    by_top, by_other = propensities(1.0, 0.4, 0.15), propensities(1.0 / times, 0.4 / times, 0.15 / times)

    found, scaled = (debias(counts, theta).frame["relevance"].to_numpy() for theta in (by_top, by_other))

    assert scaled / times == pytest.approx(found, rel=1e-3)


def test_features_teach_what_few_clicks_cannot():
    counts, relevance = planted(1200, 6, impressions=2)
    pairs = debias(counts, propensities(1.0, 0.4, 0.15), "naive").frame.select("query_id", "doc_id")
    noise = np.random.default_rng(0).normal(size=(2, len(relevance)))
    features = pairs.with_columns(f1=pl.Series(relevance + 0.05 * noise[0]), f2=pl.Series(noise[1]))

    from sklearn.linear_model import Ridge

    theta = propensities(1.0, 0.4, 0.15)
    plain, told = debias(counts, theta), debias(counts, theta, features=features, regressor=Ridge())

    assert error(told, relevance) < 0.6 * error(plain, relevance)
    assert told.provenance["prior"]["features"]


def test_a_documents_own_clicks_do_not_inform_its_prior():
    # the feature names the query, so that only a regressor that saw the query itself could use it
    counts, _ = planted(400, 7, impressions=2)
    pairs = debias(counts, propensities(1.0, 0.4, 0.15), "naive").frame.select("query_id", "doc_id")
    codes = pairs["query_id"].str.slice(1).cast(pl.Int64).to_numpy()
    one_hot = pl.DataFrame((codes[:, None] == np.arange(100)).astype(float), schema=[f"f{j}" for j in range(100)])

    from sklearn.linear_model import Ridge

    labels = debias(counts, propensities(1.0, 0.4, 0.15), features=pairs.hstack(one_hot), regressor=Ridge(alpha=1e-6))
    plain = debias(counts, propensities(1.0, 0.4, 0.15))

    # the prior is the same for all documents of a fold: nothing was learned but the mean
    assert labels.frame["relevance"].to_numpy() == pytest.approx(plain.frame["relevance"].to_numpy(), abs=0.05)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"query_id": ["q"], "doc_id": ["a"], "name": ["x"]}, "no column of the features is a number"),
        ({"query_id": ["q", "q"], "doc_id": ["a", "a"], "f": [1, 2]}, "document 'a' of query 'q' twice"),
        ({"query_id": ["z"], "doc_id": ["a"], "f": [1]}, "none of the pairs has features"),
        ({"query_id": ["q"], "doc_id": ["a"], "f": [float("inf")]}, "the feature 'f' is infinite in row 0"),
        ({"query_id": ["q"], "f": [1]}, "no column 'doc_id'"),
    ],
)
def test_features_that_cannot_be_used_are_refused(features, message):
    with pytest.raises(TableError, match=message):
        debias(SHOWN, THETA, features=features)


def test_features_need_more_than_one_query():
    with pytest.raises(ModelError, match="one query only"):
        debias(SHOWN, THETA, features={"query_id": ["q"], "doc_id": ["a"], "f": [1]})


def test_a_few_heavy_impressions_are_warned_of(caplog):
    # one impression at a place that is looked at once in a thousand weighs as much as a thousand at the top
    counts = counts_of(("q", "a", 1, 2000, 100), ("q", "b", 2, 2, 1))

    with caplog.at_level(logging.WARNING):
        labels = debias(counts, propensities(1.0, 0.001), "ips")

    # (2000 + 2 * 1000)^2 / (2000 + 2 * 1000^2) effective impressions of 2002
    assert labels.provenance["effective_share"] == pytest.approx(4000**2 / (2000 + 2e6) / 2002)
    assert "a few impressions carry the labels: all together they are worth 0.4 %" in caplog.text


def test_the_weight_of_the_largest_hundredth_is_on_record_and_warned_of(caplog):
    rows = [("q", f"d{i:03}", 1, 10, 1) for i in range(298)]
    counts = counts_of(*rows, ("q", "e0", 1, 2000, 300), ("q", "e1", 1, 2000, 300), ("q", "e2", 1, 2000, 300))

    with caplog.at_level(logging.WARNING):
        labels = debias(counts, propensities(1.0), "snips")

    assert labels.provenance["top_1_percent_share"] == pytest.approx(6000 / 8980)
    assert "1 % of the 301 pairs carry 67 % of the weight" in caplog.text


def test_labels_that_are_mostly_prior_are_warned_of(caplog):
    rng = np.random.default_rng(0)
    counts = counts_of(*(("q", f"d{i:03}", 1, 1, int(rng.random() < 0.3)) for i in range(300)))

    with caplog.at_level(logging.WARNING):
        debias(counts, propensities(1.0))

    assert "for 100 % of the 300 pairs the prior counts more than the clicks" in caplog.text


def test_ordinary_logs_are_not_warned_of(caplog):
    counts, _ = planted(400, 8)

    with caplog.at_level(logging.WARNING):
        debias(counts, propensities(1.0, 0.4, 0.15))

    assert not caplog.text
