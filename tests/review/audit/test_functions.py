import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.errors import TableError
from weaklabel.labeling.accuracy import lf_accuracy
from weaklabel.review.audit.functions import audit_accuracy, denoise_with_answers
from weaklabel.review.audit.permutation import audit_next, audit_slice

CLASSES = ("ham", "spam")


def world(seed=0, n=3000, accuracies=(0.9, 0.8, 0.75, 0.7, 0.65), fires=0.5):
    """Independent functions of these accuracies, each voting on that share of the items."""
    rng = np.random.default_rng(seed)
    y, m = rng.integers(0, 2, n), len(accuracies)
    votes = np.where(rng.random((n, m)) < accuracies, y[:, None], 1 - y[:, None])
    votes[rng.random((n, m)) > fires] = -1
    return wl.LabelMatrix.from_array(votes, classes=CLASSES), y


def by_conflict(L, y, audited=50, chosen=150, seed=0):
    """Answers to the audit's items and to those where functions disagree most; and the slice."""
    votes = np.stack([(L.votes == c).sum(axis=1) for c in (0, 1)])
    order = L.item_ids.gather(np.argsort(-votes.min(axis=0), kind="stable")).to_list()
    first = audit_next(L.item_ids, audited, seed=seed).to_list()
    asked = [*first, *[item for item in order if item not in set(first)][:chosen]]
    row = {item: i for i, item in enumerate(L.item_ids)}
    answers = {item: CLASSES[y[row[item]]] for item in asked}
    return answers, audit_slice(L.item_ids, answers, seed=seed)


def right(posterior, L, y, answers):
    left = L.covered & ~L.item_ids.is_in(pl.Series(list(answers)).implode()).to_numpy()
    return (posterior.probs[left].argmax(axis=1) == y[left]).mean()


def test_every_answer_stands_for_its_item_and_only_the_audit_teaches():
    L, y = world()
    answers, audit = by_conflict(L, y)

    posterior = denoise_with_answers(L, answers, audit)

    known = L.item_ids.is_in(pl.Series(list(answers)).implode()).to_numpy()
    assert posterior.answered.tolist() == known.tolist()
    assert (posterior.probs[known] == np.eye(2)[y[known]]).all()
    assert posterior.provenance["answers_used"] == {"taught": len(audit), "stand": 200}
    alone = wl.denoise(L, gold={item: answers[item] for item in audit.item_ids})
    assert posterior.probs[~known] == pytest.approx(alone.probs[~known])


@pytest.mark.parametrize("accuracies", [(0.9, 0.8, 0.75, 0.7, 0.65), (0.8, 0.8, 0.8, 0.55)])
def test_answers_where_functions_disagree_do_not_make_the_label_model_worse_than_the_majority(accuracies):
    below = []
    for seed in range(3):
        L, y = world(seed, accuracies=accuracies)
        answers, audit = by_conflict(L, y, seed=seed)
        taught = denoise_with_answers(L, answers, audit)
        majority = wl.denoise(L, "majority")
        below.append(right(majority, L, y, answers) - right(taught, L, y, answers))

    assert max(below) <= 0.01


def test_an_empty_audit_teaches_nothing():
    L, y = world(n=300)
    answers, _ = by_conflict(L, y, audited=0, chosen=20)

    posterior = denoise_with_answers(L, answers, audit_slice(L.item_ids, []))

    left = ~posterior.answered
    assert posterior.probs[left] == pytest.approx(wl.denoise(L).probs[left])


def test_accuracies_are_those_of_the_audit_whatever_else_was_answered():
    L, y = world()
    answers, audit = by_conflict(L, y)
    believed = wl.denoise(L)

    table = audit_accuracy(L, audit, answers, believed)

    gold = np.where(L.item_ids.is_in(audit.item_ids.implode()).to_numpy(), y, -1)
    assert table.equals(lf_accuracy(L, believed, gold))
    assert table["basis"].to_list() == ["gold"] * 5


def test_an_audit_made_from_other_answers_is_refused():
    L, y = world(n=200)
    answers, audit = by_conflict(L, y, audited=10, chosen=0)
    lost = audit.item_ids[0]

    with pytest.raises(TableError, match=f"no answer, first '{lost}'"):
        denoise_with_answers(L, {item: label for item, label in answers.items() if item != lost}, audit)
