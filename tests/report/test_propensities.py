"""The curve of examination as a section."""

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.report.propensities import propensities_section


def curve(provenance=None, context=None, p=3):
    n = p if context is None else len(context)
    position = np.resize(np.arange(1, p + 1), n)
    numbers = [1 / position, 0.9 / position, 1.1 / position]
    return wl.Propensities(
        position, *numbers, np.full(n, 100), np.full(n, 20), 0.9, provenance=provenance or {}, context=context
    )


def said(provenance):
    return " ".join(propensities_section(curve(provenance)).lead)


def test_each_position_is_a_row_with_its_interval():
    table = propensities_section(curve()).tables[0]

    assert table.caption == "examination relative to the first, 90% intervals:"
    assert table.cells()[1] == ["2", "0.500 [0.450, 0.550]", "100", "20"]


def test_a_curve_that_starts_lower_says_so():
    assert "relative to position 2" in propensities_section(curve({"reference_position": 2})).tables[0].caption


def test_up_to_three_contexts_stand_beside_each_other_and_more_below():
    beside, below = (
        propensities_section(curve(context=pl.DataFrame({"device": np.repeat(list("abcd")[:n], 3)}))).tables[0].frame
        for n in (3, 4)
    )

    assert beside.columns == ["position", "a", "b", "c"]
    assert below.columns == ["device", "position", "examination", "impressions", "clicks"]


@pytest.mark.parametrize(
    ("provenance", "sentence"),
    [
        ({"informative_clicks": 40, "informative_items": 7}, "40 of 60 clicks tell the curve: those on 7 documents"),
        ({"informative_clicks": 40, "informative_items": 7, "anchors": 7}, "those on 7 graded documents"),
        ({"informative_clicks": 60, "informative_pages": 50}, "60 of 60 clicks tell the curve, on 50 pages"),
        ({"heterogeneity": 1.6}, "documents disagree on the curve 1.6 times as much as chance would have it"),
        ({"left_out": [4]}, "position 4 is left out, as too little compares it with the others: debias with --upto 3"),
        ({"left_out": [4, 5]}, "positions 4, 5 are left out, as too little compares them with the others"),
        ({"between_contexts": 0.25}, "examination of a position varies by about 25%"),
        ({"intervals": "sandwich, clustered by query: the log has no sessions"}, "intervals: sandwich"),
    ],
)
def test_what_stands_out_is_a_sentence(provenance, sentence):
    assert sentence in said(provenance)


def test_what_is_as_it_should_be_is_not_spoken_of():
    fine = {"heterogeneity": 1.4, "left_out": [], "between_contexts": None, "intervals": "delete-group jackknife"}

    assert said(fine) == ""


def test_a_gap_between_positions_is_not_cut_off():
    assert "--upto" not in said({"left_out": [2]})
