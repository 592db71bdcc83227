import pytest

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.threshold import threshold


def votes(lf, *values):
    return [lf(Row(area=value)) for value in values]


def test_bounds_are_exclusive_and_each_may_be_left_out():
    assert votes(threshold("t", "area", 1, above=10), 9, 10, 10.5) == [-1, -1, 1]
    assert votes(threshold("t", "area", 0, below=10), 9, 10, 10.5) == [0, -1, -1]
    assert votes(threshold("t", "area", 0, above=0, below=10), 0, 5, 10) == [-1, 0, -1]


def test_a_bound_of_zero_is_a_bound():
    assert votes(threshold("t", "area", 1, above=0), -1, 1) == [-1, 1]


def test_missing_and_nan_abstain_and_infinity_is_large():
    large = threshold("t", "area", 1, above=10)

    assert votes(large, None, float("nan"), float("inf")) == [-1, -1, 1]


@pytest.mark.parametrize(
    "bounds", [{}, {"above": 3, "below": 3}, {"above": 5, "below": 3}, {"above": float("nan")}, {"below": float("nan")}]
)
def test_bounds_that_leave_nothing_or_everything_are_refused(bounds):
    with pytest.raises(LabelingFunctionError, match="labeling function 'large': above=.* leaves nothing or everything"):
        threshold("large", "area", 1, **bounds)
