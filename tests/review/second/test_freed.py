from dataclasses import replace
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.permutation import AuditSlice
from weaklabel.review.audit.score import AuditScore, audit_score
from weaklabel.review.second.freed import error_deviation, freed_score, known_error, with_errors, without_peoples_errors
from weaklabel.review.second.settle import Settled, settle_answers

PEOPLE = (0.95, 0.9, 0.9, 0.8, 0.6)
AUDIT = 150


def score(value=0.82, lower=0.78, upper=0.86, measure="accuracy", level=0.95):
    return AuditScore(measure, value, lower, upper, level, 300, 1000, 0, lower, upper, 300.0)


def people(*rows):
    """Frame of answers, compared, lower and upper, a row for each."""
    columns = ["answers", "compared", "lower", "upper"]
    return pl.DataFrame(rows, columns, orient="row").with_columns(
        annotator=pl.Series([f"p{number}" for number in range(len(rows))]),
        accuracy=(pl.col("lower") + pl.col("upper")) / 2,
    )


def settled(error=0.1, rows=((100, 60, 0.85, 0.95),)):
    return Settled({}, {}, (), {}, error, (), people(*rows))


def judged(crowd, answers, seed, accuracies):
    """Of a planted model: its accuracy, the plain score and the freed one, after second opinions."""
    beliefs, everything, truth = crowd(seed, n=400, accuracies=accuracies, each=2, right=0.9, sure=0.9)
    audit = AuditSlice(beliefs.item_ids[:AUDIT], pl.Series([], dtype=pl.String), 400, 0)
    said = {item: dict(list(by.items())[:1]) for item, by in everything.items()}
    doubtful = settle_answers(answers(said), beliefs, audit.item_ids).doubtful
    said |= {item: everything[item] for item in doubtful[:80]}
    found = settle_answers(answers(said), beliefs, audit.item_ids)
    plain = audit_score(held_out(lambda _: beliefs, audit, {**found.labels, **found.audited}, folds=2))
    return float((beliefs.probs.argmax(axis=1) == truth).mean()), plain, freed_score(plain, found, 3)


def test_the_accuracy_of_a_planted_model_lies_in_the_freed_interval(crowd, answers):
    found = [judged(crowd, answers, seed, PEOPLE) for seed in range(16)]

    truth, plain, freed = zip(*found, strict=True)
    pairs = list(zip(truth, freed, strict=True))
    assert sum(one.lower <= true <= one.upper for true, one in pairs) >= 14
    assert sum(one.lower > true for true, one in pairs) <= 1
    assert np.mean([one.value - true for true, one in pairs]) == pytest.approx(0, abs=0.03)
    # What it is for: answers taken for right make the model seem far worse.
    assert np.mean([one.value - true for true, one in zip(truth, plain, strict=True)]) < -0.08


def test_careful_people_leave_the_score_nearly_as_it_is(crowd, answers):
    for seed in range(3):
        true, plain, freed = judged(crowd, answers, seed, (0.995, 0.99, 0.99))

        assert abs(freed.value - plain.value) < 0.03
        assert freed.lower <= true <= freed.upper


def test_value_and_interval_are_those_worked_by_hand():
    # One in ten answers is wrong: .9 x .9 + .1 x .1 = .82, and .78 and .86 stand for .85 and .95. With the error it
    # moves by (2 x .82 - 1) / .8^2 = 1, and people's interval of .05 either way is as wide as the score's.
    found = freed_score(score(), settled(), 2)

    assert found.value == pytest.approx(0.9)
    assert (found.lower, found.upper) == pytest.approx((0.9 - 0.05 * 2**0.5, 0.9 + 0.05 * 2**0.5))
    assert (found.worst, found.best) == (None, None)
    assert (found.level, found.audited, found.measure) == (0.95, 300, "accuracy")


def test_of_three_classes_errors_meet_by_chance_more_seldom():
    # .8 x .9 + .2 x .1 / 2 = .73; d/de of (s - e / 2) / (1 - 1.5 e) is (.68 x 1.5 - .5 x .85) / .85^2 = 14 / 17.
    found = freed_score(score(0.73, 0.73, 0.73), settled(0.1), 3)

    assert found.value == pytest.approx(0.8)
    assert found.value - found.lower == pytest.approx(0.05 * 14 / 17)


def test_a_surer_interval_is_wider_by_what_is_not_known_of_people_too():
    wide = freed_score(score(0.82, 0.82, 0.82, level=0.975), settled(), 2)

    assert 0.9 - wide.lower == pytest.approx(0.05 * NormalDist().inv_cdf(0.9875) / NormalDist().inv_cdf(0.975))


def test_who_answers_most_counts_most_in_what_is_not_known_of_peoples_errors():
    width = 2 * NormalDist().inv_cdf(0.975)

    found = error_deviation(people((75, 50, 0.9, 0.9 + 0.04 * width), (25, 50, 0.5, 0.5 + 0.08 * width)))

    assert found == pytest.approx((0.03**2 + 0.02**2) ** 0.5)


@pytest.mark.parametrize(
    ("given_score", "given_settled", "why"),
    [
        (score(), settled(rows=((100, 0, 0.85, 0.95),)), "nobody else answered the same"),
        (score(), settled(rows=((100, 10, 0.85, 0.95), (90, 9, 0.85, 0.95))), "hardly anybody did"),
        (score(measure="f1"), settled(), "no accuracy"),
        (score(0.4, 0.3, 0.5, measure="log_loss"), settled(), "no accuracy"),
        (score(), settled(error=0.02), "people hardly err"),
        (score(), settled(error=0.5), "people guess"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_nothing_can_be_said_of_peoples_errors_the_score_stays(given_score, given_settled, why):
    assert freed_score(given_score, given_settled, 2) is given_score


@given(
    ends=st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted),
    error=st.floats(0.021, 0.49),
    k=st.integers(2, 8),
    half=st.floats(0, 0.3),
)
def test_the_interval_holds_the_value_and_nothing_outside_0_and_1(ends, error, k, half):
    plain = score(ends[1], ends[0], ends[2])

    found = freed_score(plain, settled(error, ((100, 60, 0.65 - half, 0.65 + half),)), k)
    surer = freed_score(plain, settled(error, ((100, 60, 0.65, 0.65),)), k)

    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert found.lower <= surer.lower + 1e-12
    assert surer.upper <= found.upper + 1e-12
    # Errors draw agreement to that of guesses, so without them it is farther from there.
    assert (found.value - plain.value) * (plain.value - 1 / k) >= -1e-9


@given(order=st.permutations(range(3)))
def test_the_order_of_people_changes_nothing(order):
    rows = [(100, 60, 0.85, 0.95), (50, 20, 0.6, 0.8), (10, 10, 0.5, 0.99)]

    found = freed_score(score(), settled(0.1, [rows[place] for place in order]), 2)

    expected = freed_score(score(), settled(0.1, rows), 2)
    assert replace(found, lower=0, upper=1) == replace(expected, lower=0, upper=1)
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper))


@given(st.floats(0, 1), st.floats(0, 0.45), st.integers(2, 9))
def test_errors_that_are_added_and_taken_away_leave_the_share(share, error, k):
    assert without_peoples_errors(with_errors(share, error, k), error, k) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize(
    ("found", "k", "known"),
    [
        (settled(error=0.1), 2, 0.1),
        (settled(error=0.02), 2, 0.0),  # people hardly err
        (settled(error=0.1, rows=((100, 19, 0.85, 0.95),)), 2, 0.0),  # too few answers can be compared
        (settled(error=0.5), 2, 0.0),  # no better than guesses
        (settled(error=0.5), 3, 0.5),
    ],
)
def test_how_often_people_err_is_known_or_taken_for_never(found, k, known):
    assert known_error(found, k) == known
