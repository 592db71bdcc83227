import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counts import ClickCounts, count
from weaklabel.clicks.debias import METHODS, debias
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError, ModelError, UnknownNameError


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
    labels = debias(SHOWN, THETA)

    assert labels.frame.select("query_id", "doc_id", "impressions", "clicks").rows() == [
        ("q", "a", 40, 6),
        ("q", "b", 20, 1),
    ]


def test_a_log_and_its_counts_give_the_same():
    rows = [("q", "a", 1, 1), ("q", "b", 2, 0), ("r", "b", 1, 0), ("q", "a", 2, 1)]
    log = ClickLog(pl.DataFrame(rows, schema=["query_id", "doc_id", "position", "click"], orient="row"))

    assert debias(log, THETA).frame.equals(debias(count(log), THETA).frame)


def test_the_default_is_inverse_propensity_scoring():
    assert debias(SHOWN, THETA).frame.equals(debias(SHOWN, THETA, "ips").frame)


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
def test_without_position_bias_all_methods_give_the_click_rate(rows):
    log = ClickLog(
        pl.DataFrame([("q", *row) for row in rows], schema=["query_id", "doc_id", "position", "click"], orient="row")
    )
    naive = debias(log, propensities(1.0, 1.0, 1.0), "naive").frame

    for method in METHODS:
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

    for method in METHODS:
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
    with pytest.raises(UnknownNameError, match="'ipw'; there are: naive, ips, clipped, snips"):
        debias(SHOWN, THETA, "ipw")


@pytest.mark.parametrize("clip", [0, -0.1, 1.5, float("nan")])
def test_a_clip_outside_its_range_is_refused(clip):
    with pytest.raises(ModelError, match="clip is"):
        debias(SHOWN, THETA, "clipped", clip)
