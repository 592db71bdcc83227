import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import UnknownNameError
from weaklabel.report import looking

NAMES = ("prize", "short", "call")
L = LabelMatrix(
    np.array([[1, 0, -1], [1, 1, 0], [-1, 0, 0], [-1, -1, -1], [1, -1, -1]]), list("abcde"), NAMES, ("ham", "spam")
)
TABLE = pl.DataFrame({"id": list("abcde"), "n": range(5), "text": ["x" * 300] * 5})


def wide(m=21):
    return LabelMatrix.from_array(np.random.default_rng(0).integers(-1, 2, (50, m)))


def test_columns_that_say_nothing_are_not_shown_but_written():
    view = looking.of_functions(L)

    assert view.tables[0].frame.columns == ["lf", "polarity", "coverage", "overlaps", "conflicts", "against"]
    assert {"correct", "accuracy", "faults", "seconds"} <= set(view.rows.columns)
    assert "accuracy" in looking.of_functions(L, np.array([1, 1, 0, 0, 0])).tables[0].frame.columns


def test_one_function_is_shown_with_those_it_conflicts_with_and_what_is_said_of_it():
    silent = LabelMatrix(np.c_[L.votes, np.full(5, -1)], L.item_ids, (*NAMES, "dull"), L.classes)

    assert looking.of_functions(silent, lf="dull").notes == ["'dull' never votes"]
    view = looking.of_functions(L, lf="prize")
    assert view.rows["lf"].to_list() == ["prize"]
    assert view.tables[1].frame.select("other", "both", "conflicts").rows() == [("call", 1, 1), ("short", 2, 1)]
    assert view.notes == []


def test_the_conflict_matrix_has_numbered_columns_and_empty_cells_where_there_is_nothing():
    square, listed = looking.of_conflicts(L).tables

    assert square.frame.rows() == [("1 prize", None, 1, 1), ("2 short", 1, None, 1), ("3 call", 1, 1, None)]
    assert square.frame.columns == ["lf", "1", "2", "3"]
    assert listed.caption == "3 pairs that vote differently, most first:"
    assert looking.of_conflicts(L, limit=2).tables[1].caption.startswith("2 of 3 pairs")


def test_a_matrix_too_wide_for_a_terminal_is_only_written():
    view = looking.of_conflicts(wide())

    assert [len(table.frame) for table in view.tables] == [10]
    assert view.rows.shape == (21, 22)


def test_pairs_are_shown_by_how_far_their_kappa_is_from_0():
    view = looking.of_correlation(wide(), limit=0)

    assert view.tables[-1].frame["kappa"].abs().is_sorted(descending=True)
    assert len(view.tables[-1].frame) == 210
    assert looking.of_correlation(L, lf="call").rows["other"].to_list() == ["short", "prize"]


def test_with_beliefs_it_is_about_errors():
    matrix = wide(4)
    probs = np.random.default_rng(1).dirichlet([1, 1], 50)
    posterior = Posterior(probs, matrix.item_ids, matrix.classes, matrix.covered)

    view = looking.of_correlation(matrix, posterior)

    assert "errors given the class" in view.tables[0].caption
    assert view.tables[-1].frame["residual_correlation"].abs().is_sorted(descending=True)


def test_items_are_shown_texts_first_and_cut_but_written_whole():
    view = looking.of_items(L, TABLE, "disagree", "prize", limit=1)

    assert view.tables[0].caption == "2 items on which 'prize' votes and another votes differently; 1 drawn at random:"
    assert view.tables[0].frame["text"][0] == "x" * 200 + " ..."
    assert view.rows["text"][0] == "x" * 300
    assert view.tables[0].frame.columns == ["id", "lf_votes", "n", "text"]


def test_of_many_columns_a_few_are_shown():
    many = TABLE.with_columns(pl.lit(j).alias(f"c{j}") for j in range(30))

    view = looking.of_items(L, many, "votes")

    assert view.tables[0].frame.columns == ["id", "lf_votes", "n", "text", "c0"]
    assert len(view.rows.columns) == 34


def test_where_there_is_no_such_item_that_is_said():
    view = looking.of_items(L, TABLE, "against", "prize")

    assert (view.tables, view.notes) == (
        [],
        ["there are no items on which 'prize' votes and none of two or more others votes as it does"],
    )


@pytest.mark.parametrize("show", [looking.of_functions, looking.of_conflicts, looking.of_correlation])
def test_an_unknown_function_is_refused(show):
    with pytest.raises(UnknownNameError, match="did you mean 'prize'"):
        show(L, lf="prise")
