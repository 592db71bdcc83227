import numpy as np
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.curves import intervals
from weaklabel.errors import NotIdentifiedError


def test_the_jackknife_of_a_mean_is_its_textbook_variance():
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    left_out = np.array([[(values.sum() - value) / 4] for value in values])

    assert intervals.standard_error(left_out)[0] == pytest.approx(values.std(ddof=1) / np.sqrt(5))
    assert intervals.covariance(left_out)[0, 0] == pytest.approx(values.var(ddof=1) / 5)


def test_each_bucket_is_left_out_once(planted_log):
    cells = count(planted_log(sessions=500)).cells

    left = intervals.jackknife(cells, lambda some: np.array([some.N.sum(), some.C.sum()]))

    assert left.shape == (20, 2)
    assert left.sum(axis=0) == pytest.approx(19 * np.array([cells.N.sum(), cells.C.sum()]))


def test_a_bucket_without_which_nothing_can_be_estimated_counts_as_the_whole(planted_log):
    cells = count(planted_log(sessions=200)).cells

    def fails_without_some(some):
        if some.N_by_bucket is None and some.N.sum() < cells.N.sum():
            raise NotIdentifiedError("nothing left")
        return some.N

    assert (intervals.jackknife(cells, fails_without_some) == cells.N).all()


def test_intervals_of_few_groups_are_students():
    assert intervals.half_width(0.95) == pytest.approx(1.96, abs=1e-3)
    assert intervals.half_width(0.95, 20) == pytest.approx(2.093, abs=1e-3)
