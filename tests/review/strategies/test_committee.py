import numpy as np
import pytest

from weaklabel.errors import ModelError
from weaklabel.review.picking.pool import Pool
from weaklabel.review.strategies.committee import Committee

MEMBERS = np.array(
    [
        [[0.9, 0.1, 0.0], [1.0, 0.0, 0.0], [0.5, 0.4, 0.1]],
        [[0.1, 0.9, 0.0], [0.0, 1.0, 0.0], [0.5, 0.4, 0.1]],
    ]
)
POOL = Pool(MEMBERS.mean(axis=0), members=MEMBERS)


def test_the_divergence_is_from_the_average_of_the_members():
    # KL((.9, .1) || (.5, .5)), and log 2 for those that are sure of different classes.
    apart = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)

    assert Committee().score(POOL) == pytest.approx([apart, np.log(2), 0])


def test_votes_are_of_the_most_probable_classes_alone():
    assert Committee("votes").score(POOL) == pytest.approx([np.log(2), np.log(2), 0])


def test_three_members_of_four_are_nearer_to_agreement_than_two():
    votes = np.eye(2)[[[0, 0], [0, 0], [0, 1], [1, 1]]]

    scores = Committee("votes").score(Pool(votes.mean(axis=0), members=votes))

    assert scores == pytest.approx([-0.75 * np.log(0.75) - 0.25 * np.log(0.25), np.log(2)])


def test_an_unknown_measure_lists_those_there_are():
    with pytest.raises(ModelError, match="no measure 'kl'; it has: divergence, votes"):
        Committee("kl")
