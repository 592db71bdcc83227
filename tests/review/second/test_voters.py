import numpy as np
import pytest

from weaklabel.numerics import normalise_log
from weaklabel.review.second.calibration import calibrate, calibrated, start
from weaklabel.review.second.confusion import confusions, evidence
from weaklabel.review.second.said import Said
from weaklabel.review.second.voters import judge


def test_before_anybody_is_known_people_are_right_nine_times_in_ten(model, answers):
    found = judge(Said.of(answers({"i0000": {"ada": "b"}}), model(np.full((1, 3), 1 / 3))))

    assert found.crowd == pytest.approx(0.9, abs=0.005)
    assert found.accuracy == pytest.approx([0.9], abs=0.005)
    assert found.lower[0] < 0.75
    assert found.upper[0] > 0.97


def test_planted_accuracies_are_found_and_lie_in_their_intervals(crowd, answers):
    beliefs, said, _ = crowd(0, n=3000)

    found = judge(Said.of(answers(said), beliefs))

    assert found.accuracy == pytest.approx([0.95, 0.9, 0.6], abs=0.025)
    assert (found.lower < [0.95, 0.9, 0.6]).all()
    assert (found.upper > [0.95, 0.9, 0.6]).all()


def test_asking_again_where_the_model_differs_makes_nobody_look_worse(crowd, answers):
    beliefs, said, _ = crowd(1, n=3000, accuracies=(0.9, 0.9, 0.9))
    guess = beliefs.probs.argmax(axis=1)
    for j, (item, by) in enumerate(said.items()):
        first = next(iter(by))
        if by[first] == "abc"[guess[j]]:
            said[item] = {first: by[first]}

    found = judge(Said.of(answers(said), beliefs))

    several = [list(by.values()) for by in said.values() if len(by) == 2]
    assert np.mean([one == other for one, other in several]) < 0.65  # of all pairs .815 would agree
    assert found.accuracy == pytest.approx([0.9] * 3, abs=0.03)


def test_without_a_model_two_people_of_each_item_are_known_by_their_agreement(crowd, model, answers):
    _, said, _ = crowd(2, n=3000, accuracies=(0.8, 0.8, 0.8))

    found = judge(Said.of(answers(said), model(np.full((3000, 3), 1 / 3))))

    assert found.accuracy == pytest.approx([0.8] * 3, abs=0.03)


def test_few_comparisons_are_shrunk_to_the_crowd(crowd, answers):
    beliefs, said, truth = crowd(3, n=1000, accuracies=(0.7, 0.7, 0.7))
    for j in range(2):
        said[f"i{j:04}"]["newcomer"] = "abc"[truth[j]]

    found = judge(Said.of(answers(said), beliefs))

    newcomer = Said.of(answers(said), beliefs).people.index("newcomer")
    assert found.crowd == pytest.approx(0.7, abs=0.03)
    assert found.crowd < found.accuracy[newcomer] < found.crowd + 0.1


def test_a_careful_person_alone_is_believed_over_a_model_that_is_sure_and_often_wrong(crowd, answers):
    beliefs, said, _ = crowd(4, n=600, accuracies=(1.0,), each=1, right=0.85, sure=0.97)

    found = judge(Said.of(answers(said), beliefs))

    assert found.accuracy[0] > 0.9
    # The errors might be either's; half at most are laid at the person's door, and the model is no surer than that.
    assert np.exp(found.model.max(axis=1)).mean() < 0.95


def test_a_model_that_people_contradict_together_loses_its_weight(crowd, answers):
    beliefs, said, _ = crowd(5, n=1000, accuracies=(0.95, 0.95), right=0.7, sure=0.98)

    found = judge(Said.of(answers(said), beliefs))

    assert np.exp(found.model.max(axis=1)).mean() == pytest.approx(0.7, abs=0.04)
    assert found.accuracy == pytest.approx([0.95] * 2, abs=0.02)


def test_the_calibration_makes_a_timid_model_surer_where_people_say_so():
    rng = np.random.default_rng(6)
    truth = rng.integers(2, size=2000)
    guess = np.where(rng.random(2000) < 0.95, truth, 1 - truth)
    logs = np.log(np.eye(2)[guess] * 0.4 + 0.3)  # says .7 and is right on .95

    fitted = calibrate(logs, np.log(np.eye(2)[truth] * 0.98 + 0.01), start(2))

    assert np.exp(calibrated(logs, fitted)).max(axis=1).mean() == pytest.approx(0.95, abs=0.02)


def test_who_takes_one_class_for_another_is_known_by_it(answers, model):
    rng = np.random.default_rng(7)
    truth = rng.integers(3, size=900)
    said = {f"i{j:04}": {"ada": "abc"[y], "bo": "abc"[y], "cy": "abb"[y]} for j, y in enumerate(truth)}
    table = Said.of(answers(said), model(np.full((900, 3), 1 / 3)))
    voters = judge(table)

    found = confusions(table, voters)

    assert found.sum(axis=2) == pytest.approx(np.ones((3, 3)))
    assert found[2, 2].argmax() == 1
    assert found[2, 2, 1] > 0.9
    assert found[0].diagonal() == pytest.approx([1, 1, 1], abs=0.05)
    # His b says little of b against c, and his a much.
    probs = normalise_log(evidence(table, found)[table.person == 2])
    assert probs[truth != 0][:, 1:].max() < 0.6
    assert probs[truth == 0][:, 0].min() > 0.9


def test_confusions_of_people_with_few_answers_are_their_accuracies(answers, model):
    table = Said.of(answers({"i0000": {"ada": "b", "bo": "b"}}), model(np.full((1, 3), 1 / 3)))
    voters = judge(table)

    found = confusions(table, voters)

    for person, accuracy in zip(found, voters.accuracy, strict=True):
        assert person.diagonal() == pytest.approx(np.full(3, accuracy), abs=0.02)
