import pytest

from weaklabel.artefacts import Propensities
from weaklabel.errors import TableError


def propensities(position=(1, 2), examination=(1.0, 0.5), lower=(1.0, 0.4)):
    return Propensities(position, examination, lower, (1.0, 0.6), (100, 90), (10, 5))


@pytest.mark.parametrize("position", [(2, 1), (1, 1), (0, 1)])
def test_positions_must_increase_from_one(position):
    with pytest.raises(TableError, match="positions must increase from 1: "):
        propensities(position)


@pytest.mark.parametrize("wrong", [0.0, -0.1, float("nan"), float("inf")])
def test_an_examination_that_is_not_positive_is_named_with_its_position(wrong):
    with pytest.raises(TableError, match=f"examination at position 2 is {wrong}: it must be positive"):
        propensities(examination=(1.0, wrong))


def test_columns_of_different_length_are_refused():
    with pytest.raises(TableError, match=r"the columns differ in shape: .*'lower': \(1,\)"):
        propensities(lower=(1.0,))


def test_an_estimate_may_exceed_one():
    assert propensities(examination=(1.0, 1.3)).examination.tolist() == [1.0, 1.3]


def test_its_arrays_cannot_be_written_over():
    with pytest.raises(ValueError, match="read-only"):
        propensities().examination[0] = 0.5
