import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Posterior, TrainingSet
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.training_set import training_set

# sure of ham, not quite sure of spam, tied, unsure of ham but answered, nothing known
PROBS = np.array([[0.95, 0.05], [0.2, 0.8], [0.5, 0.5], [0.6, 0.4], [0.7, 0.3]])
IDS = list("abcde")
TABLE = pl.DataFrame({"id": list("zedcba"), "n": [0, 5, 4, 3, 2, 1]})


@pytest.fixture
def beliefs():
    covered = np.array([True, True, True, True, False])
    answered = np.array([False, False, False, True, False])
    return Posterior(PROBS, pl.Series(IDS), ("ham", "spam"), covered, answered, {"model": "planted"})


def test_soft_labels_are_the_probabilities_of_every_covered_item(beliefs):
    found = training_set(beliefs, TABLE)

    assert found.table.rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert found.probs.tolist() == PROBS[:4].tolist()
    assert found.left_out == {"uncovered": 1}


def test_hard_labels_are_the_most_probable_classes_without_ties(beliefs):
    found = training_set(beliefs, TABLE, "hard")

    assert found.table["id"].to_list() == ["a", "b", "d"]
    assert found.probs.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert found.left_out == {"uncovered": 1, "tied": 1}


@pytest.mark.parametrize(("threshold", "kept"), [(0.9, ["a"]), (0.8, ["a", "b"]), (0, ["a", "b", "d"])])
def test_confident_labels_are_the_hard_ones_with_enough_probability(beliefs, threshold, kept):
    found = training_set(beliefs, TABLE, "confident", threshold=threshold)

    assert found.table["id"].to_list() == kept
    assert set(found.probs.ravel()) == {0, 1}
    assert found.left_out == {"uncovered": 1, "tied": 1, "below threshold": 3 - len(kept)}


def test_what_a_person_answered_weighs_more(beliefs):
    assert training_set(beliefs, TABLE).weight.tolist() == [1, 1, 1, 10]
    assert training_set(beliefs, TABLE, "hard", answer_weight=3).weight.tolist() == [1, 1, 3]


def test_it_keeps_what_it_came_from(beliefs, tmp_path):
    training_set(beliefs, TABLE, "confident", threshold=0.8).save(tmp_path / "set.parquet")

    found = TrainingSet.load(tmp_path / "set.parquet")

    assert found.provenance == {"strategy": "confident", "threshold": 0.8, "labels": {"model": "planted"}}
    assert found.left_out["below threshold"] == 1
    assert found.to_frame()["weak_label"].to_list() == ["ham", "spam"]


def test_nothing_left_is_an_error_that_counts_why(beliefs):
    with pytest.raises(TableError, match=r"none of the 5 items is left: .*'tied': 1, 'below threshold': 3"):
        training_set(beliefs, TABLE, "confident", threshold=0.99)


def test_beliefs_about_no_items_leave_nothing():
    nothing = Posterior(np.empty((0, 2)), pl.Series([], dtype=pl.String), ("ham", "spam"), np.empty(0, bool))

    with pytest.raises(TableError, match="none of the 0 items is left"):
        training_set(nothing, TABLE)


def test_an_unknown_strategy_is_refused_with_those_there_are(beliefs):
    with pytest.raises(UnknownNameError, match="'firm'; there are: soft, hard, confident"):
        training_set(beliefs, TABLE, "firm")


def test_a_table_that_lacks_an_item_is_refused_with_its_id(beliefs):
    with pytest.raises(TableError, match="no row for 2 of the items, first 'b'"):
        training_set(beliefs, TABLE.filter(~pl.col("id").is_in(["b", "d"])))
