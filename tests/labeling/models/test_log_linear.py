import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.models._log_linear import PROBE, by_pattern, by_row, repeats
from weaklabel.labeling.models.weighted_majority import WeightedMajority


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


@pytest.mark.parametrize(("n", "m", "k"), [(40, 3, 2), (9_000, 2, 3), (30, 80, 6), (5, 0, 2)])
@pytest.mark.parametrize("dependence", [0.0, 0.3])
def test_beliefs_are_the_bias_and_the_evidence_of_each_vote(n, m, k, dependence):
    votes, bias, evidence = drawn(n, m, k)

    expected = plain(votes, bias, evidence, dependence)

    for believe in (by_row, by_pattern):
        probs, covered = believe(votes, bias, evidence, dependence)
        assert probs == pytest.approx(expected)
        assert (covered == (votes >= 0).any(axis=1)).all()


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
