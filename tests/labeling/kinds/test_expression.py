import polars as pl
import pytest

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.expression import expression

ROWS = pl.DataFrame({"id": ["a", "b", "c"], "price": [5, 50, None], "text": ["on sale", "on sale", "sale"]})


def test_it_votes_its_label_where_the_expression_is_true_and_abstains_where_it_is_missing():
    bargain = expression("bargain", pl.col("price") < 10, label=1)

    assert apply([bargain], ROWS, ("dear", "cheap")).votes.ravel().tolist() == [1, -1, -1]


def test_without_a_label_its_values_are_the_votes_and_a_missing_one_abstains():
    price = expression("price", pl.when(pl.col("price") < 10).then(1).when(pl.col("price") >= 10).then(0))

    assert apply([price], ROWS, ("dear", "cheap")).votes.ravel().tolist() == [1, 0, -1]


def test_a_constant_votes_on_every_row():
    assert apply([expression("all", pl.lit(1))], ROWS, ("a", "b")).votes.ravel().tolist() == [1, 1, 1]


def test_one_row_can_be_asked_about():
    cheap = expression("cheap", (pl.col("price") < 10) & pl.col("text").str.contains("sale"), label=1)

    assert (cheap(Row(price=5, text="sale")), cheap({"price": 50, "text": "sale"})) == (1, -1)
    assert cheap.columns == ("price", "text")


def test_one_that_looks_at_other_rows_is_warned_of(caplog):
    rows = pl.DataFrame({"id": range(30), "price": range(30)})

    apply([expression("dear", pl.col("price") > pl.col("price").mean(), label=1)], rows, ("cheap", "dear"))

    (record,) = caplog.records
    assert record.getMessage() == (
        "labeling function 'dear' voted -1 on item '5' and, asked again, 1: a vote must follow from its own row alone, "
        "without chance"
    )


def test_what_is_no_expression_and_a_label_that_is_no_number_are_refused():
    with pytest.raises(LabelingFunctionError, match="'e': 'price < 10' is no polars expression"):
        expression("e", "price < 10", label=1)
    with pytest.raises(LabelingFunctionError, match="'e': it has the label 'cheap'; a label is a class number"):
        expression("e", pl.col("price") < 10, label="cheap")


def test_values_that_are_neither_true_nor_false_beside_a_label_are_a_fault():
    L = apply([expression("e", pl.col("price") + 1, label=1)], ROWS, ("a", "b"))

    assert (L.faults[0].count, L.faults[0].error) == (
        3,
        "TypeError: the expression gives Int64; with a label it must give true or false",
    )
