import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import TrainingSet
from weaklabel.errors import TableError

TABLE = pl.DataFrame({"id": ["a", "b"], "text": ["hi", "win"]})
PROBS, WEIGHT = np.array([[0.75, 0.25], [0.0, 1.0]]), np.array([0.5, 1.0])


def test_its_frame_is_the_table_with_label_weight_and_probabilities():
    made = TrainingSet(TABLE, PROBS, WEIGHT, ("ham", "spam")).to_frame()

    assert made.columns == ["id", "text", "weak_label", "weak_weight", "p_ham", "p_spam"]
    assert made.rows() == [("a", "hi", "ham", 0.5, 0.75, 0.25), ("b", "win", "spam", 1.0, 0.0, 1.0)]


@pytest.mark.parametrize(("probs", "weight"), [(PROBS[:1], WEIGHT), (PROBS, WEIGHT[:1]), (PROBS.T[:1], WEIGHT)])
def test_arrays_that_do_not_fit_the_table_are_refused(probs, weight):
    with pytest.raises(TableError, match=r"do not fit \(2, 2\)"):
        TrainingSet(TABLE, probs, weight, ("ham", "spam"))


@pytest.mark.parametrize("name", ["weak_label", "weak_weight", "p_spam", "weak_pattern", "weak_voters"])
def test_a_feature_with_a_name_it_needs_itself_is_refused(name):
    with pytest.raises(TableError, match=f"the table has a column '{name}'.*: rename it"):
        TrainingSet(TABLE.with_columns(pl.lit(1).alias(name)), PROBS, WEIGHT, ("ham", "spam"))


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_an_impossible_weight_is_named_with_its_item(wrong):
    with pytest.raises(TableError, match=r"item 'b' has the weight -?\w+: it must be finite, 0 or more"):
        TrainingSet(TABLE, PROBS, np.array([1.0, wrong]), ("ham", "spam"))


def test_items_of_no_weight_at_all_are_refused():
    with pytest.raises(TableError, match="all 2 items have the weight 0"):
        TrainingSet(TABLE, PROBS, np.zeros(2), ("ham", "spam"))


def test_where_its_labels_came_from_stands_at_the_end_of_its_frame_and_is_no_feature():
    origin = pl.DataFrame({"weak_pattern": [4, 0], "weak_voters": ["polite=ham", ""]})
    made = TrainingSet(TABLE, PROBS, WEIGHT, ("ham", "spam"), origin=origin)

    again = TrainingSet.from_frame(made.to_frame(), made.meta())

    assert made.to_frame().columns[-2:] == ["weak_pattern", "weak_voters"]
    assert again.table.columns == ["id", "text"]
    assert again.origin.equals(origin)


@pytest.mark.parametrize("origin", [{"weak_pattern": [1], "weak_voters": ["x"]}, {"weak_pattern": [1, 2]}])
def test_an_origin_that_does_not_fit_is_refused(origin):
    with pytest.raises(TableError, match="the origin has columns"):
        TrainingSet(TABLE, PROBS, WEIGHT, ("ham", "spam"), origin=pl.DataFrame(origin))


def test_its_arrays_cannot_be_written_over():
    made = TrainingSet(TABLE, PROBS, WEIGHT, ("ham", "spam"))

    for array in (made.probs, made.weight):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
