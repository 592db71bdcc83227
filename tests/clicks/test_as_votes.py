import logging

import numpy as np
import polars as pl
import pytest
from scipy import stats

from weaklabel.artefacts import LabelMatrix, Propensities, RelevanceLabels
from weaklabel.clicks.as_votes import as_votes, p_relevant
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.debias import debias
from weaklabel.errors import ModelError, NotIdentifiedError, TableError


def labels_of(*rows, **columns):
    """Labels from (query_id, doc_id, relevance, sd)."""
    frame = pl.DataFrame(rows, schema=["query_id", "doc_id", "relevance", "sd"], orient="row")
    known = {"impressions": 100, "clicks": 20, "effective_sample_size": 80.0, "exposure": 100.0}
    return RelevanceLabels(frame.with_columns(**{name: pl.lit(value) for name, value in known.items()}, **columns))


def two_groups(n, seed, low=0.1, high=0.6, exposure=400.0):
    """Labels as clicks of two groups of documents leave them, and the group of each."""
    rng = np.random.default_rng(seed)
    relevant = rng.random(n) < 0.3
    gamma = np.where(relevant, high, low) * rng.gamma(30, 1 / 30, n)
    clicks = rng.poisson(gamma * exposure)
    frame = pl.DataFrame(
        {
            "query_id": [f"q{i // 5}" for i in range(n)],
            "doc_id": [f"d{i % 5}" for i in range(n)],
            "relevance": (clicks + 1) / (exposure + 4),
            "sd": np.sqrt(clicks + 1) / (exposure + 4),
            "impressions": [1000] * n,
            "clicks": clicks,
            "effective_sample_size": [500.0] * n,
            "exposure": [exposure] * n,
        }
    )
    return RelevanceLabels(frame), relevant


SURE = labels_of(("q", "a", 0.8, 0.05), ("q", "b", 0.05, 0.01), ("q", "c", 0.3, 0.2))


def test_what_clicks_are_sure_of_is_voted_and_the_rest_abstains():
    votes = as_votes(SURE, threshold=0.3)

    assert votes.votes.ravel().tolist() == [1, 0, -1]
    assert votes.lf_names == ("clicks",)
    assert votes.classes == ("not relevant", "relevant")
    assert votes.item_ids.to_list() == ["q/a", "q/b", "q/c"]


def test_the_probability_is_that_of_a_gamma_of_this_mean_and_sd():
    labels = labels_of(("q", "a", 0.3, 0.2))

    found = p_relevant(labels, threshold=0.2)["p_relevant"][0]

    assert found == pytest.approx(stats.gamma.sf(0.2, (0.3 / 0.2) ** 2, scale=0.2**2 / 0.3))


def test_a_vote_is_cast_from_the_certainty_on():
    labels = labels_of(("q", "a", 0.3, 0.2))
    p = p_relevant(labels, threshold=0.1)["p_relevant"][0]

    below, above = (as_votes(labels, threshold=0.1, certainty=c).votes[0, 0] for c in (p - 0.001, p + 0.001))

    assert (below, above) == (1, -1)


def test_without_a_threshold_it_lies_in_the_valley_between_two_groups_and_is_on_record():
    labels, relevant = two_groups(400, 0)

    votes = as_votes(labels)

    said = votes.provenance["clicks"]
    assert said["threshold"] == pytest.approx(np.sqrt(0.1 * 0.6), rel=0.1)
    assert said["threshold_from"] == "in the valley between two groups of documents"
    voted = votes.votes[:, 0] >= 0
    assert voted.mean() > 0.95
    assert (votes.votes[voted, 0] == relevant[voted]).mean() > 0.99


def test_the_order_of_the_labels_changes_no_vote():
    labels, _ = two_groups(200, 1)
    order = np.random.default_rng(0).permutation(200)

    votes, shuffled = as_votes(labels), as_votes(RelevanceLabels(labels.frame[order]))

    assert shuffled.votes.tolist() == votes.votes[order].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_documents_of_one_group_need_a_threshold(seed):
    rng = np.random.default_rng(seed)
    clicks = rng.poisson(rng.gamma(2, 0.1, 500) * 400)
    one, _ = two_groups(500, seed)
    frame = one.frame.with_columns(
        clicks=pl.Series(clicks), relevance=pl.Series((clicks + 2) / 410), sd=pl.Series(np.sqrt(clicks + 2) / 410)
    )

    with pytest.raises(NotIdentifiedError, match="does not fall into two groups.*threshold="):
        as_votes(RelevanceLabels(frame))


def test_few_labels_do_not_show_where_relevant_begins():
    with pytest.raises(NotIdentifiedError, match="3 pairs of little exposure.*threshold="):
        as_votes(SURE)


def test_calibrated_labels_vote_by_their_probability():
    labels = labels_of(
        ("q", "a", 0.1, 0.01), ("q", "b", 0.9, 0.01), ("q", "c", 0.5, 0.01), p_relevant=pl.Series([0.95, 0.05, 0.5])
    )

    votes = as_votes(labels)

    assert votes.votes.ravel().tolist() == [1, 0, -1]
    assert votes.provenance["clicks"]["threshold_from"] == "calibrated on anchors"
    with pytest.raises(ModelError, match="calibrated already"):
        as_votes(labels, threshold=0.2)


def test_items_of_the_users_are_voted_on_in_their_order_and_abstain_where_nothing_was_shown(caplog):
    items = {"id": ["7", "8", "9", "10"], "query_id": ["q", "q", "z", "q"], "doc_id": ["b", "a", "a", "b"]}

    with caplog.at_level(logging.WARNING):
        votes = as_votes(SURE, threshold=0.3, items=items)

    assert votes.item_ids.to_list() == ["7", "8", "9", "10"]
    assert votes.votes.ravel().tolist() == [0, 1, -1, 0]
    assert "1 of 4 items were never shown" in caplog.text


def test_items_of_which_none_was_shown_are_refused():
    with pytest.raises(TableError, match=r"none of the 1 items was shown: .*\('z', 'a'\)"):
        as_votes(SURE, threshold=0.3, items={"id": ["1"], "query_id": ["z"], "doc_id": ["a"]})


def test_pairs_that_read_the_same_need_ids_of_the_users():
    labels = labels_of(("a/b", "c", 0.8, 0.1), ("a", "b/c", 0.1, 0.1))

    with pytest.raises(TableError, match="the same id 'a/b/c': give ids of your own"):
        as_votes(labels, threshold=0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"certainty": 0.5}, "certainty is 0.5"),
        ({"certainty": 1.0}, "certainty is 1"),
        ({"threshold": 0.0}, "threshold is 0"),
        ({"threshold": float("nan")}, "threshold is nan"),
    ],
)
def test_parameters_outside_their_range_are_refused(change, message):
    with pytest.raises(ModelError, match=message):
        as_votes(SURE, **{"threshold": 0.3} | change)


@pytest.mark.parametrize("classes", [("a",), ("a", "b", "c"), "ab"])
def test_there_are_two_classes(classes):
    with pytest.raises(TableError, match="name two, not relevant first"):
        as_votes(SURE, threshold=0.3, classes=classes)


def test_labels_that_do_not_say_how_sure_they_are_are_refused():
    bare = RelevanceLabels(SURE.frame.drop("sd"), {"method": "ips"})

    with pytest.raises(ModelError, match="method 'ips' do not say how sure they are"):
        as_votes(bare, threshold=0.3)


def test_votes_come_back_from_a_file_unchanged(tmp_path):
    votes = as_votes(SURE, threshold=0.3)
    votes.save(tmp_path / "votes.parquet")

    again = LabelMatrix.load(tmp_path / "votes.parquet")

    assert again.votes.tolist() == votes.votes.tolist()
    assert again.provenance == votes.provenance


def planted(features, least=20, most=250):
    """Labels as `debias` makes them of clicks on documents of three kinds, and which of them are relevant."""
    rng = np.random.default_rng(3)
    gamma = rng.choice([0.1, 0.4, 1.0], 3000, p=[0.75, 0.17, 0.08])
    N = rng.integers(least, most, 3000)
    frame = pl.DataFrame(
        {
            "query_id": np.arange(3000) // 10,
            "doc_id": np.arange(3000) % 10,
            "position": 1,
            "impressions": N,
            "clicks": rng.binomial(N, gamma),
        }
    )
    counts = ClickCounts(frame.with_columns(pl.col("query_id", "doc_id").cast(pl.String)))
    known = counts.items.select("query_id", "doc_id").join(
        frame.select(pl.col("query_id", "doc_id").cast(pl.String), relevant=pl.Series(gamma > 0.1)),
        on=["query_id", "doc_id"],
        maintain_order="left",
    )
    guess = known["relevant"].to_numpy() + rng.normal(0, 1, 3000)
    told = known.select("query_id", "doc_id", f=pl.Series(guess)) if features else None
    one = Propensities(*(np.array([value]) for value in (1, 1.0, 1.0, 1.0, 1, 1)))
    return debias(counts, one, features=told), known["relevant"].to_numpy()


@pytest.mark.parametrize("features", [False, True])
def test_votes_without_any_setting_are_right_and_as_sure_as_they_say(features):
    labels, relevant = planted(features)

    votes = as_votes(labels)

    cast = votes.votes[:, 0] >= 0
    assert cast.mean() > 0.8
    assert (votes.votes[cast, 0] == relevant[cast]).mean() > 0.99
    assert 0.1 < votes.provenance["clicks"]["threshold"] < 0.4


def test_the_probability_of_being_relevant_is_what_it_says():
    labels, relevant = planted(features=False, least=5, most=40)

    p = p_relevant(labels, threshold=0.2)["p_relevant"].to_numpy()

    doubtful = (p > 0.1) & (p < 0.9)
    assert doubtful.sum() > 100
    assert relevant[doubtful].mean() == pytest.approx(p[doubtful].mean(), abs=0.1)
