import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import TableError
from weaklabel.labeling.denoise import denoise
from weaklabel.labeling.gold import _calibration, _counts, _known, _left_out, _surprise, as_gold, learn_from_gold
from weaklabel.labeling.models.hybrid_em import HybridEM


def planted(n=4_000, seed=0):
    """Nine in ten items are of class 0; one function for class 1 is worse than chance, so agreement alone misleads."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.1).astype(np.int64)
    votes = np.full((n, 5), -1, np.int8)
    for j, (v, hit, false) in enumerate([(0, 0.5, 0.3), (0, 0.4, 0.2), (1, 0.6, 0.1), (1, 0.5, 0.05), (1, 0.3, 0.4)]):
        votes[rng.random(n) < np.where(y == v, hit, false), j] = v
    return LabelMatrix.from_array(votes, ("ham", "spam")), y


def known(y, size, seed=0):
    gold = np.full(len(y), -1)
    rows = np.random.default_rng(seed).permutation(len(y))[:size]
    gold[rows] = y[rows]
    return gold


def log_loss(posterior, y, where):
    return -np.log(posterior.probs[where, y[where]]).mean()


def test_fifty_known_classes_make_labels_and_probabilities_better():
    L, y = planted()
    plain = denoise(L)

    losses, right = [], []
    for seed in range(5):
        gold = known(y, 50, seed)
        better, rest = denoise(L, gold=gold), gold < 0
        losses.append(log_loss(better, y, rest) / log_loss(plain, y, rest))
        right.append((better.labels() == y)[rest & L.covered].mean() - (plain.labels() == y)[rest & L.covered].mean())

    assert np.mean(losses) < 0.8
    assert np.mean(right) > 0.1


def test_known_items_get_their_class_for_certain():
    L, y = planted()
    gold = known(y, 30)

    posterior = denoise(L, gold=gold)

    assert (posterior.probs[gold >= 0, gold[gold >= 0]] == 1).all()
    assert posterior.answered.sum() == 30
    assert posterior.covered[gold >= 0].all()
    assert posterior.provenance["gold"]["known"] == 30


def test_known_classes_by_id_and_name_or_number_are_the_same_as_an_array():
    L, y = planted(200)
    gold = known(y, 20)
    rows = np.flatnonzero(gold >= 0)

    by_name = {L.item_ids[int(row)]: L.classes[gold[row]] for row in rows}
    by_number = {L.item_ids[int(row)]: int(gold[row]) for row in rows}

    assert as_gold(by_name, L).tolist() == gold.tolist()
    assert as_gold(by_number, L).tolist() == gold.tolist()


def test_the_order_of_the_rows_changes_nothing():
    L, y = planted(500)
    gold = known(y, 40)
    order = np.random.default_rng(1).permutation(500)
    shuffled = LabelMatrix(L.votes[order], L.item_ids.gather(order), L.lf_names, L.classes)

    one, other = denoise(L, gold=gold), denoise(shuffled, gold=gold[order])

    assert other.probs == pytest.approx(one.probs[order], abs=1e-9)


def test_majority_vote_learns_nothing_but_keeps_what_is_known():
    L, y = planted(300)
    gold = known(y, 20)

    plain, told = denoise(L, "majority"), denoise(L, "majority", gold=gold)

    assert (told.probs[gold < 0] == plain.probs[gold < 0]).all()
    assert (told.labels()[gold >= 0] == gold[gold >= 0]).all()


def test_no_known_class_changes_nothing():
    L, _ = planted(300)

    assert (denoise(L, gold={}).probs == denoise(L).probs).all()


def test_a_handful_of_known_classes_neither_calibrates_nor_sets_the_prior():
    L, y = planted(300)

    _, said = learn_from_gold(HybridEM().fit(L), L, known(y, 9))

    assert (said["prior"], said["temperature"], said["class_bias"]) == ("model", 1.0, [0.0, 0.0])


def test_known_classes_drawn_from_what_the_model_believes_are_no_reason_to_change_it():
    # Where the model is right about its own doubts, nothing beats it by more than luck.
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=3_000)
    votes = np.where(rng.random((3_000, 6)) < 0.75, y[:, None], 1 - y[:, None])
    L = LabelMatrix.from_array(np.where(rng.random((3_000, 6)) < 0.5, votes, -1))
    model = HybridEM(dependence=0).fit(L)
    before = model.predict_proba(L)

    changes = [
        np.abs(denoise(L, gold=known(y, 50, s)).probs - before.probs)[known(y, 50, s) < 0].mean() for s in range(5)
    ]

    assert np.mean(changes) < 0.05


def test_leaving_one_out_is_the_same_as_learning_from_the_others():
    L, y = planted(400)
    model = HybridEM().fit(L)
    gold = known(y, 12)
    precision = np.exp(model.evidence_) / np.exp(model.evidence_).sum(axis=2, keepdims=True)
    share = np.array([0.6, 0.4])

    scores = _left_out(model, _known(model, L, gold), precision, share, 20.0, True)

    everything = _known(model, L, gold)
    rows = np.flatnonzero(gold >= 0)[L.item_ids.gather(np.flatnonzero(gold >= 0)).arg_sort().to_numpy()]
    for i, row in enumerate(rows):
        others = gold.copy()
        others[row] = -1
        rest = _known(model, L, others)
        counts = _counts(rest, precision.shape)
        updated = (20 * precision + counts) / (20 + counts.sum(axis=2, keepdims=True))
        prior = (np.bincount(rest.y, minlength=2) + 2 * share) / (len(rest.y) + 2)
        votes = [(j, v) for j, v in enumerate(L.votes[row]) if v >= 0]
        said = sum((np.log(updated[j, v] / prior) for j, v in votes), np.zeros(2))
        assert scores[i] == pytest.approx(np.log(prior) + said / everything.effect[i])


def test_calibration_finds_a_planted_temperature():
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 2, 20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    scores = np.stack([np.zeros(20_000), 3 * logit], axis=1)  # three times too sure

    scale, bias = _calibration(scores, y)

    assert scale == pytest.approx(1 / 3, rel=0.05)
    assert bias[1] - bias[0] == pytest.approx(0, abs=0.05)
    assert _surprise(scores * scale + bias, y).mean() < _surprise(scores, y).mean()


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ({"0": "sham"}, "item '0' is known to be 'sham', which is no class; the classes are ham, spam"),
        ({"0": 2}, "item '0' is known to be 2"),
        ({"x": "ham", "0": "ham"}, "1 items of known class are not in the label matrix, first 'x'"),
        (np.zeros(3, int), "gold has shape"),
        (np.full(300, 2), "gold holds .*2.* in row 0"),
    ],
)
def test_known_classes_that_fit_nothing_are_refused(gold, message):
    with pytest.raises(TableError, match=message):
        denoise(planted(300)[0], gold=gold)
