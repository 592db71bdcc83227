import logging

import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.anchors import as_anchors, calibrate
from weaklabel.errors import ModelError, NotIdentifiedError, TableError


def planted(n, seed, slope=3.0, intercept=4.0, exposure=300.0):
    """Labels of planted relevance, and P(relevant) of each: its log odds are linear in log relevance."""
    rng = np.random.default_rng(seed)
    gamma = np.exp(rng.normal(-1.4, 0.8, n))
    clicks = rng.poisson(gamma * exposure)
    p = 1 / (1 + np.exp(-(intercept + slope * np.log(gamma))))
    frame = pl.DataFrame(
        {
            "query_id": [f"q{i // 10}" for i in range(n)],
            "doc_id": [f"d{i % 10}" for i in range(n)],
            "relevance": (clicks + 1) / (exposure + 3),
            "sd": np.sqrt(clicks + 1) / (exposure + 3),
            "impressions": [1000] * n,
            "clicks": clicks,
            "effective_sample_size": [500.0] * n,
            "exposure": [exposure] * n,
        }
    )
    return RelevanceLabels(frame, {"method": "shrunk"}), p


def graded(labels, p, n, seed):
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(p), n, replace=False)
    grade = (rng.random(n) < p[rows]).astype(int)
    return labels.frame[rows].select("query_id", "doc_id").with_columns(grade=pl.Series(grade))


def test_planted_probabilities_are_recovered_from_three_hundred_anchors():
    labels, p = planted(3000, 0)

    found = calibrate(labels, graded(labels, p, 300, 1))

    assert np.abs(found.frame["p_relevant"].to_numpy() - p).mean() < 0.06
    assert found.provenance["calibration"]["slope"] == pytest.approx(3, abs=1)


def test_intervals_hold_the_planted_probability_as_often_as_they_say():
    labels, p = planted(1000, 2, exposure=1e5)  # clicks leave nothing open, so that only the anchors err

    inside = []
    for seed in range(20):
        frame = calibrate(labels, graded(labels, p, 150, seed), level=0.9).frame
        inside.append(((frame["p_lower"].to_numpy() <= p) & (p <= frame["p_upper"].to_numpy())).mean())

    assert 0.82 <= np.mean(inside) <= 0.98


def test_a_document_that_was_hardly_shown_gets_what_documents_get_on_average():
    labels, p = planted(2000, 3)
    # relevance of such a label is the prior: mean and spread of all documents
    spread = {"relevance": labels.frame["relevance"].mean(), "sd": labels.frame["relevance"].std()}
    unknown = labels.frame[:1].with_columns(doc_id=pl.lit("new"), **{k: pl.lit(v) for k, v in spread.items()})
    both = RelevanceLabels(pl.concat([labels.frame, unknown]), labels.provenance)

    found = calibrate(both, graded(labels, p, 300, 4)).frame

    assert found["p_relevant"][-1] == pytest.approx(p.mean(), abs=0.08)


def test_the_log_loss_is_that_of_anchors_left_out():
    labels, p = planted(3000, 5)
    anchors = graded(labels, p, 300, 6)

    said = calibrate(labels, anchors).provenance["calibration"]

    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()
    assert said["log_loss"] == pytest.approx(entropy, abs=0.08)
    assert said["log_loss"] < said["base_log_loss"] - 0.1


def test_clicks_that_say_nothing_about_grades_are_warned_of(caplog):
    labels, p = planted(1000, 7)

    with caplog.at_level(logging.WARNING):
        found = calibrate(labels, graded(labels, np.full_like(p, 0.4), 200, 8))

    assert "no better than their base rate" in caplog.text
    assert found.frame["p_relevant"].to_numpy() == pytest.approx(0.4, abs=0.12)


def test_more_clicks_never_make_a_document_less_relevant():
    labels, p = planted(1000, 9)

    found = calibrate(labels, graded(labels, 1 - p, 200, 10)).frame

    assert np.ptp(found["p_relevant"].to_numpy()) < 1e-6


def test_the_threshold_says_which_grades_are_relevant():
    labels, p = planted(1000, 11)
    anchors = graded(labels, p, 200, 12)
    higher = anchors.with_columns(grade=pl.col("grade") + 2)

    found, same = calibrate(labels, anchors), calibrate(labels, higher, threshold=3)

    assert same.frame.equals(found.frame)


def test_the_order_of_the_anchors_changes_nothing():
    labels, p = planted(500, 13)
    anchors = graded(labels, p, 100, 14)

    assert calibrate(labels, anchors[::-1]).frame.equals(calibrate(labels, anchors).frame)


def test_calibrated_labels_come_back_from_a_file_unchanged(tmp_path):
    labels, p = planted(500, 15)
    found = calibrate(labels, graded(labels, p, 100, 16))
    found.save(tmp_path / "labels.parquet")

    again = RelevanceLabels.load(tmp_path / "labels.parquet")

    assert again.frame.equals(found.frame)
    assert again.provenance == found.provenance


def test_too_few_anchors_are_refused_with_their_number():
    labels, p = planted(500, 17)

    with pytest.raises(NotIdentifiedError, match="10 anchors have labels.*at least 20"):
        calibrate(labels, graded(labels, p, 10, 18))
    with pytest.raises(NotIdentifiedError, match="50 anchors have labels, 0 of them relevant"):
        calibrate(labels, graded(labels, 0 * p, 50, 18))


def test_anchors_that_were_never_shown_are_warned_of(caplog):
    labels, p = planted(500, 19)
    anchors = graded(labels, p, 60, 20)
    more = pl.concat([anchors, anchors[:1].with_columns(doc_id=pl.lit("nowhere"))])

    with caplog.at_level(logging.WARNING):
        calibrate(labels, more)

    assert "1 of 61 anchors were never shown" in caplog.text


def test_labels_that_do_not_say_how_sure_they_are_are_refused():
    labels, p = planted(100, 21)

    with pytest.raises(ModelError, match="do not say how sure they are"):
        calibrate(RelevanceLabels(labels.frame.drop("sd"), {"method": "ips"}), graded(labels, p, 50, 0))


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        ({"query_id": ["q"], "doc_id": ["d"]}, "no column 'grade'"),
        ({"query_id": ["q"], "doc_id": ["d"], "grade": [-1]}, "grade -1 in row 0: a grade is 0 or more"),
        ({"query_id": ["q"], "doc_id": ["d"], "grade": [None]}, "grade None in row 0"),
        ({"query_id": ["q"], "doc_id": ["d"], "grade": ["good"]}, "grade 'good' in row 0"),
        ({"query_id": ["q"], "doc_id": ["d"], "relevance": [1.5]}, "relevance 1.5 in row 0: a relevance lies in"),
        (
            {"query_id": ["q", "q"], "doc_id": ["d", "d"], "grade": [1, 2]},
            "document 'd' of query 'q' the grades 1 and 2: settle on one",
        ),
    ],
)
def test_anchors_that_are_none_are_refused_by_row(anchors, message):
    with pytest.raises(TableError, match=message):
        as_anchors(anchors)


def test_anchors_are_read_from_a_file_with_their_ids_as_text(tmp_path):
    (tmp_path / "anchors.csv").write_text("query_id,doc_id,grade\n007,d,2\n")

    anchors = as_anchors(tmp_path / "anchors.csv")

    assert anchors.scale == "grade"
    assert anchors.frame.rows() == [("007", "d", 2.0)]


def test_two_people_who_agree_count_once():
    twice = {"query_id": ["q", "q", "q"], "doc_id": ["d", "d", "e"], "grade": [1, 1, 0]}

    assert as_anchors(twice).frame["worth"].to_list() == [1.0, 0.0]


def test_an_anchor_without_its_document_is_refused():
    with pytest.raises(TableError, match="no query_id or no doc_id in row 1"):
        as_anchors({"query_id": ["q", "q"], "doc_id": ["d", None], "grade": [1, 1]})


def test_anchors_under_other_ids_are_refused_with_an_example_of_both():
    labels, p = planted(300, 0)
    anchors = graded(labels, p, 50, 0).with_columns(doc_id=pl.lit("doc-") + pl.col("doc_id"))

    with pytest.raises(TableError, match="none of the 50 anchors has a label: .*'doc-d.*the labels .*'d0'"):
        calibrate(labels, anchors)


def test_a_threshold_that_is_no_number_is_refused():
    labels, p = planted(300, 0)

    with pytest.raises(ModelError, match="threshold is nan"):
        calibrate(labels, graded(labels, p, 50, 0), threshold=float("nan"))
