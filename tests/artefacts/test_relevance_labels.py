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
