import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import Posterior
from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.picking.opinions import opinions
from weaklabel.review.picking.pool import Pool
from weaklabel.review.strategies.relabel import Relabel

CLASSES = ("a", "b", "c")


def model(probs, ids=None):
    probs = np.array(probs, float)
    ids = [f"i{j}" for j in range(len(probs))] if ids is None else ids
    return Posterior(probs, pl.Series(ids, dtype=pl.String), CLASSES, np.ones(len(probs), bool))


def answers(said):
    return [
        Annotation(f"{item} {who}", item, item, label, who) for item, by in said.items() for who, label in by.items()
    ]


def crowd(seed, n=400, accuracies=(0.95, 0.9, 0.6), each=3):
    """A model that is right on 80 % and people of known accuracy; the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    guess = np.where(rng.random(n) < 0.8, truth, rng.integers(3, size=n))
    said = {
        f"i{j}": {
            f"p{who}": CLASSES[truth[j] if rng.random() < accuracies[who] else (truth[j] + rng.integers(1, 3)) % 3]
            for who in rng.permutation(len(accuracies))[:each]
        }
        for j in range(n)
    }
    return model(np.eye(3)[guess] * 0.7 + 0.1), said, truth


def test_without_answers_the_model_stands_alone():
    found = opinions([], model([[0.5, 0.3, 0.2]]))

    assert found.said.tolist() == [[0, 0, 0]]
    assert found.model_weight > 0


def test_one_answer_weighs_one_and_says_its_class_as_often_as_answers_agree():
    found = opinions(answers({"i1": {"ada": "b"}}), model([[0.5, 0.3, 0.2]] * 2))

    assert found.said[0].tolist() == [0, 0, 0]
    assert found.said[1] == pytest.approx([0.05, 0.9, 0.05])  # 9 of 10, before anything is known


def test_two_who_agree_ten_times_agree_more_often_than_nine_in_ten():
    said = {f"i{j}": {"ada": "abc"[j % 3], "bo": "abc"[j % 3]} for j in range(10)}

    found = opinions(answers(said), model(np.full((10, 3), 1 / 3)))

    # 20 answers and 9 of the 10 beforehand; each weighs the average, 1.
    assert found.said[0] == pytest.approx([2 * 29 / 30, 2 / 60, 2 / 60])


def test_weights_by_hand():
    # Ada and Bo agree on ten items, and Cy with neither; Ada alone says b of an eleventh.
    said = {f"i{j}": {"ada": "abc"[j % 3], "bo": "abc"[j % 3], "cy": "bca"[j % 3]} for j in range(10)}
    said["i10"] = {"ada": "b"}

    found = opinions(answers(said), model(np.tile([0.4, 0.3, 0.3], (11, 1))))

    chance = 4 / 11  # four items are a, and four b
    # Ada and Bo agree in 10 of 20 comparisons, Cy in none; 9 of 10 stand before.
    good, bad = 1 - (1 - 19 / 30) / (1 - chance), 0.05
    average = (2 * good + bad) / 3
    assert found.said[10].sum() == pytest.approx(good / average)
    # The model always says a, which is right 4 times of 11; an item has 31 / 11 answers.
    model_skill = 1 - (1 - 13 / 21) / (1 - chance)
    assert found.model_weight == pytest.approx(model_skill * np.sqrt(31 / 11) / average)


def test_whoever_differs_from_the_others_weighs_less():
    beliefs, said, _ = crowd(0)

    found = opinions(answers(said), beliefs)

    weight = {
        who: opinions(answers({**said, "i400": {who: "a"}}), grown(beliefs)).said[-1].sum()
        for who in ("p0", "p1", "p2")
    }
    assert weight["p0"] > weight["p1"] > weight["p2"] + 0.3
    assert np.mean(list(weight.values())) == pytest.approx(1, abs=0.01)
    assert found.model_weight > 0.5


def grown(beliefs):
    return model(np.vstack([beliefs.probs, [[0.4, 0.3, 0.3]]]))


@settings(max_examples=15, deadline=None)
@given(st.randoms())
def test_the_order_of_answers_and_of_items_changes_nothing(shuffler):
    beliefs, said, _ = crowd(1, n=12)
    given_, rows = answers(said), list(range(12))
    shuffler.shuffle(given_)
    shuffler.shuffle(rows)

    found = opinions(given_, model(beliefs.probs[rows], [f"i{j}" for j in rows]))

    assert found.said == pytest.approx(opinions(answers(said), beliefs).said[rows])


def test_answers_about_other_items_are_left_out_and_skips_too():
    beliefs = model([[0.5, 0.3, 0.2]])
    skip = Annotation("s", "i0", "i0", None, "bo")

    found = opinions([*answers({"elsewhere": {"ada": "a"}}), skip], beliefs)

    assert found.said.tolist() == [[0, 0, 0]]


def test_an_answer_of_no_class_is_refused():
    with pytest.raises(AnswerError, match="'ada' answered 'd' about item 'i0'; the classes are a, b, c"):
        opinions(answers({"i0": {"ada": "d"}}), model([[0.5, 0.3, 0.2]]))


def test_relabel_finds_wrong_consensus_better_than_chance_would():
    beliefs, said, truth = crowd(2, each=2)
    found = opinions(answers(said), beliefs)

    doubt = Relabel().score(Pool(beliefs.probs, opinions=found.said, model_weight=found.model_weight))

    wrong = (found.said + found.model_weight * beliefs.probs).argmax(axis=1) != truth
    assert wrong[np.argsort(-doubt)[:50]].mean() > 2.5 * wrong.mean()


def test_the_doubt_of_an_unanswered_item_is_by_hand():
    # The model weighs 1, and one average person knows nothing of three classes: 1 - (0.8 + 1/3) / 2.
    pool = Pool(np.array([[0.8, 0.1, 0.1]]), opinions=np.zeros((1, 3)), model_weight=1.0)

    assert Relabel().score(pool) == pytest.approx([1 - (0.8 + 1 / 3) / 2])
