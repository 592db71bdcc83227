from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel import Posterior
from weaklabel.errors import AnswerError, TableError
from weaklabel.review.audit.budget import Budget
from weaklabel.review.audit.gain import Gain, audit_gain
from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.permutation import audit_next, audit_slice
from weaklabel.review.audit.score import AuditScore, audit_score
from weaklabel.review.audit.stopping import LEVEL, audit_labels_for, labels_left, reached, verdict

GOOD = AuditScore("accuracy", 0.9, 0.84, 0.94, 0.975, 100, 5000, 0, 0.84, 0.94, 100.0)
SLOW = Gain("accuracy", 0.002, -0.01, 0.012, 0.95, 60, 100)


def test_the_target_is_reached_where_the_lower_end_is_not_where_the_estimate_is():
    assert verdict(GOOD, target=0.84).reason == "target reached"
    assert verdict(GOOD, target=0.89).reason == "go on"


def test_a_loss_is_reached_from_above():
    loss = replace(GOOD, measure="log_loss", value=0.3, lower=0.2, upper=0.4)

    assert reached(loss, 0.4)
    assert not reached(loss, 0.35)


def test_about_as_many_labels_are_left_as_halve_the_lower_half_of_the_interval():
    left = labels_left(GOOD, 0.87, share=0.25)

    assert left == pytest.approx(300 / 0.25, rel=0.06)


def test_a_score_below_its_target_is_out_of_reach_unless_it_rises():
    rising = Gain("accuracy", 0.03, 0.01, 0.05, 0.95, 100, 100)

    assert labels_left(GOOD, 0.93) is None
    assert labels_left(GOOD, 0.93, replace(rising, value=-0.01)) is None
    assert 130 < labels_left(GOOD, 0.93, rising) < 300


def test_more_labels_than_items_are_left_is_said_and_no_number():
    said = verdict(GOOD, target=0.87, open_items=800)

    assert (said.stop, said.labels_left) == (False, None)
    assert "the 800 items left are too few to show that the target 0.87 is reached" in said.said
    assert verdict(GOOD, target=0.87, open_items=1200).labels_left == 1200


def test_where_nothing_is_left_to_ask_there_is_no_outlook():
    said = verdict(GOOD, target=0.87, open_items=0).said

    assert said == "nothing left to ask: accuracy 0.900 (0.840 to 0.940, 100 audit items)"


def test_a_loss_above_its_target_comes_down_at_the_pace_of_its_gain():
    loss = replace(GOOD, measure="log_loss", value=0.4, lower=0.3, upper=0.5)
    falling = Gain("log_loss", 0.05, 0.01, 0.09, 0.95, 100, 100)

    assert labels_left(loss, 0.35) is None
    assert 100 < labels_left(loss, 0.35, falling) < 400


def test_what_is_left_is_said_in_words_with_its_numbers():
    assert "accuracy 0.900 (0.840 to 0.940, 100 audit items)" in verdict(GOOD, target=0.87).said
    assert "about 1200 labels left to the target 0.87" in verdict(GOOD, target=0.87).said
    assert "out of reach" in verdict(GOOD, target=0.95).said
    assert "about 1200 labels would halve the interval" in verdict(GOOD).said
    assert "the last 60 answers brought +0.002 (-0.010 to +0.012)" in verdict(GOOD, gain=SLOW).said


def test_a_width_takes_audit_items_with_its_square():
    assert audit_labels_for(GOOD, 0.025) == 400


def test_answers_are_not_worth_their_price_where_even_the_upper_end_of_their_gain_is_below_it():
    assert verdict(GOOD, gain=SLOW, least_gain=0.0003).reason == "not worth its price"
    assert verdict(GOOD, gain=SLOW, least_gain=0.0001).reason == "go on"


def test_the_loop_ends_with_the_budget_and_with_the_pool():
    assert verdict(GOOD, budget=Budget(100), asked=100).reason == "budget spent"
    assert not verdict(GOOD, budget=Budget(100), asked=99).stop
    assert verdict(GOOD, open_items=0).reason == "nothing left to ask"


@given(st.integers(0, 500), st.sampled_from([0.1, 0.07, 1 / 3, 2, 0.001]), st.lists(st.integers(1, 60), max_size=40))
def test_batches_cut_to_what_is_left_never_overspend_and_leave_less_than_one_price(limit, price, sizes):
    budget, asked = Budget(limit, price), 0
    for size in [*sizes, 10**6]:
        asked += min(size, budget.left(asked))

    assert budget.spent(asked) <= limit
    assert budget.spent(asked + 1) > limit


def test_ten_cents_buy_three_of_thirty_cents():
    assert Budget(0.3, 0.1).left(0) == 3


def test_a_budget_that_was_lowered_below_what_is_spent_leaves_nothing():
    assert Budget(10).left(12) == 0


@pytest.mark.parametrize(("limit", "price"), [(-1, 1), (10, 0), (10, -2), (float("inf"), 1), (float("nan"), 1)])
def test_an_impossible_budget_is_refused(limit, price):
    with pytest.raises(TableError, match=r"budget"):
        Budget(limit, price)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": 0.0}, "0.25"),
        ({"target": float("nan")}, "the target is nan"),
        ({"least_gain": 0.1}, "no gain to compare"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(TableError, match=said):
        verdict(GOOD, **options)


def test_an_interval_that_is_not_sure_enough_to_be_looked_at_often_stops_nothing():
    with pytest.raises(TableError, match=r"level 0.95.*level=0.975"):
        verdict(replace(GOOD, level=0.95), target=0.8)


def test_a_width_of_nothing_and_a_negative_number_of_questions_are_refused():
    with pytest.raises(TableError, match="half width 0"):
        audit_labels_for(GOOD, 0)
    with pytest.raises(TableError, match="-1 questions"):
        Budget(5).left(-1)


def two_models(seed, n=1500, share=0.06, audit=80):
    """A pool, and two models of it, of which the second is right on that share of the items more."""
    rng = np.random.default_rng(seed)
    y, ids = rng.integers(0, 2, n), pl.Series([f"c-{i}" for i in range(n)])
    draw = rng.random(n)

    def model(right):
        p = np.where(draw < right, 0.8, 0.2)
        probs = np.where(np.eye(2)[y] == 1, p[:, None], 1 - p[:, None])
        return Posterior(probs, ids, ("ham", "spam"), np.ones(n, bool))

    answers = {item: ("ham", "spam")[y[int(item[2:])]] for item in audit_next(ids, audit, seed=seed)}
    audit, models = audit_slice(ids, answers, seed=seed), (model(0.8), model(0.8 + share))
    return [held_out(lambda _, beliefs=beliefs: beliefs, audit, answers, folds=2) for beliefs in models]


@pytest.mark.parametrize("share", [0.0, 0.06])
def test_the_gain_between_two_models_is_unbiased_and_covered(share):
    gains = [audit_gain(*reversed(two_models(seed, share=share)), labels=60) for seed in range(60)]

    assert np.mean([gain.value for gain in gains]) == pytest.approx(share, abs=0.012)
    assert np.mean([gain.lower <= share <= gain.upper for gain in gains]) >= 0.9


def test_a_gain_is_known_better_than_either_score():
    before, now = two_models(0)

    gain = audit_gain(now, before, 60)

    assert gain.upper - gain.lower < 0.8 * audit_score(now).width
    assert gain.upper_per_label == gain.upper / 60


def test_two_models_that_agree_on_the_audit_may_still_differ_a_little():
    now, _ = two_models(0)

    gain = audit_gain(now, now, 60)

    assert gain.value == 0
    assert 0.01 < gain.upper < 0.06


def test_a_smaller_loss_is_a_gain():
    before, now = two_models(0, share=0.15)

    assert audit_gain(now, before, 60, "log_loss").lower > 0


def test_models_held_out_from_different_audits_cannot_be_compared():
    with pytest.raises(AnswerError, match="80 audit items of a pool of 1500, the earlier one from 40"):
        audit_gain(two_models(0)[1], two_models(0, audit=40)[0], 60)


def test_a_gain_without_answers_or_with_an_impossible_level_is_refused():
    before, now = two_models(0)

    with pytest.raises(TableError, match="0 answers"):
        audit_gain(now, before, 0)
    with pytest.raises(TableError, match="level is 95"):
        audit_gain(now, before, 5, level=95)


def test_in_at_most_one_of_twenty_runs_is_a_target_said_to_be_reached_that_is_not():
    """Looks after every five audit items at a model that stays one point below its target."""
    false = 0
    for seed in range(40):
        whole = audited(np.random.default_rng(seed).random(200) < 0.84)
        looks = [audit_score(first(whole, n), level=LEVEL) for n in range(20, 201, 5)]
        false += any(verdict(look, target=0.85).stop for look in looks)

    assert false <= 2


def audited(right):
    """The audit of a model that is as sure of everything, and right on these."""
    n = len(right)
    ids = pl.Series([f"c-{i}" for i in range(n)])
    beliefs = Posterior(np.tile([0.6, 0.4], (n, 1)), ids, ("ham", "spam"), np.ones(n, bool))
    order = audit_next(ids, n).to_list()
    answers = {item: "ham" if yes else "spam" for item, yes in zip(order, right, strict=True)}
    return held_out(lambda _: beliefs, audit_slice(ids, answers), answers, folds=2)


def first(held, n):
    """The same when only the first items had been audited."""
    return replace(held, found=held.found[:n], believed=held.believed[:n], item_ids=held.item_ids[:n])
