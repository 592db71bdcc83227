import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.online.experiment import compare_arms
from weaklabel.clicks.online.sample_size import detectable_lift, sample_size
from weaklabel.errors import ClickLogError, ModelError, UnknownNameError


def log_of(*pages, **columns):
    """Pages as (arm, session, clicks of each position)."""
    rows = [
        (arm, session, "q", f"d{position}", position, click)
        for arm, session, clicks in pages
        for position, click in enumerate(clicks, 1)
    ]
    names = ["arm", "session_id", "query_id", "doc_id", "position", "click"]
    return ClickLog(pl.DataFrame(rows, schema=names, orient="row").with_columns(**columns))


def random_log(seed, rates, pages=400, depth=5, spread=0.15):
    """Pages whose click rates differ, so that impressions of one page go together."""
    rng, rows = np.random.default_rng(seed), []
    for arm, rate in rates.items():
        of_page = np.clip(rate + spread * rng.choice([-1, 1], pages), 0, 1)
        clicks = rng.random((pages, depth)) < of_page[:, None]
        rows += [(arm, f"{arm}{page}", clicks[page].astype(int).tolist()) for page in range(pages)]
    return log_of(*rows)


# Control: 1 of 2 and 0 of 2; treatment: 2 of 2 and 1 of 2.
SMALL = log_of(("a", "1", [1, 0]), ("a", "2", [0, 0]), ("b", "3", [1, 1]), ("b", "4", [0, 1]))


def test_a_small_comparison_is_what_the_delta_method_says():
    found = compare_arms(SMALL)

    assert (found.control.rate, found.treatment.rate) == (1 / 4, 3 / 4)
    # residuals of control's two sessions: 1 - 2/4 and 0 - 2/4
    assert found.control.error == pytest.approx(np.sqrt(2 / 1 * (0.25 + 0.25) / 4**2))
    assert found.difference == pytest.approx(0.5)
    assert found.lift == pytest.approx(2.0)
    assert found.upper - found.difference == pytest.approx(1.959964 * np.sqrt(2) * 0.25, rel=1e-5)


def test_clicks_per_page_are_compared_as_means_of_pages():
    found = compare_arms(SMALL, metric="clicks_per_page")

    assert (found.control.rate, found.treatment.rate) == (1 / 2, 3 / 2)
    # with pages as units this is Welch's standard error of a mean
    assert found.control.error == pytest.approx(np.std([1, 0], ddof=1) / np.sqrt(2))


def test_two_logs_are_compared_as_one_with_a_column_of_arms():
    frames = [ClickLog(SMALL.frame.filter(pl.col("arm") == name).drop("arm")) for name in ("a", "b")]

    apart, together = compare_arms(*frames), compare_arms(SMALL)

    assert (apart.difference, apart.p_value) == (together.difference, together.p_value)
    assert (apart.control.name, apart.treatment.name) == ("control", "treatment")


def test_the_control_can_be_named():
    assert compare_arms(SMALL, control="b").difference == pytest.approx(-0.5)


def test_the_order_of_rows_does_not_matter():
    log = random_log(1, {"a": 0.3, "b": 0.35})

    shuffled = ClickLog(log.frame.sample(fraction=1, shuffle=True, seed=3))

    assert compare_arms(shuffled) == compare_arms(log)


def test_intervals_cover_the_planted_difference_though_impressions_of_a_page_go_together():
    found = [compare_arms(random_log(seed, {"a": 0.3, "b": 0.36}, pages=150, spread=0.3)) for seed in range(150)]

    assert 0.90 <= np.mean([one.lower <= 0.06 <= one.upper for one in found]) <= 0.99
    assert 0.90 <= np.mean([one.lift_lower <= 0.2 <= one.lift_upper for one in found]) <= 0.99
    # half the variance of a click is shared by its page: 1 + 4 * .09 / .21
    assert np.mean([one.control.design_effect for one in found]) == pytest.approx(1 + 4 * 0.09 / 0.21, rel=0.05)


def test_equal_arms_are_told_apart_about_as_often_as_the_level_says():
    found = [compare_arms(random_log(seed, {"a": 0.3, "b": 0.3}, pages=100)).p_value for seed in range(200)]

    assert 0.01 <= np.mean(np.array(found) < 0.05) <= 0.10


def test_users_with_many_pages_make_the_error_larger():
    log = random_log(2, {"a": 0.3, "b": 0.3}, pages=300, spread=0.0)
    # of every ten pages, all are one user's, who always clicks or never does
    user = pl.col("session_id").str.slice(1).cast(pl.Int64) // 10
    habit = log.frame.with_columns(user_id=pl.col("arm") + user.cast(pl.String), click=(user % 3 == 0).cast(pl.Int8))

    by_page, by_user = compare_arms(ClickLog(habit)), compare_arms(ClickLog(habit), unit="user_id")

    assert by_user.control.error == pytest.approx(by_page.control.error * np.sqrt(10), rel=0.02)
    assert by_user.control.design_effect == pytest.approx(50, rel=0.05)  # ten pages of five


def test_the_design_effect_of_pages_is_one_where_pages_are_independent():
    found = compare_arms(random_log(3, {"a": 0.3, "b": 0.3}), metric="clicks_per_page")

    assert found.control.design_effect == pytest.approx(400 / 399)


def test_a_lost_part_of_an_arm_is_warned_of(caplog):
    frame = random_log(4, {"a": 0.3, "b": 0.3}).frame
    lost = frame.filter((pl.col("arm") == "a") | (pl.col("session_id").str.slice(1).cast(pl.Int64) < 280))

    found = compare_arms(ClickLog(lost))

    assert found.split_p_value < 0.0005
    assert "400 units in the control and 280 in treatment are not the planned split" in caplog.text


def test_a_planned_uneven_split_is_not_warned_of(caplog):
    frame = random_log(4, {"a": 0.3, "b": 0.3}).frame
    fifth = frame.filter((pl.col("arm") == "a") | (pl.col("session_id").str.slice(1).cast(pl.Int64) < 100))

    assert compare_arms(ClickLog(fifth), split=0.2).split_p_value > 0.5
    assert not caplog.text


def test_few_units_are_warned_of(caplog):
    compare_arms(SMALL)

    assert "only 2 units" in caplog.text


@pytest.mark.parametrize(
    ("log", "how", "said"),
    [
        (SMALL, {"arm": "variant"}, "no column 'variant'"),
        (SMALL, {"unit": "user_id"}, "no column 'user_id'"),
        (log_of(("a", "1", [1])), {}, r"holds 1 arms \['a'\]"),
        (log_of(("a", "1", [1]), ("b", "2", [1]), ("c", "3", [1])), {}, "holds 3 arms"),
        (log_of(("a", "1", [1]), (None, "2", [1]), ("b", "3", [1])), {}, "1 rows without one"),
        (log_of(("a", "1", [1, 0]), ("b", "2", [1, 0])), {}, "arm 'a' has one unit"),
        (log_of(("a", "1", [0]), ("a", "2", [0]), ("b", "3", [1]), ("b", "4", [0])), {}, "arm 'a' has no click in 2"),
        (
            log_of(("a", "1", [1]), ("a", "2", [1]), ("b", "3", [1]), ("b", "4", [1]), user_id=pl.lit("u")),
            {"unit": "user_id"},
            "user_id 'u' is in both arms",
        ),
    ],
)
def test_a_log_that_cannot_be_compared_is_refused_with_a_reason(log, how, said):
    with pytest.raises(ClickLogError, match=said):
        compare_arms(log, **how)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"metric": "revenue"}, UnknownNameError, "no metric of arms is called 'revenue'"),
        ({"control": "c"}, UnknownNameError, "no arm is called 'c'"),
        ({"split": 1.0}, ModelError, "split is 1.0"),
        ({"level": 0.0}, ModelError, "level is 0.0"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(how, error, said):
    with pytest.raises(error, match=said):
        compare_arms(SMALL, **how)


def test_the_sample_size_is_that_of_the_reference():
    # R's power.prop.test(p1 = .50, p2 = .75, power = .90): n = 76.7
    assert sample_size(0.5, 0.5, power=0.9) == 77


def test_an_experiment_of_the_planned_size_finds_the_lift_as_often_as_planned():
    rng, rate, lift = np.random.default_rng(0), 0.1, 0.2
    n = sample_size(rate, lift)

    control, treatment = rng.binomial(n, rate, 4000) / n, rng.binomial(n, rate * (1 + lift), 4000) / n

    error = np.sqrt((control * (1 - control) + treatment * (1 - treatment)) / n)
    assert np.mean((treatment - control) / error > 1.959964) == pytest.approx(0.8, abs=0.02)


def test_a_design_effect_multiplies_the_sample():
    assert sample_size(0.1, 0.1, design_effect=2.5) == pytest.approx(2.5 * sample_size(0.1, 0.1), abs=3)


@pytest.mark.parametrize(("rate", "lift", "effect"), [(0.03, 0.02, 1.0), (0.5, 0.3, 3.0), (0.9, 0.05, 1.5)])
def test_the_detectable_lift_is_the_inverse_of_the_sample_size(rate, lift, effect):
    n = sample_size(rate, lift, design_effect=effect)

    assert detectable_lift(n, rate, design_effect=effect) == pytest.approx(lift, rel=1e-3)


def test_a_sample_too_small_for_anything_is_refused():
    with pytest.raises(ModelError, match="5 impressions in each arm cannot show any increase of the rate 0.9"):
        detectable_lift(5, 0.9)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"rate": 0.0, "lift": 0.1}, "rate is 0.0"),
        ({"rate": 0.6, "lift": 1.0}, "lift is 1.0: it changes the rate 0.6 to 1.2"),
        ({"rate": 0.6, "lift": 0.0}, "lift is 0.0"),
        ({"rate": 0.6, "lift": 0.1, "power": 1.0}, "power is 1.0"),
        ({"rate": 0.6, "lift": 0.1, "design_effect": 0.0}, "design_effect is 0.0"),
    ],
)
def test_a_plan_outside_its_range_is_refused(how, said):
    with pytest.raises(ModelError, match=said):
        sample_size(**how)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"impressions": float("nan")}, "impressions is nan"),
        ({"impressions": -1}, "impressions is -1"),
        ({"design_effect": -1.0}, "design_effect is -1"),
    ],
)
def test_a_detectable_lift_of_no_number_is_refused(how, said):
    with pytest.raises(ModelError, match=said):
        detectable_lift(**{"impressions": 1000, "rate": 0.1} | how)
