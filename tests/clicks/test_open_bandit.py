"""A real log of 60,000 impressions, half of them in random order and half by a ranker that learns."""

import polars as pl
import pytest

from weaklabel import datasets
from weaklabel.clicks.debias import debias
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import AssumptionError, DatasetError


@pytest.fixture(scope="module")
def logs():
    try:
        frame = datasets.load("open_bandit")
    except DatasetError as error:
        pytest.skip(str(error))
    return {policy: ClickLog(frame.filter(pl.col("policy") == policy)) for policy in ("random", "bts")}


def test_the_random_policy_passes_the_test_of_its_order_and_shows_no_clear_slope(logs):
    found = estimate(logs["random"], "randomized")

    assert found.examination == pytest.approx([1, 1.311, 1.084], abs=1e-3)
    assert found.lower == pytest.approx([1, 0.862, 0.698], abs=1e-3)
    assert found.upper == pytest.approx([1, 1.993, 1.684], abs=1e-3)
    assert found.provenance["p_value"] > 0.05


def test_the_learning_policy_is_refused_because_it_puts_what_it_likes_first(logs):
    with pytest.raises(AssumptionError, match="document '14' for query 'women' was shown 382 times at position 1"):
        estimate(logs["bts"], "randomized")


def test_the_random_policy_drew_each_campaigns_items_uniformly(logs):
    chance = logs["random"].frame.group_by("query_id").agg(pl.col("propensity").unique(), pl.col("doc_id").n_unique())

    for _, propensity, items in chance.rows():
        assert propensity == pytest.approx([1 / items])


def test_what_the_shop_logged_beside_the_click_is_kept_as_context(logs):
    assert {"policy", "user_feature_0", "user_feature_3"} <= set(logs["bts"].context)


def test_propensities_of_the_random_policy_correct_the_clicks_of_the_learning_one(logs):
    propensities = estimate(logs["random"], "randomized")

    naive, snips = (debias(logs["bts"], propensities, method) for method in ("naive", "snips"))

    assert naive.frame["clicks"].sum() == snips.frame["clicks"].sum() == 157
    assert naive.frame["impressions"].sum() == 30_000
    # the lower positions count for more than the first here (1.31 and 1.08), so that every click is worth a bit less
    clicked = naive.frame["clicks"] > 0
    assert (snips.frame["relevance"] <= naive.frame["relevance"]).all()
    assert (snips.frame["relevance"].filter(clicked) > 0.7 * naive.frame["relevance"].filter(clicked)).all()
