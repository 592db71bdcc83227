import dataclasses

import numpy as np
import pytest

from weaklabel.artefacts import Fault, LabelMatrix
from weaklabel.labeling.remarks import remarks


def matrix(votes, **also):
    made = LabelMatrix.from_array(votes, classes=("ham", "spam"), lf_names="abcdefgh"[: np.shape(votes)[1]])
    return dataclasses.replace(made, **also)


def test_of_functions_that_do_their_work_nothing_is_said():
    assert remarks(matrix([[0, 0], [1, 1]])) == []


def test_silent_functions_and_uncovered_items_are_counted():
    found = remarks(matrix([[0, -1, -1], [1, -1, -1], [-1, -1, -1]]))

    assert found == ["'b', 'c' never vote", "no function votes on 1 of 3 items (33 %)"]


def test_of_many_silent_functions_some_are_named():
    votes = np.full((1, 8), -1)
    votes[0, 0] = 1

    assert remarks(matrix(votes))[0] == "'b', 'c', 'd', 'e', 'f' and 2 more never vote"


def test_a_class_without_votes_is_named():
    assert remarks(matrix([[1], [1]])) == ["no function votes 'ham'"]


def test_a_function_that_fails_is_named_with_its_first_fault():
    fault = Fault("b", "KeyError: 'txt'", "c-17", 16, 1200)

    assert remarks(matrix([[0, 0], [1, 1]], faults=(fault,))) == [
        "'b' failed on 1,200 rows and abstains there; first on item 'c-17' (row 16): KeyError: 'txt'"
    ]


def test_a_function_that_stands_alone_more_often_than_not_is_named():
    votes = [[0, 1, 1]] * 6 + [[0, 0, 0]] * 4

    assert remarks(matrix(votes)) == ["'a' votes against all others on 60 % of the 10 items on which two or more do"]
    assert remarks(matrix(votes[1:])) == []  # too few to say so


def test_a_function_that_conflicts_with_a_single_other_is_not_blamed_for_it():
    assert remarks(matrix([[0, 1]] * 20)) == []


def test_a_function_that_is_worse_than_a_guess_is_named_where_classes_are_known():
    votes, gold = [[1, 0], [0, 1]] * 10, np.array([1, 0] * 10)

    assert remarks(matrix(votes), gold) == [
        "'b' is right on 0 % of the 20 items of known class on which it votes; a guess among 2 classes on 50 %"
    ]


def test_of_many_contrary_functions_the_worst_are_named():
    votes = np.repeat([[1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0]], 10, axis=0)
    gold = 1 - votes[:, 0]

    found = remarks(matrix(votes), gold)

    assert len(found) == 6
    assert found[-1] == "the same holds for 2 more"


def test_a_function_slower_than_all_others_together_is_named():
    votes = [[0, 1, 0]] * 100_000
    timed = matrix(votes, seconds={"a": 0.1, "b": 2.17, "c": 0.08})

    assert "'b' takes 92 % of the time of all functions: 21.7 us a row" in remarks(timed)


@pytest.mark.parametrize(
    "seconds",
    [
        {"a": 1.0, "b": 1.0, "c": 1.0},
        {"a": 0.001, "b": 0.02, "c": 0.001},  # nobody waits for that
        {"a": 1.0, "b": 2.0},  # one of two is always the slower
        {},
    ],
)
def test_where_no_function_is_slow_none_is_named(seconds):
    assert not [said for said in remarks(matrix([[0, 1, 0]] * 10, seconds=seconds)) if "time" in said]


def test_a_matrix_without_items_is_not_remarked_upon():
    assert remarks(matrix(np.empty((0, 2), int))) == []


@pytest.mark.parametrize(
    ("uncovered", "said"), [(1, "under 0.01 %"), (100, "0.10 %"), (99_900, "99.90 %"), (50_000, "50 %")]
)
def test_shares_near_nothing_and_near_all_keep_their_digits(uncovered, said):
    votes = np.tile([[0], [1]], (50_000, 1))
    votes[:uncovered] = -1

    assert remarks(matrix(votes))[-1].endswith(f"of 100,000 items ({said})")


def test_of_one_function_all_is_said_that_is_to_be_said_of_it():
    names = ("votes", *(f"s{j}" for j in range(8)))
    L = LabelMatrix.from_array([[0] + [-1] * 8] * 20, lf_names=names)

    assert remarks(L, lf="s7") == ["'s7' never votes"]
    assert remarks(L, lf="votes") == []


def test_a_function_as_good_as_a_guess_is_not_blamed():
    gold = np.array([0] * 498 + [1] * 502)

    assert not [said for said in remarks(matrix([[0, 1]] * 1000), gold) if "is right on" in said]
