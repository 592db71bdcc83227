import numpy as np
import pytest

from weaklabel.errors import ModelError
from weaklabel.review.picking.pool import Pool
from weaklabel.review.strategies.lf_aware import LfAware, _warn_of_no_audit, jensen_shannon
from weaklabel.review.strategies.margin import margin

SURE = np.array([[1.0, 0.0], [0.5, 0.5]])
OPPOSITE = np.array([[0.0, 1.0], [0.5, 0.5]])


def score(accuracy, strategy=LfAware(), weak=OPPOSITE):  # noqa: B008  frozen
    return strategy.score(Pool(SURE, weak=weak, lf_accuracy=accuracy))


def test_the_divergence_is_log_2_where_two_are_sure_of_different_classes_and_0_where_they_agree():
    assert jensen_shannon(SURE, OPPOSITE) == pytest.approx([np.log(2), 0])


def test_the_divergence_is_the_mean_of_both_divergences_from_their_average():
    # Of (.9, .1) and (.5, .5) from (.7, .3), by hand.
    by_hand = (0.9 * np.log(9 / 7) + 0.1 * np.log(1 / 3) + 0.5 * np.log(5 / 7) + 0.5 * np.log(5 / 3)) / 2

    assert jensen_shannon(np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])) == pytest.approx([by_hand])


def test_good_functions_weigh_in_whole_and_poor_ones_not_at_all():
    assert score(0.75) == pytest.approx([2 * np.log(2), 1])
    assert score(0.95).tolist() == score(0.75).tolist()
    assert score(0.65).tolist() == margin(SURE).tolist() == [0, 1]
    assert score(0.1).tolist() == [0, 1]


def test_between_them_the_weight_grows_evenly():
    assert score(0.7) == pytest.approx([np.log(2), 1])
    assert score(0.5, LfAware(weight=4, poor=0.0, good=1.0)) == pytest.approx([2 * np.log(2), 1])


def test_without_an_audit_it_is_the_margin_and_says_so_once(caplog):
    _warn_of_no_audit.cache_clear()

    scores = [score(None) for _ in range(3)]

    assert scores[2].tolist() == margin(SURE).tolist()
    assert caplog.text.count("picks as margin does") == 1


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"poor": 0.8}, {"good": 1.2}, {"weight": float("nan")}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ModelError, match="lf_aware has weight"):
        LfAware(**wrong)
