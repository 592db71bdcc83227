import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.compiled.choice import forced
from weaklabel.labeling.models._log_linear import PROBE, by_pattern, by_row, repeats, summable
from weaklabel.labeling.models.weighted_majority import WeightedMajority


@pytest.fixture(scope="module", autouse=True, params=[False, True], ids=["plain", "compiled"])
def _way(request):
    if request.param:
        pytest.importorskip("numba")
    with forced(request.param):
        yield


def drawn(n, m, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(-1, k, (n, m)).astype(np.int8), rng.normal(size=k), rng.normal(size=(m, k, k))


def plain(votes, bias, evidence, dependence):
    scores = []
    for row in votes:
        said = [evidence[j, v] for j, v in enumerate(row) if v >= 0]
        effect = 1 + dependence * max(len(said) - 1, 0)
        scores.append(bias + sum(said, np.zeros(len(bias))) / effect)
    odds = np.exp(np.array(scores))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("n", "m", "k"), [(40, 3, 2), (17_000, 2, 3), (30, 80, 6), (5, 0, 2), (20, 3, 20), (20, 2, 120)]
)
@pytest.mark.parametrize("dependence", [0.0, 0.3])
def test_beliefs_are_the_bias_and_the_evidence_of_each_vote(n, m, k, dependence):
    votes, bias, evidence = drawn(n, m, k)

    expected = plain(votes, bias, evidence, dependence)

    for believe in (by_row, by_pattern):
        probs, covered = believe(votes, bias, evidence, dependence)
        assert probs == pytest.approx(expected)
        assert (covered == (votes >= 0).any(axis=1)).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_both_ways_to_add_give_the_same_bits_and_so_does_any_order_of_functions_and_items(data):
    pytest.importorskip("numba")
    n, m, k = data.draw(st.integers(1, 3_000)), data.draw(st.integers(0, 40)), data.draw(st.integers(2, 7))
    votes, bias, evidence = drawn(n, m, k, data.draw(st.integers(0, 99)))
    evidence = evidence * 10.0 ** data.draw(st.integers(-9, 9))
    dependence = data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    columns, rows = (np.random.default_rng(0).permutation(size) for size in (m, n))

    with forced(False):
        probs, covered = by_row(votes, bias, evidence, dependence)
        shuffled, _ = by_row(votes[:, columns], bias, evidence[columns], dependence)
        moved, _ = by_row(votes[rows], bias, evidence, dependence)
    with forced(True):
        compiled, too = by_row(votes, bias, evidence, dependence)

    assert probs.tobytes() == compiled.tobytes() == shuffled.tobytes()
    assert (covered == too).all()
    assert (moved.argmax(axis=1) == probs[rows].argmax(axis=1)).all()


@given(st.integers(1, 300), st.integers(-30, 30), st.integers(0, 99))
def test_evidence_is_rounded_by_no_more_than_a_small_part_of_all_that_can_be_said(m, power, seed):
    evidence = np.random.default_rng(seed).normal(size=(m, 3, 3)) * 10.0**power
    total = np.abs(evidence).max(axis=(1, 2)).sum()

    rounded = summable(evidence)

    assert np.abs(rounded - evidence).max() <= total * 2**-52
    largest = rounded[:, 0].max(axis=1)
    assert largest.sum() == largest[::-1].sum() == sum(sorted(largest.tolist()))


@pytest.mark.parametrize("size", [0.0, 1e-320, 1e300])
def test_evidence_that_cannot_be_rounded_stays_as_it_is(size):
    evidence = np.full((3, 2, 2), size)

    assert (summable(evidence) == evidence).all()


def test_two_votes_that_err_together_are_worth_less_than_two():
    evidence = np.log(np.array([[[0.8, 0.2], [0.2, 0.8]]] * 2))

    probs, _ = by_row(np.array([[1, -1], [1, 1]], np.int8), np.zeros(2), evidence, 0.5)

    assert probs[0, 1] / probs[0, 0] == pytest.approx(4)
    assert probs[1, 1] / probs[1, 0] == pytest.approx(4 ** (2 / 1.5))


def test_rows_repeat_only_where_most_of_many_do():
    rng = np.random.default_rng(0)
    few = rng.integers(-1, 2, (10, 8)).astype(np.int8)

    assert repeats(few[rng.integers(10, size=PROBE)])
    assert not repeats(few)
    assert not repeats(rng.integers(-1, 5, (PROBE, 20)).astype(np.int8))


def test_many_classes_and_repeated_rows_give_what_each_row_alone_gives():
    rng = np.random.default_rng(1)
    votes = rng.integers(-1, 6, (50, 9)).astype(np.int8)[rng.integers(50, size=3_000)]
    classes = [f"c{y}" for y in range(6)]
    model = WeightedMajority().fit(LabelMatrix.from_array(votes, classes))

    whole = model.predict_proba(LabelMatrix.from_array(votes, classes)).probs
    some = model.predict_proba(LabelMatrix.from_array(votes[:100], classes)).probs

    assert whole[:100] == pytest.approx(some)
