import numpy as np
import pytest

import weaklabel as wl
from weaklabel.errors import TableError
from weaklabel.review.audit.permutation import audit_next
from weaklabel.review.audit.repair import p_below, repair, repair_next, sampled

CLASSES = ("a", "b", "c")


def world(seed=0, n=2000, accuracies=(0.3, 0.9, 0.9, 0.85, 0.4), fires=(0.9, 0.2, 0.2, 0.05, 0.05)):
    """Functions that are right and that vote that often, and wrong at random."""
    rng = np.random.default_rng(seed)
    y, m = rng.integers(0, 3, n), len(accuracies)
    votes = np.where(rng.random((n, m)) < accuracies, y[:, None], (y[:, None] + rng.integers(1, 3, (n, m))) % 3)
    votes[rng.random((n, m)) > fires] = -1
    return wl.LabelMatrix.from_array(votes, lf_names=[f"lf_{j}" for j in range(m)], classes=CLASSES), y


def answered(L, y, items):
    row = {item: i for i, item in enumerate(L.item_ids)}
    return {item: CLASSES[y[row[item]]] for item in items}


def test_fifty_answers_find_the_function_that_votes_nearly_everywhere_and_say_to_narrow_it():
    for seed in range(5):
        L, y = world(seed)

        flags = repair(L, answered(L, y, audit_next(L.item_ids, 50, seed=seed)), seed=seed)

        assert flags[0].lf == "lf_0"
        assert flags[0].action == "narrow"


def test_flags_are_right_at_least_eight_times_in_ten_although_answers_were_chosen_where_functions_disagree():
    wrong = total = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        accuracies = rng.uniform(0.5, 0.95, 12)
        L, y = world(seed, accuracies=accuracies, fires=rng.uniform(0.05, 0.4, 12))
        most = np.argsort(-np.array([len(set(row) - {-1}) for row in L.votes]), kind="stable")[:150]
        asked = [*audit_next(L.item_ids, 60, seed=seed), *L.item_ids.gather(most)]
        flags = repair(L, answered(L, y, asked), seed=seed)
        total += len(flags)
        wrong += sum(accuracies[L.lf_names.index(flag.lf)] >= 0.7 for flag in flags)

    assert total >= 15
    assert wrong <= 0.2 * total


def test_answers_drawn_within_functions_find_rare_bad_ones_that_as_many_at_random_do_not():
    found = {"uniform": 0, "by function": 0}
    for seed in range(6):
        L, y = world(seed)
        uniform = answered(L, y, audit_next(L.item_ids, 60, seed=seed))
        drawn = answered(L, y, audit_next(L.item_ids, 20, seed=seed))
        while len(drawn) < 60 and len(more := repair_next(L, 10, drawn, seed=seed)):
            drawn |= answered(L, y, more)
        for name, answers in (("uniform", uniform), ("by function", drawn)):
            found[name] += "lf_4" in [flag.lf for flag in repair(L, answers, seed=seed)]

    assert found["by function"] >= found["uniform"] + 3


def test_a_function_is_judged_by_the_beginning_of_the_random_order_of_its_own_items():
    votes = np.array([[0, -1], [0, -1], [0, 0], [-1, 0], [0, 0], [-1, 0]])
    L = wl.LabelMatrix.from_array(votes, classes=CLASSES)
    order = {item: place for place, item in enumerate(audit_next(L.item_ids, 6))}
    own = sorted(L.item_ids.gather([0, 1, 2, 4]), key=order.__getitem__)
    gold = np.full(6, -1)
    for item in (own[0], own[1], own[3]):
        gold[L.item_ids.to_list().index(item)] = 0

    right, audited = sampled(L, gold, (), 0)

    assert (right[0], audited[0]) == (2, 2)


def test_a_skipped_item_does_not_end_the_sample_of_a_function():
    L = wl.LabelMatrix.from_array(np.zeros((5, 1), int), classes=CLASSES)
    order = audit_next(L.item_ids, 5).to_list()
    gold = np.array([0 if item in order[1:4] else -1 for item in L.item_ids])

    assert sampled(L, gold, order[:1], 0)[1].tolist() == [3]
    assert sampled(L, gold, (), 0)[1].tolist() == [0]


def test_a_flag_names_every_item_that_contradicts_the_function():
    L = wl.LabelMatrix.from_array(np.zeros((8, 1), int), classes=CLASSES)
    answers = dict.fromkeys(L.item_ids[:7], "b") | {L.item_ids[7]: "a"}

    (flag,) = repair(L, answers)

    assert [said.item_id for said in flag.contradictions] == L.item_ids[:7].to_list()
    assert {(said.vote, said.answer) for said in flag.contradictions} == {("a", "b")}
    assert (flag.audited, flag.wrong, flag.votes, flag.alone) == (8, 7, 8, 1)
    assert flag.precision == pytest.approx((1.5 + 1) / (2 + 8))
    assert flag.lower < flag.precision < flag.upper < 0.7


def test_a_rare_function_that_others_back_is_to_be_dropped():
    votes = np.zeros((100, 2), int)
    votes[8:, 0] = -1
    L = wl.LabelMatrix.from_array(votes, lf_names=["rare", "common"], classes=CLASSES)
    answers = {item: "b" if i < 8 else "a" for i, item in enumerate(L.item_ids)}

    (flag,) = repair(L, answers)

    assert (flag.lf, flag.action, flag.alone) == ("rare", "drop", 0)


def test_without_answers_a_function_is_thought_to_be_as_most_are_and_not_flagged():
    below = p_below(np.array([0, 0, 10]), np.array([0, 3, 10]), 0.7)

    assert below[0] == pytest.approx(0.34, abs=0.05)
    assert below[1] > 0.9
    assert below[2] < 0.05


def test_the_next_items_are_those_on_which_the_least_audited_function_votes():
    votes = np.full((60, 2), -1)
    votes[:, 0] = 0
    votes[50:, 1] = 0
    L = wl.LabelMatrix.from_array(votes, classes=CLASSES)
    common = L.item_ids[:50]
    first = [item for item in audit_next(L.item_ids, 60) if item in set(common)][:4]

    chosen = repair_next(L, 3, dict.fromkeys(first, "a"))

    assert set(chosen) <= set(L.item_ids[50:])
    assert len(chosen) == 3


def test_functions_that_are_known_to_be_good_or_bad_are_not_asked_about():
    L, y = world(n=400, accuracies=(0.01, 0.99), fires=(0.5, 0.5))
    answers = answered(L, y, audit_next(L.item_ids, 100))

    assert len(repair_next(L, 10, answers)) == 0


def test_what_waits_for_an_answer_or_was_skipped_is_not_asked_again():
    L, _ = world(n=100)
    waiting = repair_next(L, 20, {})

    again = repair_next(L, 200, {}, asked=waiting[:10], skipped=waiting[10:])

    assert not set(waiting) & set(again)
    assert again.n_unique() == len(again)


def test_neither_the_order_of_the_rows_nor_that_of_the_functions_changes_what_is_asked_or_flagged():
    L, y = world(n=500)
    answers = answered(L, y, audit_next(L.item_ids, 40))
    rows = np.random.default_rng(0).permutation(500)
    turned = wl.LabelMatrix(L.votes[rows][:, ::-1], L.item_ids.gather(rows), L.lf_names[::-1], L.classes)

    assert repair_next(L, 8, answers).to_list() == repair_next(turned, 8, answers).to_list()
    one, other = repair(L, answers), repair(turned, answers)
    assert [(f.lf, f.audited, f.wrong) for f in one] == [(f.lf, f.audited, f.wrong) for f in other]


@pytest.mark.parametrize("options", [{"bar": 1.0}, {"sure": 0.0}])
def test_an_impossible_bar_is_refused(options):
    with pytest.raises(TableError, match="between 0 and 1"):
        repair(world(n=20)[0], {}, **options)


def test_an_answer_about_no_item_is_refused_and_so_is_a_negative_size():
    L, _ = world(n=20)

    with pytest.raises(TableError, match="not in the label matrix, first 'c-x'"):
        repair(L, {"c-x": "a"})
    with pytest.raises(TableError, match="-2 items"):
        repair_next(L, -2, {})
