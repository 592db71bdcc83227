import polars as pl
import pytest

from weaklabel.artefacts import RelevanceLabels
from weaklabel.artefacts.relevance_labels import COLUMNS
from weaklabel.errors import TableError

FRAME = pl.DataFrame([("q", "d", 1.2, 3, 1, 2.5)], schema=COLUMNS, orient="row")


def test_columns_of_others_are_left_out():
    assert RelevanceLabels(FRAME.with_columns(mine=1)).to_frame().equals(FRAME)


def test_a_missing_column_is_named_beside_those_there_are():
    with pytest.raises(TableError, match="lack the column 'relevance'; there are: query_id, doc_id, impressions"):
        RelevanceLabels(FRAME.drop("relevance"))


def test_columns_that_are_known_are_kept_in_their_order():
    full = FRAME.with_columns(exposure=2.0, sd=0.1, lower=1.0, upper=1.4, p_relevant=0.9)

    assert RelevanceLabels(full).frame.columns == [*COLUMNS, "sd", "lower", "upper", "exposure", "p_relevant"]


def test_a_pair_stands_there_once():
    with pytest.raises(TableError, match="document 'd' of query 'q' stands in the labels twice"):
        RelevanceLabels(pl.concat([FRAME, FRAME]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_relevance_that_is_no_number_is_refused_by_pair(value):
    with pytest.raises(TableError, match="relevance of document 'd' for query 'q' is .*a finite number"):
        RelevanceLabels(FRAME.with_columns(relevance=pl.lit(value, dtype=pl.Float64)))


def test_a_probability_lies_in_0_to_1():
    with pytest.raises(TableError, match=r"p_relevant of document 'd' for query 'q' is 1.2: .*in \[0, 1\]"):
        RelevanceLabels(FRAME.with_columns(p_relevant=1.2))
