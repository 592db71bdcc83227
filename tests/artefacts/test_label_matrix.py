import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import TableError, VoteError


def matrix(votes, **fields):
    votes = np.asarray(votes)
    given = {"item_ids": ["a", "b"][: len(votes)], "lf_names": ("has_link", "is_short"), "classes": ("ham", "spam")}
    return LabelMatrix(votes, **{**given, **fields})


@pytest.mark.parametrize(
    ("vote", "shown"), [(2, "2"), (-2, "-2"), (300, "300"), (0.5, "0.5"), (float("nan"), "nan"), (np.inf, "inf")]
)
def test_a_vote_that_is_none_is_named_with_its_function_and_item(vote, shown):
    message = rf"labeling function 'is_short' voted {shown} on item 'b'; a vote is -1 \(abstain\) or 0..1 \(ham, spam\)"

    with pytest.raises(VoteError, match=message):
        matrix([[1, -1], [0, vote]])


@pytest.mark.parametrize("votes", [[[None, 1]], [["ham", "spam"]], [[1j, 0]]])
def test_votes_that_are_no_numbers_are_refused(votes):
    with pytest.raises(VoteError, match="votes are of type .*; a vote is a whole number"):
        matrix(votes)


def test_whole_numbers_of_any_type_are_votes():
    for kind in (int, float, np.int8):
        assert matrix(np.array([[1, -1], [0, 1]], kind)).votes.tolist() == [[1, -1], [0, 1]]


def test_an_item_is_covered_once_one_function_votes():
    assert matrix([[-1, -1], [-1, 0]]).covered.tolist() == [False, True]


def test_no_function_covers_nothing():
    assert matrix(np.empty((2, 0)), lf_names=()).covered.tolist() == [False, False]


def test_votes_cannot_be_written_over():
    L = matrix([[1, -1], [0, 1]])

    with pytest.raises(ValueError, match="read-only"):
        L.votes[0, 0] = 0


def test_a_bare_array_gets_numbered_items_and_functions():
    L = LabelMatrix.from_array([[0, 1, -1], [2, -1, 2]], classes=("a", "b", "c"))

    assert L.item_ids.to_list() == ["0", "1"]
    assert L.lf_names == ("lf_0", "lf_1", "lf_2")
    assert L.cardinality == 3


def test_a_bare_array_needs_two_dimensions():
    with pytest.raises(TableError, match="votes have 1 dimensions; a label matrix has two"):
        LabelMatrix.from_array([0, 1])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"item_ids": ["a"]}, r"votes have shape \(2, 2\); 1 items x 2 names given"),
        ({"lf_names": ("has_link",)}, "2 items x 1 names given"),
        ({"lf_names": ("has_link", "has_link")}, "labeling functions share the name 'has_link': rename one"),
        ({"lf_names": ("has_link", "id")}, "a labeling function is called 'id'"),
        ({"item_ids": ["a", "a"]}, "id 'a' stands in rows 0 and 1"),
        ({"classes": ("ham",)}, "1 classes given"),
    ],
)
def test_names_that_do_not_fit_the_votes_are_explained(fields, message):
    with pytest.raises(TableError, match=message):
        matrix([[1, -1], [0, 1]], **fields)


def on_items(votes, ids, names, classes=("no", "yes")):
    return LabelMatrix(np.array(votes), ids, names, classes)


def test_votes_on_the_same_items_stand_beside_each_other_whatever_their_order():
    rules = on_items([[0, 1], [1, -1]], ["a", "b"], ("r", "s"))
    clicks = on_items([[1], [0]], ["b", "a"], ("clicks",))

    both = rules.beside(clicks)

    assert both.lf_names == ("r", "s", "clicks")
    assert both.votes.tolist() == [[0, 1, 0], [1, -1, 1]]
    assert both.item_ids.to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (on_items([[1]], ["a"], ("clicks",)), "item 'b' is not among the other votes"),
        (on_items([[1], [1], [0]], ["a", "b", "c"], ("clicks",)), "1 more items, such as 'c'"),
        (on_items([[1], [1]], ["a", "b"], ("clicks",), ("x", "y")), "other classes: no, yes here and x, y there"),
        (on_items([[1], [1]], ["a", "b"], ("r",)), "share the name 'r'"),
    ],
)
def test_votes_that_do_not_fit_beside_each_other_are_refused(other, said):
    rules = on_items([[0], [1]], ["a", "b"], ("r",))

    with pytest.raises(TableError, match=said):
        rules.beside(other)
