import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.labeling.duplicates import duplicates, evidence_weights, groups, residual_correlation
from weaklabel.labeling.patterns import vote_patterns


def posterior_of(L, probs):
    return Posterior(np.asarray(probs, float), L.item_ids, L.classes, L.covered)


def near_copies(seed, k=3, n=400, m=6):
    """Independent functions, and at the end two near-copies of the first: a link in a chain, and a link to that."""
    rng = np.random.default_rng(seed)
    votes = np.where(rng.random((n, m)) < 0.5, rng.integers(0, k, (n, m)), -1)
    near, changed = votes[:, 0].copy(), rng.permutation(n)[: n // 100]  # just so many: by chance it may be too many
    near[changed] = rng.integers(0, k, len(changed))
    return LabelMatrix.from_array(np.column_stack([votes, near, near]), classes=[f"class {y}" for y in range(k)]), rng


def shared_errors(seed, share, n=4000):
    """Six functions right 3 times in 4, of which the first two copy each other's luck on some items; and the truth."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    right = rng.random((n, 6)) < 0.75
    right[:, 1] = np.where(rng.random(n) < share, right[:, 0], right[:, 1])
    votes = np.where(right, y[:, None], 1 - y[:, None])
    L = LabelMatrix.from_array(np.where(rng.random((n, 6)) < 0.9, votes, -1))
    return L, y


def test_pairs_worked_by_hand():
    # a and b meet on 3 of the 4 items on which either votes, and agree on 2 of them; c and d never meet.
    L = LabelMatrix.from_array(
        [[0, 0, -1, -1], [1, 1, -1, -1], [1, 0, 1, -1], [1, -1, -1, 0], [-1, -1, -1, -1]], lf_names="abcd"
    )

    found = duplicates(L, min_overlap=0.75, min_agreement=0.66)

    assert found.rows() == [("a", "b", 0.75, 2 / 3, None, 0)]
    assert groups(L, 0.75, 0.66) == [(0, 1)]
    assert evidence_weights(L, 0.75, 0.66).tolist() == [0.5, 0.5, 1, 1]
    assert duplicates(L, min_overlap=0.76, min_agreement=0.66).is_empty()
    assert groups(L, 0.75, 0.67) == []


def test_a_threshold_is_met_by_exactly_its_share():
    votes = np.zeros((100, 2), int)
    votes[90:, 1] = -1  # overlap 0.9
    votes[:9, 1] = 1  # agreement 0.9

    assert groups(LabelMatrix.from_array(votes), 0.9, 0.9) == [(0, 1)]


def test_residual_correlation_worked_by_hand():
    # Of 8 spam items both err on 2, each alone on 1: P = 3/8 each, covariance 2/8 - 9/64 = 7/64, variance 15/64.
    votes = [[0, 0]] * 2 + [[0, 1]] + [[1, 0]] + [[1, 1]] * 4
    L = LabelMatrix.from_array(votes)
    certain = posterior_of(L, [[0, 1]] * 8)

    assert residual_correlation(L, certain)[0, 1] == pytest.approx(7 / 15)
    assert duplicates(L, certain).is_empty()  # from 8 items only
    many = LabelMatrix.from_array(votes * 2)
    found = duplicates(many, posterior_of(many, [[0, 1]] * 16))
    assert found.rows() == [("lf_0", "lf_1", 1, 0.75, pytest.approx(7 / 15), None)]


def test_a_posterior_between_classes_counts_as_its_expectation():
    # One item, voted 0 and 0, that is spam with 1/2, stands for two items, of which one is spam.
    rng = np.random.default_rng(0)
    votes, spam = rng.integers(-1, 2, (50, 4)), rng.integers(0, 5, 50) / 4
    L = LabelMatrix.from_array(votes)
    copies = np.repeat(votes, 4, axis=0)
    each = np.concatenate([np.arange(4) < 4 * p for p in spam])
    split = LabelMatrix.from_array(copies)

    expected = residual_correlation(split, posterior_of(split, np.stack([~each, each], axis=1)))

    assert residual_correlation(L, posterior_of(L, np.stack([1 - spam, spam], axis=1))) == pytest.approx(expected)


def test_functions_that_err_together_are_found_and_independent_ones_are_not():
    L, y = shared_errors(0, share=0.6)

    found = duplicates(L, posterior_of(L, np.eye(2)[y]))

    assert found.select("lf_a", "lf_b", "group").rows() == [("lf_0", "lf_1", None)]
    # Where both vote the planted correlation is 0.6; an abstention, 1 in 10 each, breaks it up.
    assert found["residual_correlation"][0] == pytest.approx(0.6 * 0.9, abs=0.05)
    independent, y = shared_errors(1, share=0)
    every = residual_correlation(independent, posterior_of(independent, np.eye(2)[y]))
    assert np.abs(every[~np.eye(6, dtype=bool)]).max() < 0.06


def test_one_class_functions_that_meet_by_chance_are_not_taken_for_dependent():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 5000)
    fires = rng.random((5000, 3)) < np.where(y == 1, 0.5, 0.1)[:, None]
    L = LabelMatrix.from_array(np.where(fires, 1, -1))

    found = residual_correlation(L, posterior_of(L, np.eye(2)[y]))

    # Where two of them meet both are right or both wrong; but they meet no more often than chance has it.
    assert np.abs(found[~np.eye(3, dtype=bool)]).max() < 0.06


def test_a_function_that_surely_never_errs_has_no_correlation():
    L = LabelMatrix.from_array([[1, 1], [1, 0]] * 10)

    found = duplicates(L, posterior_of(L, [[0, 1]] * 20), min_overlap=0.5, min_agreement=0.5)

    assert found["residual_correlation"].to_list() == [None]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_near_copies_are_one_group_in_any_order_of_items_functions_and_classes(seed, k):
    L, rng = near_copies(seed, k)
    rows, functions, classes = rng.permutation(len(L.votes)), rng.permutation(8), rng.permutation(k)
    shuffled = LabelMatrix.from_array(
        np.append(classes, -1)[L.votes][rows][:, functions], L.classes, [L.lf_names[j] for j in functions]
    )

    before, after = duplicates(L), duplicates(shuffled)

    assert groups(L) == [(0, 6, 7)]
    assert [sorted(functions[list(group)]) for group in groups(shuffled)] == [[0, 6, 7]]
    assert evidence_weights(shuffled).tolist() == evidence_weights(L)[functions].tolist()

    def pairs(frame):
        return {(frozenset(row[:2]), row[2:]) for row in frame.rows()}

    assert pairs(before) == pairs(after)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(0, 30), st.integers(1, 6))
def test_counts_are_those_of_a_loop_over_pairs(seed, k, n, m):
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, k, (n, m))
    L = LabelMatrix.from_array(votes, classes=[f"class {y}" for y in range(k)])

    found = duplicates(L, min_overlap=0.01, min_agreement=0)

    expected = {}
    for a in range(m):
        for b in range(a + 1, m):
            va, vb = votes[:, a], votes[:, b]
            both, either = ((va != -1) & (vb != -1)).sum(), ((va != -1) | (vb != -1)).sum()
            if both and both >= 0.01 * either:
                agree = ((va != -1) & (va == vb)).sum()
                expected[f"lf_{a}", f"lf_{b}"] = (pytest.approx(both / either), pytest.approx(agree / both))
    assert {row[:2]: row[2:4] for row in found.rows()} == expected


def test_a_chain_of_links_is_one_group():
    # Each function agrees with the next on 99 of 100 items, and the first with the last on 0.
    votes = np.array([[0 if i < j else 1 for j in range(101)] for i in range(100)])
    L = LabelMatrix.from_array(votes)

    assert groups(L, 0.9, 0.99) == [tuple(range(101))]
    assert evidence_weights(L, 0.9, 0.99) == pytest.approx(np.full(101, 1 / 101))


def test_a_table_of_patterns_gives_the_same_groups():
    L, _ = near_copies(0)

    assert groups(vote_patterns(L)) == groups(L)
    assert evidence_weights(vote_patterns(L)).tolist() == evidence_weights(L).tolist()


def test_functions_that_never_vote_are_nobodys_duplicates():
    L = LabelMatrix.from_array(np.full((5, 3), -1))

    assert duplicates(L, min_overlap=0, min_agreement=0).is_empty()
    assert evidence_weights(L).tolist() == [1, 1, 1]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 1)])
def test_without_items_or_pairs_there_is_nothing_to_list(shape):
    found = duplicates(LabelMatrix.from_array(np.zeros(shape, int)))

    assert found.is_empty()
    assert found.columns == ["lf_a", "lf_b", "overlap", "agreement", "residual_correlation", "group"]
