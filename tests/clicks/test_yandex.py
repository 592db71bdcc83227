"""What is found on real result pages: 35,064 of a search engine, for twenty queries."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import weaklabel as wl

SAMPLE = Path(__file__).parents[2].parent / "shared/data/clicks/yandex/trainSample.gz"
pytestmark = pytest.mark.skipif(
    not SAMPLE.exists(), reason="the Yandex sample (shared/data/clicks) is not beside this checkout"
)


@pytest.fixture(scope="module")
def halves():
    """The pages of every second query, and those of the others."""
    frame = wl.read_log(SAMPLE).frame
    queries = frame["query_id"].unique().sort()
    return [wl.ClickLog(frame.filter(pl.col("query_id").is_in(queries[half::2].implode()))) for half in (0, 1)]


def rates(log):
    """Click rates relative to the first position."""
    found = log.frame.group_by("position").agg(pl.col("click").mean()).sort("position")["click"].to_numpy()
    return found / found[0]


def test_two_halves_agree_on_examination_within_two_standard_errors_where_click_rates_do_not(halves):
    found = [wl.estimate(half) for half in halves]

    gap = np.log(found[0].examination / found[1].examination)[1:]
    width = [np.log(each.upper / each.lower)[1:] / 2 / 2.093 for each in found]
    assert (np.abs(gap) <= 2 * np.hypot(*width)).all()
    assert np.abs(np.log(rates(halves[0]) / rates(halves[1]))).max() > 3 * np.abs(gap).max()


def test_examination_falls_although_the_second_place_is_clicked_nearly_as_often_as_the_first():
    log = wl.read_log(SAMPLE)

    found = wl.estimate(log)

    assert rates(log)[1] > 0.95
    assert found.upper[1] < 0.85
    assert (np.diff(found.examination) < 0.01).all()


def test_the_diagnosis_says_that_documents_and_users_differ_there():
    found = wl.diagnose(wl.read_log(SAMPLE))

    assert found.propensities.provenance["heterogeneity"] > 1.5
    assert found.clicked_above.verdict == "uneven users"
