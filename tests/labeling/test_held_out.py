import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.held_out import halves, held_out
from weaklabel.labeling.models.majority import Majority


def test_a_held_out_vote_is_foretold_from_the_others_and_from_how_the_function_votes_in_each_class():
    # In `learn` the first function agrees with majority vote thrice on 0, thrice on 1, and once says 1 where it is 0.
    learn = LabelMatrix.from_array([[0, 0, 0]] * 3 + [[1, 1, 1]] * 3 + [[1, 0, 0]])
    test = LabelMatrix.from_array([[0, 0, 0], [1, 0, -1], [0, 0, 1], [-1, 0, 0]])

    found = held_out(Majority().fit(learn), learn, test, [0], learn.votes)

    # Usual votes: 3 zeros and 4 ones, and one more of each: 4/9, 5/9. P(0 | class 0) = (3 + 4/9) / (4 + 1), and
    # P(0 | class 1) = (0 + 4/9) / (3 + 1).
    zero_if_0, zero_if_1 = (3 + 4 / 9) / 5, (4 / 9) / 4
    expected = [zero_if_0, 1 - zero_if_0, (zero_if_0 + zero_if_1) / 2]  # the third item's other votes tie
    assert found[:3, 0] == pytest.approx(np.log(expected))
    assert found[3, 0] == 0


def test_the_vote_itself_is_not_seen():
    rng = np.random.default_rng(0)
    learn = LabelMatrix.from_array(rng.integers(-1, 2, (100, 4)))
    zeros, ones = rng.integers(-1, 2, (20, 4)), rng.integers(-1, 2, (20, 4))
    ones[:, 1:] = zeros[:, 1:]
    zeros[:, 0], ones[:, 0] = 0, 1
    model = Majority().fit(learn)

    found = [held_out(model, learn, LabelMatrix.from_array(votes), [0], learn.votes)[:, 0] for votes in (zeros, ones)]

    assert np.exp(found[0]) + np.exp(found[1]) == pytest.approx(np.ones(20))


def test_a_vote_that_the_first_half_never_saw_is_a_surprise_but_no_impossibility():
    learn = LabelMatrix.from_array([[0, 0]] * 5)
    test = LabelMatrix.from_array([[1, 0], [0, 0]])

    found = held_out(Majority().fit(learn), learn, test, [0], np.concatenate([learn.votes, test.votes]))

    # Usual votes: 6/7 and 1/7. P(1 | class 0) = (0 + 1/7) / (5 + 1).
    assert np.exp(found[:, 0]) == pytest.approx([1 / 42, 41 / 42])


def test_a_one_class_function_never_surprises():
    learn = LabelMatrix.from_array([[1, 0], [1, 1], [-1, 0]])

    found = held_out(Majority().fit(learn), learn, learn, [0], learn.votes)

    assert found.tolist() == [[0], [0], [0]]


def test_halves_depend_on_ids_and_seed_alone():
    ids = pl.Series("id", [f"item {i}" for i in range(1000)])

    first = halves(ids, 0)

    assert abs(first.mean() - 0.5) < 0.06
    assert halves(ids.reverse(), 0)[::-1].tolist() == first.tolist()
    assert abs((halves(ids, 1) == first).mean() - 0.5) < 0.06
    assert first[:5].tolist() == [True, True, False, False, True]  # on any machine
