import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import TableError
from weaklabel.labeling.accuracy import lf_accuracy, wilson

Z = 1.959964


def posterior_of(L, probs, answered=()):
    return Posterior(np.asarray(probs, float), L.item_ids, L.classes, L.covered, answered)


def one_function(votes, spam):
    """A function that votes spam (1), and P(spam) of each item."""
    L = LabelMatrix.from_array(np.array(votes)[:, None], classes=("ham", "spam"), lf_names=("spammy",))
    return L, posterior_of(L, np.stack([1 - np.array(spam), spam], axis=1))


def planted(seed, m=10, n=1000, belief="too sure"):
    """Functions of accuracy 0.55 to 0.95 and coverage 0.05 to 0.8, and a posterior that believes falsely."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    accuracy, coverage = rng.uniform(0.55, 0.95, m), rng.uniform(0.05, 0.8, m)
    votes = np.where(rng.random((n, m)) < accuracy, y[:, None], 1 - y[:, None])
    votes = np.where(rng.random((n, m)) < coverage, votes, -1)
    believed = np.clip(accuracy + rng.normal(0, 0.12, m), 0.52, 0.97)
    logit = np.where(votes == -1, 0, 2 * votes - 1) @ np.log(believed / (1 - believed))
    logit = {"too sure": 2 * logit, "upside down": -logit, "noise": rng.normal(0, 2, n)}[belief]
    L = LabelMatrix.from_array(votes)
    spam = 1 / (1 + np.exp(-logit))
    return L, posterior_of(L, np.stack([1 - spam, spam], axis=1)), y, accuracy, rng


def simulate(known, belief, times=100):
    """For each of many functions whether the interval holds its planted accuracy, its width, and that of Wilson's."""
    rows = []
    for seed in range(times):
        L, posterior, y, accuracy, rng = planted(seed, belief=belief)
        gold = np.full(len(y), -1)
        chosen = rng.choice(len(y), known, replace=False)
        gold[chosen] = y[chosen]
        ours, wilsons = lf_accuracy(L, posterior, gold), lf_accuracy(L, None, gold)
        told = (ours["basis"] == "gold").to_numpy()
        lower, upper = ours["lower"].to_numpy()[told], ours["upper"].to_numpy()[told]
        width = (wilsons["upper"] - wilsons["lower"]).to_numpy()[told]
        rows += zip((lower <= accuracy[told]) & (accuracy[told] <= upper), upper - lower, width, strict=True)
    return np.array(rows).mean(axis=0)


@pytest.mark.parametrize("belief", ["too sure", "upside down", "noise"])
@pytest.mark.parametrize("known", [50, 100, 300])
def test_95_percent_intervals_hold_the_planted_accuracy_93_to_97_times_in_100_however_wrong_the_model(known, belief):
    covered, width, wilsons = simulate(known, belief)

    assert 0.93 <= covered <= 0.97
    assert width <= wilsons * (1.001 if belief == "noise" else 0.95)


def test_intervals_of_accurate_functions_hold_too_where_plain_standard_errors_fail():
    held = []
    for seed in range(300):
        L, posterior, y, accuracy, rng = planted(seed)
        gold = np.where(rng.permutation(len(y)) < 100, y, -1)
        found = lf_accuracy(L, posterior, gold)
        powered = (found["known"] >= 20).to_numpy() & (accuracy > 0.85)
        held += list(
            (found["lower"].to_numpy() <= accuracy)[powered] & (accuracy <= found["upper"].to_numpy())[powered]
        )

    assert np.mean(held) > 0.92


def test_a_model_that_is_too_sure_still_makes_intervals_a_tenth_narrower_with_100_known_items():
    _, width, wilsons = simulate(100, "too sure")

    assert width < 0.9 * wilsons


def test_few_known_votes_get_wilsons_interval():
    L, posterior = one_function([1, 1, 1, 1, 1, -1, 1], [0.9, 0.8, 0.9, 0.7, 0.2, 0.5, 0.6])

    found = lf_accuracy(L, posterior, np.array([1, 1, 1, 1, 0, 0, -1]))

    # 4 of 5: (0.8 + 1.9208/5 -+ 1.96 sqrt(0.16/5 + 0.9604/25)) / (1 + 3.8415/5)
    assert found.drop("lower", "upper").row(0) == ("spammy", 6, 5, 0.8, "gold")
    assert found["lower"][0] == pytest.approx(0.3755, abs=1e-4)
    assert found["upper"][0] == pytest.approx(0.9638, abs=1e-4)


def test_predictions_move_the_estimate_by_what_sets_the_known_items_apart():
    # Known: 10 items believed 0.9 of which 9 are right, 10 believed 0.5 of which 5 are: a slope of 1 and 14 of 20.
    # All 100 are believed 0.8 on average, the known ones 0.7: so the accuracy is 0.7 + 1 x 0.1.
    spam = [0.9] * 10 + [0.5] * 10 + [0.825] * 80
    L, posterior = one_function([1] * 100, spam)
    gold = np.array([1] * 9 + [0] + [1] * 5 + [0] * 5 + [-1] * 80)

    found = lf_accuracy(L, posterior, gold)

    # Explained: 0.64 / (0.8 x 20 x 16/24 x 8/24) = 0.18, adjusted 1 - 0.82 x 19/18 = 0.1344; 20 / (1 - 0.8 x 0.1344).
    _, lower, upper = wilson(0.8, 22.41, Z)
    assert found["accuracy"][0] == pytest.approx(0.8)
    assert found.select("lower", "upper").row(0) == pytest.approx((lower, upper), abs=1e-4)


def test_beliefs_that_tell_nothing_leave_wilsons_interval():
    L, posterior = one_function([1] * 100, [0.8] * 100)
    gold = np.array([1, 1, 1, 0] * 10 + [-1] * 60)

    found = lf_accuracy(L, posterior, gold)

    assert found.equals(lf_accuracy(L, None, gold))
    assert found["accuracy"][0] == 0.75


def test_beliefs_that_are_as_high_where_the_function_errs_leave_wilsons_interval():
    # Believed 0.9 and 0.5 alike, right 3 times in 4 either way: nothing is explained.
    L, posterior = one_function([1] * 100, [0.9] * 20 + [0.5] * 20 + [0.9] * 60)
    gold = np.array([1, 1, 1, 0] * 10 + [-1] * 60)

    assert lf_accuracy(L, posterior, gold).equals(lf_accuracy(L, None, gold))


def test_beliefs_that_hang_on_a_few_odd_items_leave_wilsons_interval():
    # 60 known votes are believed to 0.99, and 3 to 0.1, which are wrong: a slope that one more item could turn.
    L, posterior = one_function([1] * 200, [0.99] * 60 + [0.1] * 3 + [0.99] * 130 + [0.1] * 7)
    gold = np.array([1] * 60 + [0] * 3 + [-1] * 137)

    assert lf_accuracy(L, posterior, gold).equals(lf_accuracy(L, None, gold))


def test_when_every_vote_is_known_the_model_adds_nothing():
    L, posterior, y, _, _ = planted(0)

    ours, wilsons = lf_accuracy(L, posterior, y), lf_accuracy(L, None, y)

    for name in ("accuracy", "lower", "upper"):
        assert ours[name].to_numpy() == pytest.approx(wilsons[name].to_numpy())


def test_without_gold_the_model_judges_itself_and_gives_no_interval():
    L, posterior = one_function([1, 1, -1], [0.9, 0.6, 0.2])

    found = lf_accuracy(L, posterior)

    assert found.row(0) == ("spammy", 2, 0, 0.75, None, None, "model, biased")


def test_a_function_without_known_votes_falls_back_on_the_model_beside_others_that_have_some():
    L = LabelMatrix.from_array([[1, -1], [-1, 1], [0, -1]])
    posterior = posterior_of(L, [[0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])

    found = lf_accuracy(L, posterior, np.array([1, -1, 1]))

    assert found["basis"].to_list() == ["gold", "model, biased"]
    assert found["accuracy"].to_list() == [0.5, 0.7]


def test_a_function_that_never_votes_has_no_accuracy():
    L = LabelMatrix.from_array([[-1], [-1]])

    for posterior in (None, posterior_of(L, [[0.5, 0.5]] * 2)):
        assert lf_accuracy(L, posterior, np.array([0, 1])).row(0)[1:] == (0, 0, None, None, None, None)


def test_a_higher_level_gives_wider_intervals():
    L, posterior, y, _, _ = planted(1)
    gold = np.where(np.arange(len(y)) < 200, y, -1)

    narrow, wide = (lf_accuracy(L, posterior, gold, level) for level in (0.8, 0.99))

    assert (wide["lower"] < narrow["lower"]).all()
    assert (wide["upper"] > narrow["upper"]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300))
def test_the_order_of_items_functions_and_classes_changes_nothing(seed, known):
    L, posterior, y, _, rng = planted(seed, m=4, n=300)
    gold = np.where(rng.permutation(len(y)) < known, y, -1)
    rows, functions = rng.permutation(len(y)), rng.permutation(4)
    swapped = np.where(L.votes == -1, -1, 1 - L.votes)[rows][:, functions]
    shuffled = LabelMatrix.from_array(swapped, lf_names=[L.lf_names[j] for j in functions])

    before = lf_accuracy(L, posterior, gold)
    after = lf_accuracy(
        shuffled, posterior_of(shuffled, posterior.probs[rows, ::-1]), np.where(gold == -1, -1, 1 - gold)[rows]
    )

    after = after.sort("lf")
    assert before.select("lf", "votes", "known", "basis").equals(after.select("lf", "votes", "known", "basis"))
    for name in ("accuracy", "lower", "upper"):
        ours, theirs = before[name].to_numpy(), after[name].to_numpy()
        assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True)
    told = before.filter(before["basis"] == "gold")
    assert ((told["lower"] >= 0) & (told["lower"] <= told["accuracy"])).all()
    assert ((told["upper"] <= 1) & (told["upper"] >= told["accuracy"])).all()


def test_a_posterior_of_other_items_is_refused():
    L, _ = one_function([1, 1], [0.9, 0.6])
    shorter, _ = one_function([1], [0.9])
    turned = LabelMatrix(L.votes, L.item_ids.reverse(), L.lf_names, L.classes)
    renamed = LabelMatrix.from_array(L.votes, classes=("no", "yes"))

    for other, said in [
        (shorter, "the posterior is of 1 items, the votes are of 2"),
        (turned, "row 0 of the posterior is item '1', of the votes '0'"),
        (renamed, r"the posterior is of the classes \('no', 'yes'\), the votes are of \('ham', 'spam'\)"),
    ]:
        with pytest.raises(TableError, match=said):
            lf_accuracy(L, posterior_of(other, [[0.5, 0.5]] * len(other.votes)))


def test_a_posterior_that_holds_the_answers_cannot_be_tested_on_them():
    L, posterior = one_function([1, 1], [0.9, 0.6])
    folded = posterior_of(L, posterior.probs, np.array([True, False]))

    with pytest.raises(TableError, match="holds answers of people for 1 items"):
        lf_accuracy(L, folded, np.array([1, -1]))


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_a_probability(level):
    L, _ = one_function([1], [0.9])

    with pytest.raises(TableError, match=f"level is {level}; a confidence lies between 0 and 1"):
        lf_accuracy(L, level=level)
