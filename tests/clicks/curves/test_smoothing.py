import numpy as np
import pytest

from weaklabel.clicks.curves import smoothing

POSITION, ONE = np.arange(1, 11), np.zeros(10, dtype=np.int64)
POWER = -np.log(POSITION)
KINK = POWER + np.where(POSITION > 5, -0.7, 0.0)


def covariance(error):
    return np.diag(np.where(POSITION > 1, error**2, 0.0))


def noisy(curve, error, seed):
    return curve + np.where(POSITION > 1, np.random.default_rng(seed).normal(0, error, 10), 0.0)


def test_a_power_law_stays_what_it_is():
    smooth = smoothing.learn(POSITION, ONE, POWER, covariance(0.1))

    assert smooth(POWER) == pytest.approx(POWER, abs=1e-9)


def test_errors_around_a_smooth_curve_shrink_by_half():
    gaps = []
    for seed in range(200):
        rough = noisy(POWER, 0.1, seed)
        smooth = smoothing.learn(POSITION, ONE, rough, covariance(0.1))
        gaps.append([np.square(rough - POWER).sum(), np.square(smooth(rough) - POWER).sum()])

    before, after = np.mean(gaps, axis=0)

    assert after < 0.55 * before


def test_a_jump_larger_than_the_errors_is_kept():
    rough = noisy(KINK, 0.02, 1)

    smooth = smoothing.learn(POSITION, ONE, rough, covariance(0.02))

    assert np.abs(smooth(rough) - KINK).max() < 0.08
    assert smooth.tau > 0.1


JAGGED = POWER + 0.1 * (-1.0) ** POSITION * (POSITION > 1)  # by as much as the errors: the worst case


@pytest.mark.parametrize(("curve", "least"), [(POWER, 0.94), (KINK, 0.92), (JAGGED, 0.87)])
def test_intervals_cover_smooth_and_rough_curves(curve, least):
    inside = []
    for seed in range(200):
        rough = noisy(curve, 0.1, seed)
        smooth = smoothing.learn(POSITION, ONE, rough, covariance(0.1))
        error = np.hypot(smooth.errors(covariance(0.1)), smooth.bent)
        inside.append((np.abs(smooth(rough) - curve) <= 2.09 * error)[1:])  # as with 20 groups of sessions

    assert least < np.mean(inside) < 0.99


def test_the_first_position_stays_one():
    smooth = smoothing.learn(POSITION, ONE, noisy(POWER, 0.3, 0), covariance(0.3))

    assert smooth(noisy(POWER, 0.3, 5))[0] == 0
    assert smooth.errors(covariance(0.3))[0] == 0
    assert smooth.bent[0] == 0


def test_short_curves_stay_as_they_are():
    few = slice(0, 5)
    rough = noisy(POWER, 0.3, 0)[few]

    smooth = smoothing.learn(POSITION[few], ONE[few], rough, covariance(0.3)[few, few])

    assert smooth(rough) == pytest.approx(rough)


def test_a_curve_that_starts_lower_is_smoothed_around_where_it_starts():
    whole = smoothing.learn(POSITION, ONE, POWER, covariance(0.1))

    assert whole(POWER - 0.4) == pytest.approx(POWER - 0.4)


def test_each_context_is_smoothed_by_itself():
    twice, contexts = np.tile(POSITION, 2), np.repeat([0, 1], 10)
    curves = np.concatenate([noisy(POWER, 0.02, 0), noisy(KINK, 0.02, 1)])
    errors = np.kron(np.eye(2), covariance(0.02))

    together = smoothing.learn(twice, contexts, curves, errors)

    alone = [smoothing.learn(POSITION, ONE, curve, covariance(0.02))(curve) for curve in np.split(curves, 2)]
    assert together(curves) == pytest.approx(np.concatenate(alone))
