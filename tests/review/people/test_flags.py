import random
from dataclasses import replace

import numpy as np
import pytest

from weaklabel.artefacts import Annotation
from weaklabel.review.people.chance import beyond_chance
from weaklabel.review.people.flags import annotators
from weaklabel.review.people.reasons import looks_random


def says(item, label, who="ann", **known):
    return Annotation(f"{item}-{who}", f"key of {item}", item, label, who, **known)


def from_votes(votes):
    """Annotations of votes, shape (n, m), -1 for none; person j is called "p<j>"."""
    return [
        says(f"{i:05}", str(vote), f"p{j}") for i, row in enumerate(votes) for j, vote in enumerate(row) if vote >= 0
    ]


def simulated(accuracies, n, seed, k=2, balance=None, coverage=1.0):
    """Classes, and votes of people with these accuracies; None guesses."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(k, n, p=balance)
    guess = [rng.choice(k, n, p=balance) for _ in accuracies]
    wrong = [(truth + rng.integers(1, k, n)) % k for _ in accuracies]
    votes = [guess[j] if a is None else np.where(rng.random(n) < a, truth, wrong[j]) for j, a in enumerate(accuracies)]
    return truth, np.where(rng.random((n, len(votes))) < coverage, np.stack(votes, axis=1), -1)


def flagged(annotations, gold=None):
    rows = annotators(annotations, gold).iter_rows(named=True)
    return {row["annotator"]: row["flags"] for row in rows if row["flags"]}


def of(frame, who):
    return next(row for row in frame.iter_rows(named=True) if row["annotator"] == who)


HONEST = [0.95, 0.9, 0.9, 0.8, 0.6]


@pytest.mark.parametrize(("n", "k", "balance"), [(600, 2, None), (150, 4, None), (600, 2, [0.7, 0.3])])
def test_a_random_annotator_is_flagged_and_honest_ones_are_not(n, k, balance):
    found = [flagged(from_votes(simulated([*HONEST, None], n, seed, k, balance)[1])) for seed in range(10)]

    assert sum("p5" in flags for flags in found) >= 9
    assert not any(flags.keys() - {"p5"} for flags in found)
    assert all(reason.startswith("answers look random: ") for flags in found for reason in flags.get("p5", []))


@pytest.mark.parametrize("n", [40, 200])
def test_of_annotators_with_accuracy_point_six_hardly_one_in_a_hundred_is_flagged(n):
    found = [flagged(from_votes(simulated(HONEST, n, seed)[1])) for seed in range(60)]

    assert sum("p4" in flags for flags in found) <= 2
    assert not any(flags.keys() - {"p4"} for flags in found)


def test_whoever_mixes_the_classes_up_is_told_apart_from_one_who_guesses():
    truth, votes = simulated([0.9, 0.9, 0.9], 200, seed=0)

    found = flagged(from_votes(np.column_stack([votes, 1 - truth])))

    assert list(found) == ["p3"]
    assert found["p3"][0].startswith("answers run against the others: only ")


def test_two_people_who_do_not_agree_cannot_be_told_apart():
    _, votes = simulated([0.95, None], 500, seed=0)

    assert flagged(from_votes(votes)) == {}


def test_one_who_knows_among_two_who_guess_is_not_flagged():
    for seed in range(10):
        assert "p0" not in flagged(from_votes(simulated([0.95, None, None], 500, seed)[1]))


def test_gold_tells_who_guesses_where_the_others_cannot():
    truth, votes = simulated([0.95, None, None], 500, seed=1)
    gold = {f"{i:05}": str(y) for i, y in enumerate(truth)}

    found = flagged(from_votes(votes), gold)

    assert found.keys() == {"p1", "p2"}
    assert "as gold, as guessing would bring" in found["p1"][0]


def test_nineteen_items_in_common_are_too_few_to_call_anybody_random():
    truth, votes = simulated([1.0, 1.0, 1.0], 20, seed=0)
    against = np.column_stack([votes, 1 - truth])

    assert list(flagged(from_votes(against))) == ["p3"]
    assert flagged(from_votes(against[:19])) == {}


def test_whoever_surely_knows_one_answer_in_ten_does_not_look_random():
    number = np.arange(10_000)
    theirs, guess = number % 2, number // 2 % 2
    mine = np.where(number % 10 == 0, theirs, guess)

    assert beyond_chance(mine, theirs).knowing == pytest.approx(0.1, abs=0.01)
    assert looks_random(mine, theirs, 1.0, "the others") == ""
    assert looks_random(guess, theirs, 1.0, "the others").startswith("answers look random")


def test_the_less_the_others_can_be_trusted_the_more_it_takes_to_call_somebody_random():
    theirs, mine = np.arange(400) % 2, np.arange(400) // 2 % 2  # half are equal; by chance knowing may seem to be .12

    seen = looks_random(mine, theirs, 1.0, "the others")

    assert seen == "answers look random: 50 % of 400 as the others, as guessing would bring"
    assert looks_random(mine, theirs, 0.5, "the others") == ""


def test_knowing_is_the_share_that_was_not_guessed_whatever_the_classes_shares():
    rng = np.random.default_rng(0)
    for balance in ([0.5, 0.5], [0.9, 0.1], [0.2, 0.3, 0.5]):
        theirs = rng.choice(len(balance), 50_000, p=balance)
        mine = np.where(rng.random(50_000) < 0.3, theirs, rng.integers(len(balance), size=50_000))

        assert beyond_chance(mine, theirs).knowing == pytest.approx(0.3, abs=0.02)


def test_the_spread_of_chance_is_that_of_shuffled_answers():
    rng = np.random.default_rng(0)
    theirs, mine = rng.choice(3, 40, p=[0.5, 0.3, 0.2]), rng.choice(3, 40)

    shuffled = [beyond_chance(rng.permutation(mine), theirs) for _ in range(4000)]

    assert np.mean([each.knowing for each in shuffled]) == pytest.approx(0, abs=0.01)
    assert np.std([each.knowing for each in shuffled]) == pytest.approx(shuffled[0].spread, rel=0.05)


def test_one_answer_to_everything_is_flagged_where_others_see_a_difference():
    _, votes = simulated([0.9, 0.9], 40, seed=0)
    votes = np.column_stack([votes, np.zeros(40, int)])

    found = flagged(from_votes(votes))

    assert list(found) == ["p2"]
    assert found["p2"][0].startswith("always the same answer: 40 times 0, which the others say of ")


def test_one_answer_is_no_wonder_where_hardly_any_other_is_right():
    votes = np.zeros((40, 3), int)
    votes[0, :2] = 1

    assert flagged(from_votes(votes)) == {}


def test_one_answer_to_items_of_his_own_is_measured_by_what_others_say_of_theirs():
    theirs = from_votes(simulated([0.9, 0.9], 40, seed=0)[1])
    rare = [says(f"else {i}", "0", "eve") for i in range(25)]

    found = flagged([*theirs, *rare])

    assert found.keys() == {"eve"}
    assert flagged([*theirs, *rare[:19]]) == {}


def test_nobody_else_means_nobody_to_compare_with():
    assert flagged([says(str(i), "a") for i in range(50)]) == {}


@pytest.mark.parametrize(
    ("hasty", "slow", "flag"), [(21, 100, True), (20, 100, False), (3, 2, True), (2, 3, False), (4, 0, False)]
)
def test_pre_labels_accepted_in_under_a_second_are_flagged_where_they_are_many_or_most(hasty, slow, flag):
    times = [0.9] * hasty + [1.0] * slow
    annotations = [says(str(i), "a", suggestion="accepted", lead_time=time) for i, time in enumerate(times)]

    found = flagged(annotations)

    reason = f"accepts in under a second: {hasty} of {hasty + slow} accepted pre-labels"
    assert found == ({"ann": [reason]} if flag else {})


def test_a_quick_answer_that_accepts_nothing_is_not_hasty():
    annotations = [says(str(i), "a", suggestion="changed", lead_time=0.1) for i in range(30)]

    assert flagged(annotations) == {}


def test_time_skips_and_what_became_of_pre_labels_are_counted():
    annotations = [
        says("1", "a", lead_time=2.0, suggestion="accepted"),
        says("2", "b", lead_time=4.0, suggestion="changed"),
        says("3", "b", lead_time=9.0, suggestion="accepted"),
        says("4", "b", suggestion="ignored"),
        says("5", "b"),
        says("6", None, lead_time=1.0),
        replace(says("1", None), remote_id="a skip before the answer"),
    ]

    found = of(annotators(annotations), "ann")

    assert (found["answers"], found["skips"]) == (5, 1)
    assert (found["lead_median"], found["lead_total"]) == (4.0, 16.0)
    assert (found["suggested"], found["accepted"], found["changed"], found["ignored"]) == (4, 0.5, 0.25, 0.25)


def test_agreement_is_with_what_most_others_say_and_ties_among_them_do_not_count():
    votes = np.array([[0, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, -1], [0, -1, -1]])

    found = of(annotators(from_votes(votes)), "p0")

    assert (found["answers"], found["shared"]) == (5, 3)
    assert found["agreement"] == pytest.approx(2 / 3)
    assert (found["lower"], found["upper"]) == pytest.approx((0.208, 0.939), abs=1e-3)  # Wilson's of 2 of 3


def test_accuracy_is_against_gold_even_of_a_class_that_nobody_answered():
    annotations = [says("1", "a"), says("2", "a"), says("3", "a")]

    found = of(annotators(annotations, {"1": "a", "2": "z", "3": None, "9": "a"}), "ann")

    assert (found["known"], found["accuracy"]) == (2, 0.5)


def test_several_classes_are_one_answer_in_any_order():
    annotations = [says("1", ("b", "a")), says("1", ("a", "b"), "bob")]

    found = of(annotators(annotations, {"1": ("b", "a")}), "ann")

    assert (found["agreement"], found["accuracy"]) == (1.0, 1.0)


def test_whoever_only_skips_has_a_row_too():
    found = of(annotators([says("1", None, lead_time=3.0), says("1", "a", "bob")]), "ann")

    assert (found["answers"], found["skips"], found["lead_total"]) == (0, 1, 3.0)
    assert (found["shared"], found["agreement"], found["accepted"], found["flags"]) == (0, None, None, [])


def test_nobody_at_all_has_no_row():
    assert annotators([]).is_empty()


def test_neither_order_nor_repetition_changes_anything():
    annotations = from_votes(simulated([0.9, 0.7, None], 60, seed=0, coverage=0.7)[1])
    shuffled = annotations * 2
    random.Random(0).shuffle(shuffled)

    assert annotators(shuffled).equals(annotators(annotations))
