from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import Posterior
from weaklabel.errors import ModelError
from weaklabel.review.audit.held_out import held_out
from weaklabel.review.audit.measures import believed
from weaklabel.review.audit.permutation import audit_next, audit_slice
from weaklabel.review.audit.score import audit_score

CLASSES = ("ham", "spam")


class ByHeart:
    """A model that is right on seven of ten items, is about as sure as that, and certain of what it was told."""

    def __init__(self, n, seed=0):
        rng = np.random.default_rng(seed)
        self.y = rng.integers(2, size=n)
        self.sure = rng.uniform(0.4, 1.0, n)
        said = np.where(rng.random(n) < self.sure, self.y, 1 - self.y)
        spam = np.where(said == 1, self.sure, 1 - self.sure)
        self.plain = Posterior(
            np.stack([1 - spam, spam], axis=1), pl.Series([f"c-{i}" for i in range(n)]), CLASSES, np.ones(n, bool)
        )
        self.asked = []

    def answers(self, drawn, chosen, seed=0):
        """The doubtful half of all items is where a strategy chooses."""
        audit = audit_next(self.plain.item_ids, drawn, seed=seed).to_list()
        doubtful = self.plain.item_ids.gather(np.argsort(self.sure)).to_list()
        items = [*audit, *[item for item in doubtful if item not in set(audit)][:chosen]]
        return {item: CLASSES[self.y[int(item[2:])]] for item in items}

    def fit(self, answers):
        def beliefs(left_out):
            self.asked.append(left_out)
            probs = self.plain.probs.copy()
            for item in answers.keys() - left_out:
                probs[int(item[2:])] = np.eye(2)[CLASSES.index(answers[item])]
            return replace(self.plain, probs=probs)

        return beliefs


def looked(model, drawn, chosen, unseen=None, seed=0):
    answers = model.answers(drawn, chosen, seed)
    audit = audit_slice(model.plain.item_ids, answers, seed=seed)
    return held_out(model.fit(answers), audit, answers, folds=4, unseen=unseen)


@settings(max_examples=30, deadline=None)
@given(drawn=st.integers(2, 40), chosen=st.integers(10, 60), seed=st.integers(0, 99))
def test_what_a_model_knows_by_heart_plays_no_part_in_what_it_expects_of_the_pool(drawn, chosen, seed):
    model = ByHeart(100, seed)

    held = looked(model, drawn, chosen)

    plain = believed(model.plain.labels(), model.plain.probs).mean(axis=0)
    assert held.overall == pytest.approx(plain)


def test_the_score_is_not_biased_by_a_model_that_knows_half_of_the_pool_by_heart():
    errors = []
    for seed in range(60):
        model = ByHeart(400, seed)
        truth = (model.plain.probs.argmax(axis=1) == model.y).mean()
        errors.append(audit_score(looked(model, 50, 150, seed=seed)).value - truth)

    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(60)
    assert np.std(errors) / np.sqrt(60) < 0.01  # a bias of 0.03 is seen; believing the told items brought 0.16


def test_beliefs_that_are_at_hand_save_the_fits_and_change_nothing():
    model = ByHeart(100)
    without = looked(model, 20, 30)
    fits = len(model.asked)

    given_them = looked(model, 20, 30, unseen=model.plain)

    assert given_them.overall == pytest.approx(without.overall)
    assert (fits, len(model.asked) - fits) == (1 + 4 + 5, 1 + 4)


def test_where_few_answers_were_chosen_no_fit_is_spent_on_them():
    model = ByHeart(400)

    looked(model, 20, 4)

    assert len(model.asked) == 1 + 4


def test_chosen_answers_are_left_out_for_what_is_expected_and_not_for_the_score():
    model = ByHeart(100)
    answers = model.answers(20, 30)
    audit = set(audit_slice(model.plain.item_ids, answers).item_ids)

    looked(model, 20, 30)

    kinds = [(bool(left_out & audit), bool(left_out - audit)) for left_out in model.asked]
    assert kinds == [(False, False)] + [(True, False)] * 4 + [(False, True)] * 5
    assert set().union(*model.asked) == answers.keys()


@pytest.mark.parametrize("drop", [0, 99])
def test_unseen_beliefs_of_another_pool_are_refused(drop):
    model = ByHeart(100)
    rows = np.delete(np.arange(100), drop)
    fewer = Posterior(
        model.plain.probs[rows], model.plain.item_ids.gather(rows), model.plain.classes, np.ones(99, bool)
    )

    with pytest.raises(ModelError, match="`unseen` is of 99 items, the model of 100"):
        looked(model, 20, 30, unseen=fewer)


def test_unseen_beliefs_that_are_answers_are_refused():
    model = ByHeart(100)
    told = replace(model.plain, answered=np.arange(100) == 3)

    with pytest.raises(ModelError, match="beliefs of item 'c-3' are its answer"):
        looked(model, 20, 30, unseen=told)
