import numpy as np
import polars as pl
import pytest

from weaklabel import Posterior
from weaklabel.errors import AnswerError, ModelError, TableError
from weaklabel.labeling.accuracy import prediction_powered, wilson
from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.measures import found, measure
from weaklabel.review.audit.permutation import audit_next, audit_slice
from weaklabel.review.audit.score import audit_score

CLASSES = ("ham", "spam")


def world(n=2000, seed=0, noise=1.0, temperature=1.0):
    """Items whose class a model knows with errors, and says with too much confidence if the temperature is above 1."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    z = temperature * ((2 * y - 1) * 1.5 + noise * rng.normal(size=n))
    p = 1 / (1 + np.exp(-z))
    ids = pl.Series([f"c-{i}" for i in range(n)])
    return y, Posterior(np.stack([1 - p, p], axis=1), ids, CLASSES, np.ones(n, bool))


def answered(y, beliefs, items):
    return {item: CLASSES[y[int(item[2:])]] for item in items}


def looked(y, beliefs, size, name="accuracy", seed=0, chosen=(), skipped=()):
    asked = [*chosen, *audit_next(beliefs.item_ids, size, asked=chosen, seed=seed)]
    answers = answered(y, beliefs, [item for item in asked if item not in set(skipped)])
    audit = audit_slice(beliefs.item_ids, answers, skipped=skipped, seed=seed)
    return audit_score(held_out(lambda left_out: beliefs, audit, answers, folds=2), name)


def truth(y, beliefs, name):
    return measure(name).value(found(beliefs.labels(), beliefs.probs, y).mean(axis=0))


def test_beliefs_that_tell_nothing_leave_the_share_of_right_ones_with_wilsons_interval():
    n, y = 400, np.arange(400) % 4 == 0
    ids = pl.Series([f"c-{i}" for i in range(n)])
    beliefs = Posterior(np.tile([0.6, 0.4], (n, 1)), ids, CLASSES, np.ones(n, bool))

    score = looked(y.astype(int), beliefs, 50)

    right = np.mean([not y[int(item[2:])] for item in audit_next(ids, 50)])
    assert (score.value, score.lower, score.upper) == pytest.approx(wilson(right, 50, 1.959964), abs=1e-6)
    assert score.effective == 50


@pytest.mark.parametrize(("name", "covers"), [("accuracy", 0.9), ("f1", 0.9), ("log_loss", 0.9)])
def test_estimates_are_unbiased_and_covered_although_the_strategy_chose_the_hardest_items(name, covers):
    errors, covered = [], []
    for seed in range(60):
        y, beliefs = world(1200, seed=seed, temperature=2)
        hardest = np.argsort(np.abs(beliefs.probs[:, 1] - 0.5))[:150]
        score = looked(y, beliefs, 60, name, seed, beliefs.item_ids.gather(hardest))
        errors.append(score.value - truth(y, beliefs, name))
        covered.append(score.lower <= truth(y, beliefs, name) <= score.upper)

    assert abs(np.mean(errors)) < 2.5 * np.std(errors) / np.sqrt(len(errors))
    assert abs(np.mean(errors)) < 0.02
    assert np.mean(covered) >= covers


def test_the_naive_numbers_say_that_they_are_biased_and_are():
    y, beliefs = world(temperature=3)
    hardest = np.argsort(np.abs(beliefs.probs[:, 1] - 0.5))[:200]

    score = looked(y, beliefs, 60, chosen=beliefs.item_ids.gather(hardest))

    chosen, own = score.naive.values()
    assert all("biased" in basis for basis in score.naive)
    assert chosen < score.value - 0.1
    assert own > truth(y, beliefs, "accuracy") + 0.005
    assert score.to_frame()["basis"].to_list() == ["audit", *score.naive]


def test_a_good_model_makes_the_interval_narrower_and_a_bad_one_does_not_make_it_wrong():
    y, beliefs = world(noise=1.5)
    blind = Posterior(
        np.random.default_rng(1).dirichlet([1, 1], len(y)), beliefs.item_ids, CLASSES, np.ones(len(y), bool)
    )

    assert looked(y, beliefs, 400).effective > 1.15 * 400
    score = looked(y, blind, 400)
    assert score.lower <= truth(y, blind, "accuracy") <= score.upper


def test_the_accuracy_is_moved_as_by_prediction_powered_inference():
    y, beliefs = world(noise=1.5)
    rows = np.array([int(item[2:]) for item in audit_next(beliefs.item_ids, 200)])
    right = (beliefs.probs.argmax(axis=1) == y)[rows].astype(float)
    sure = beliefs.probs.max(axis=1)

    score = looked(y, beliefs, 200)

    value, lower, upper = prediction_powered(right, sure[rows], sure.mean(), 2000, 1.959964)
    assert score.value == pytest.approx(value)
    assert abs(score.value - right.mean()) > 0.001
    assert (score.lower, score.upper) == pytest.approx((lower, upper), abs=0.002)


def test_without_a_mistake_in_the_audit_the_interval_still_has_room_for_some():
    y, beliefs = world(noise=0.01)

    score = looked(y, beliefs, 40)

    assert (score.value, score.upper) == (1, 1)
    assert score.lower == pytest.approx(40 / (40 + 1.96**2), abs=0.01)


def test_what_people_cannot_answer_is_counted_and_bounded():
    y, beliefs = world()
    order = audit_next(beliefs.item_ids, 50).to_list()

    score = looked(y, beliefs, 50, skipped=order[:10])

    assert (score.audited, score.skipped) == (40, 10)
    assert score.worst == pytest.approx(0.8 * score.lower)
    assert score.best == pytest.approx(0.8 * score.upper + 0.2)


def test_a_class_that_nobody_met_may_have_any_f1():
    n = 100
    ids = pl.Series([f"c-{i}" for i in range(n)])
    probs = np.eye(3)[np.arange(n) % 2]
    beliefs = Posterior(probs, ids, ("a", "b", "c"), np.ones(n, bool))
    answers = {item: "ab"[int(item[2:]) % 2] for item in audit_next(ids, 30)}

    score = audit_score(held_out(lambda left_out: beliefs, audit_slice(ids, answers), answers), "f1")

    assert score.value == 1
    assert score.lower < 2 / 3
    assert score.upper == 1


def test_neither_the_order_of_the_pool_nor_that_of_the_answers_matters():
    y, beliefs = world(300)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 60))
    rows = np.random.default_rng(0).permutation(300)
    shuffled = Posterior(beliefs.probs[rows], beliefs.item_ids.gather(rows), CLASSES, np.ones(300, bool))
    turned = dict(reversed(answers.items()))

    one = audit_score(held_out(lambda _: beliefs, audit_slice(beliefs.item_ids, answers), answers))
    other = audit_score(held_out(lambda _: shuffled, audit_slice(shuffled.item_ids, turned), turned))

    assert (one.value, one.lower, one.upper) == pytest.approx((other.value, other.lower, other.upper), abs=1e-12)


def test_each_audit_answer_is_predicted_by_a_model_that_did_not_see_it():
    y, beliefs = world(200)
    answers = answered(y, beliefs, [*audit_next(beliefs.item_ids, 20), "c-5"])
    coin = Posterior(np.tile([0.51, 0.49], (200, 1)), beliefs.item_ids, CLASSES, np.ones(200, bool))

    def by_heart(left_out):
        probs = coin.probs.copy()
        for item in answers.keys() - left_out:
            probs[int(item[2:])] = np.eye(2)[y[int(item[2:])]]
        return Posterior(probs, beliefs.item_ids, CLASSES, np.ones(200, bool))

    audit = audit_slice(beliefs.item_ids, answers)
    held = held_out(by_heart, audit, answers)

    assert audit_score(held).value < 0.95
    assert next(iter(audit_score(held).naive.values())) == 1
    expected = found(np.zeros(len(audit), np.int8), coin.probs[: len(audit)], y[[int(i[2:]) for i in audit.item_ids]])
    assert held.found == pytest.approx(expected)


def test_beliefs_that_hold_the_answers_that_were_to_be_left_out_are_refused():
    y, beliefs = world(50)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 10))
    told = Posterior(beliefs.probs, beliefs.item_ids, CLASSES, np.ones(50, bool), np.ones(50, bool))

    with pytest.raises(ModelError, match="told to leave it out"):
        held_out(lambda _: told, audit_slice(beliefs.item_ids, answers), answers)


def test_beliefs_that_lack_an_item_of_the_audit_are_refused():
    y, beliefs = world(50)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 10))
    rows = np.flatnonzero(beliefs.item_ids != audit_next(beliefs.item_ids, 1)[0])
    fewer = Posterior(beliefs.probs[rows], beliefs.item_ids.gather(rows), CLASSES, np.ones(49, bool))

    with pytest.raises(ModelError, match="lack 1 items of the audit"):
        held_out(lambda left_out: fewer, audit_slice(beliefs.item_ids, answers), answers)


def test_an_audit_of_one_answer_is_too_small():
    y, beliefs = world(50)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 1))

    with pytest.raises(AnswerError, match="holds 1 answers"):
        held_out(lambda _: beliefs, audit_slice(beliefs.item_ids, answers), answers)


def test_an_audit_item_whose_answer_is_lost_or_no_class_is_refused_by_name():
    y, beliefs = world(50)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 5))
    audit = audit_slice(beliefs.item_ids, answers)
    item = audit.item_ids[0]

    with pytest.raises(AnswerError, match=f"no answer, first '{item}'"):
        held_out(lambda _: beliefs, audit, {key: label for key, label in answers.items() if key != item})
    with pytest.raises(AnswerError, match=f"item '{item}' is answered 'eggs'"):
        held_out(lambda _: beliefs, audit, {**answers, item: "eggs"})


@pytest.mark.parametrize("level", [0, 1, 95])
def test_an_impossible_level_is_refused(level):
    y, beliefs = world(50)
    answers = answered(y, beliefs, audit_next(beliefs.item_ids, 5))

    with pytest.raises(TableError, match="0.95"):
        audit_score(held_out(lambda _: beliefs, audit_slice(beliefs.item_ids, answers), answers), level=level)
