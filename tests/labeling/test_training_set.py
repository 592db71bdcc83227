from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel import plugins
from weaklabel.artefacts import LabelMatrix, Posterior, TrainingSet
from weaklabel.errors import TableError, UnknownNameError
from weaklabel.labeling.denoise import denoise, label_model
from weaklabel.labeling.patterns import vote_patterns
from weaklabel.labeling.training_set import training_set, without_prior

# sure of ham, not quite sure of spam, tied, unsure of ham but answered, nothing known
PROBS = np.array([[0.95, 0.05], [0.2, 0.8], [0.5, 0.5], [0.6, 0.4], [0.7, 0.3]])
IDS = list("abcde")
TABLE = pl.DataFrame({"id": list("zedcba"), "n": [0, 5, 4, 3, 2, 1]})


@pytest.fixture
def beliefs():
    covered = np.array([True, True, True, True, False])
    answered = np.array([False, False, False, True, False])
    return Posterior(PROBS, pl.Series(IDS), ("ham", "spam"), covered, answered, {"model": "planted"})


def test_soft_labels_are_the_probabilities_of_every_covered_item(beliefs):
    found = training_set(beliefs, TABLE)

    assert found.table.rows() == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert found.probs.tolist() == PROBS[:4].tolist()
    assert found.left_out == {"uncovered": 1}


def test_hard_labels_are_the_most_probable_classes_without_ties(beliefs):
    found = training_set(beliefs, TABLE, "hard")

    assert found.table["id"].to_list() == ["a", "b", "d"]
    assert found.probs.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert found.left_out == {"uncovered": 1, "tied": 1}


@pytest.mark.parametrize(("threshold", "kept"), [(0.9, ["a"]), (0.8, ["a", "b"]), (0, ["a", "b", "d"])])
def test_confident_labels_are_the_hard_ones_with_enough_probability(beliefs, threshold, kept):
    found = training_set(beliefs, TABLE, "confident", threshold=threshold)

    assert found.table["id"].to_list() == kept
    assert set(found.probs.ravel()) == {0, 1}
    assert found.left_out == {"uncovered": 1, "tied": 1, "below threshold": 3 - len(kept)}


def test_what_a_person_answered_weighs_more(beliefs):
    assert training_set(beliefs, TABLE).weight.tolist() == [1, 1, 1, 10]
    assert training_set(beliefs, TABLE, "hard", answer_weight=3).weight.tolist() == [1, 1, 3]


def test_it_keeps_what_it_came_from(beliefs, tmp_path):
    training_set(beliefs, TABLE, "confident", threshold=0.8).save(tmp_path / "set.parquet")

    found = TrainingSet.load(tmp_path / "set.parquet")

    assert found.provenance == {
        "strategy": "confident",
        "threshold": 0.8,
        "prior": "unknown",
        "weight": None,
        "labels": {"model": "planted"},
    }
    assert found.left_out["below threshold"] == 1
    assert found.to_frame()["weak_label"].to_list() == ["ham", "spam"]


def test_nothing_left_is_an_error_that_counts_why(beliefs):
    with pytest.raises(TableError, match=r"none of the 5 items is left: .*'tied': 1, 'below threshold': 3"):
        training_set(beliefs, TABLE, "confident", threshold=0.99)


def test_beliefs_about_no_items_leave_nothing():
    nothing = Posterior(np.empty((0, 2)), pl.Series([], dtype=pl.String), ("ham", "spam"), np.empty(0, bool))

    with pytest.raises(TableError, match="none of the 0 items is left"):
        training_set(nothing, TABLE)


def test_an_unknown_strategy_is_refused_with_those_there_are(beliefs):
    with pytest.raises(UnknownNameError, match="'firm'; there are: soft, hard, confident"):
        training_set(beliefs, TABLE, "firm")


def test_a_table_that_lacks_an_item_is_refused_with_its_id(beliefs):
    with pytest.raises(TableError, match="no row for 2 of the items, first 'b'"):
        training_set(beliefs, TABLE.filter(~pl.col("id").is_in(["b", "d"])))


def lopsided(beliefs, prior=(0.8, 0.2)):
    return replace(beliefs, prior=np.array(prior))


def test_the_prior_of_the_label_model_is_divided_out():
    probs = np.array([[0.8, 0.2], [0.95, 0.05], [0.5, 0.5]])
    model = Posterior(probs, pl.Series(list("abc")), ("ham", "spam"), np.ones(3, bool), prior=np.array([0.8, 0.2]))

    found = training_set(model, TABLE)

    # 0.8 / 0.8 : 0.2 / 0.2 = 1 : 1;  0.95 / 0.8 : 0.05 / 0.2 = 19 : 4;  0.5 / 0.8 : 0.5 / 0.2 = 1 : 4
    assert found.probs == pytest.approx(np.array([[1 / 2, 1 / 2], [19 / 23, 4 / 23], [1 / 5, 4 / 5]]))
    assert found.provenance["prior"] == "uniform"


def test_the_prior_may_be_left_in(beliefs):
    found = training_set(lopsided(beliefs), TABLE, prior="balance")

    assert found.probs.tolist() == PROBS[:4].tolist()
    assert found.provenance["prior"] == "balance"


def test_labels_ties_and_confidence_are_those_without_the_prior(beliefs):
    found = training_set(lopsided(beliefs, (0.2, 0.8)), TABLE, "confident", threshold=0.75)

    # b, 0.2 : 0.8, now ties; c, 0.5 : 0.5, becomes 0.8 : 0.2; d was answered and stays at 0.6
    assert found.table["id"].to_list() == ["a", "c"]
    assert found.probs.tolist() == [[1, 0], [1, 0]]
    assert found.left_out == {"uncovered": 1, "tied": 1, "below threshold": 1}


def test_what_a_person_answered_keeps_its_probabilities(beliefs):
    assert training_set(lopsided(beliefs), TABLE).probs[3].tolist() == [0.6, 0.4]


def test_where_the_prior_is_not_known_nothing_is_changed_and_it_is_said(beliefs, caplog):
    found = training_set(beliefs, TABLE)

    assert found.probs.tolist() == PROBS[:4].tolist()
    assert found.provenance["prior"] == "unknown"
    assert "the class prior in these probabilities is not known" in caplog.text


def test_certain_beliefs_have_no_prior_to_warn_of(caplog):
    known = Posterior(np.eye(2), pl.Series(["a", "b"]), ("ham", "spam"), np.ones(2, bool))

    assert training_set(known, TABLE).probs.tolist() == np.eye(2).tolist()
    assert not caplog.text


@given(
    st.lists(st.tuples(*[st.floats(1e-6, 1)] * 3), min_size=1, max_size=5),
    st.tuples(*[st.floats(1e-6, 1)] * 3),
)
def test_to_divide_a_prior_out_undoes_putting_it_in(rows, shares):
    likelihood, prior = (np.array(given) / np.sum(given, axis=-1, keepdims=True) for given in (rows, shares))
    joint = likelihood * prior

    assert without_prior(joint / joint.sum(axis=1, keepdims=True), prior) == pytest.approx(likelihood)


def test_the_impossible_stays_impossible_and_the_least_probable_never_underflows():
    found = without_prior(np.array([[1.0, 0.0], [1.0, 1e-300]]), np.array([1 - 1e-12, 1e-12]))

    assert found.tolist() == [[1, 0], [1, pytest.approx(1e-288)]]


@pytest.mark.parametrize("name", [name for name in plugins.names("model") if name != "majority"])
def test_every_label_model_says_the_prior_that_it_put_in(name):
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.25).astype(int)
    votes = np.where(rng.random((400, 4)) < 0.8, y[:, None], 1 - y[:, None])
    L = LabelMatrix.from_array(np.where(rng.random((400, 4)) < 0.2, -1, votes))
    fitted = label_model(name, class_balance=[0.75, 0.25]).fit(L)
    lopsided = fitted.predict_proba(L)

    fitted.bias_ = np.log([0.5, 0.5])
    even = fitted.predict_proba(L)

    assert lopsided.prior == pytest.approx([0.75, 0.25])
    assert without_prior(lopsided.probs, lopsided.prior) == pytest.approx(even.probs)


def test_shares_that_a_model_learned_itself_are_no_prior_and_stay():
    L = LabelMatrix.from_array([[0, 0], [0, 0], [0, -1], [1, 1], [-1, -1]])

    found = denoise(L)

    assert found.probs[4, 0] > 0.5
    assert found.prior.tolist() == [0.5, 0.5]
    assert training_set(found, {"id": list("01234")}).probs == pytest.approx(found.probs[:4])


def test_what_was_told_is_divided_out_no_more_where_known_classes_took_its_place():
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.4).astype(int)
    votes = np.where(rng.random((2000, 4)) < 0.8, y[:, None], 1 - y[:, None])
    known = np.where(np.arange(2000) < 200, y, -1)

    found = denoise(LabelMatrix.from_array(votes), class_balance=[0.9, 0.1], gold=known)

    assert found.provenance["gold"]["prior"] == "known classes"
    assert found.prior.tolist() == [0.5, 0.5]


def test_a_balance_counted_from_known_classes_was_told():
    L = LabelMatrix.from_array([[0, 0, 1], [0, 0, 0], [0, -1, 0], [1, 1, 1]])

    assert denoise(L, "snorkel", Y_dev=[0, 0, 0, 1]).prior == pytest.approx([0.75, 0.25])


def test_a_majority_counts_votes_without_a_prior_and_known_classes_keep_it():
    L = LabelMatrix.from_array([[0, 0], [0, 1], [-1, -1]])

    found = denoise(L, "majority", class_balance=[0.9, 0.1], gold=np.array([-1, -1, 1]))

    assert found.prior.tolist() == [0.5, 0.5]
    assert training_set(found, {"id": ["0", "1", "2"]}).probs.tolist() == [[1, 0], [0.5, 0.5], [0, 1]]


def test_a_column_of_weights_is_taken_times_that_of_an_answer_and_is_no_feature(beliefs):
    found = training_set(beliefs, TABLE.with_columns(worth=pl.col("n") / 10), weight="worth")

    assert found.weight == pytest.approx([0.1, 0.2, 0.3, 4])  # d was answered: 0.4 x 10
    assert found.table.columns == ["id", "n"]
    assert found.provenance["weight"] == "worth"


def test_an_array_of_weights_has_one_for_each_item_of_the_beliefs(beliefs):
    found = training_set(beliefs, TABLE, "hard", weight=[1, 2, 3, 4, float("nan")])  # the last is left out

    assert found.weight.tolist() == [1, 2, 40]
    assert found.provenance["weight"] == "an array"


def test_confidence_is_one_minus_the_entropy_over_that_of_not_knowing(beliefs):
    found = training_set(beliefs, TABLE, weight="confidence", answer_weight=1)

    bits = [-(p * np.log2(p) + (1 - p) * np.log2(1 - p)) for p in (0.95, 0.8, 0.5, 0.6)]
    assert found.weight == pytest.approx([1 - each for each in bits])


def test_confidence_in_hard_labels_is_that_of_the_soft_ones(beliefs):
    soft, hard = (training_set(beliefs, TABLE, strategy, weight="confidence") for strategy in ("soft", "hard"))

    assert hard.weight.tolist() == soft.weight[[0, 1, 3]].tolist()


def test_balanced_hard_labels_weigh_the_same_in_each_class(beliefs):
    found = training_set(beliefs, TABLE, "hard", weight="balanced", answer_weight=1)  # ham, spam, ham

    assert found.weight.tolist() == [0.75, 1.5, 0.75]


def test_balanced_soft_labels_get_the_mean_of_what_their_classes_get():
    probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    model = Posterior(probs, pl.Series(list("abc")), ("ham", "spam"), np.ones(3, bool), prior=np.array([0.5, 0.5]))

    found = training_set(model, TABLE, weight="balanced")

    # three items, ham has 2.0 of them and spam 1.0: an item of ham gets 3 / (2 x 2) = 0.75, one of spam 1.5
    assert found.weight == pytest.approx([0.9 * 0.75 + 0.1 * 1.5] * 2 + [0.2 * 0.75 + 0.8 * 1.5])


def test_a_class_that_no_item_has_does_not_disturb_the_balance():
    model = Posterior(np.eye(3)[[0, 2]], pl.Series(["a", "b"]), ("x", "y", "z"), np.ones(2, bool))

    assert training_set(model, TABLE, weight="balanced").weight == pytest.approx([2 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ("worth", "no column 'worth'; .* 'confidence' or 'balanced'"),
        ("word", "the column 'word' of weights holds String: it needs numbers"),
        ("hole", "item 'b' has the weight nan"),
        ([1, 2], r"weight has shape \(2,\) .*; 5 items need a number each"),
        (["1"] * 5, "5 items need a number each"),
        ([1, -2, 1, 1, 1], "item 'b' has the weight -2"),
    ],
)
def test_a_weight_that_cannot_be_is_refused_with_its_place(beliefs, weight, said):
    table = TABLE.with_columns(word=pl.lit("much"), hole=pl.when(pl.col("id") != "b").then(1.0))

    with pytest.raises(TableError, match=said):
        training_set(beliefs, table, weight=weight)


@pytest.fixture
def votes():
    """Of the items in another order, with one more."""
    rows = [[-1, 1], [0, -1], [-1, -1], [0, 1], [-1, 1], [1, 1]]
    return LabelMatrix(np.array(rows), list("bdxaec"), ("polite", "prize"), ("ham", "spam"))


def test_each_item_says_who_voted_what_on_it(beliefs, votes):
    found = training_set(beliefs, TABLE, votes=votes).to_frame()

    assert dict(zip(found["id"], found["weak_voters"], strict=True)) == {
        "a": "polite=ham, prize=spam",
        "b": "prize=spam",
        "c": "polite=spam, prize=spam",
        "d": "polite=ham",
    }


def test_the_number_of_its_row_of_votes_is_that_in_the_table_of_patterns(beliefs, votes):
    found = training_set(beliefs, TABLE, votes=votes)

    rows = vote_patterns(votes).votes[found.origin["weak_pattern"].to_numpy()]
    assert rows.tolist() == [[0, 1], [-1, 1], [1, 1], [0, -1]]


def test_votes_that_lack_an_item_or_are_for_other_classes_are_refused(beliefs, votes):
    fewer = LabelMatrix(votes.votes[1:], votes.item_ids[1:], votes.lf_names, votes.classes)
    other = LabelMatrix(votes.votes, votes.item_ids, votes.lf_names, ("no", "yes"))

    with pytest.raises(TableError, match="the votes lack 1 of the items, first 'b'"):
        training_set(beliefs, TABLE, votes=fewer)
    with pytest.raises(TableError, match="the votes are for no, yes, the beliefs about ham, spam"):
        training_set(beliefs, TABLE, votes=other)


def test_an_unknown_prior_is_refused_with_those_there_are(beliefs):
    with pytest.raises(UnknownNameError, match="no prior 'flat'; there are: uniform, balance"):
        training_set(beliefs, TABLE, prior="flat")
