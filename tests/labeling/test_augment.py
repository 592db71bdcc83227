import random

import numpy as np
import polars as pl
import pytest
from snorkel.augmentation import (
    ApplyAllPolicy,
    ApplyEachPolicy,
    ApplyOnePolicy,
    MeanFieldPolicy,
    RandomPolicy,
    TFApplier,
    TransformationFunction,
    transformation_function,
)
from snorkel.preprocess import preprocessor

from weaklabel.artefacts import TrainingSet
from weaklabel.errors import LabelingFunctionError, TableError, UnknownNameError
from weaklabel.labeling.applying.rows import Row
from weaklabel.labeling.augment import augment, load_tfs

TABLE = pl.DataFrame(
    {"id": ["c-1", "c-2", "c-3"], "text": ["a b c d", "e f g", "h"], "n": [1, 2, 3], "tags": [["x"], [], ["y", "z"]]}
)


@transformation_function()
def shout(x):
    x.text = x.text.upper()
    return x


@transformation_function()
def double(x):
    x.n *= 2
    return x


@transformation_function()
def leave_a_word_out(x):
    words = x.text.split()
    if len(words) < 2:
        return None
    del words[random.randrange(len(words))]
    np.random.shuffle(words)
    x.text = " ".join(words)
    return x


def training():
    probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    origin = pl.DataFrame({"weak_pattern": [0, 1, 2], "weak_voters": ["a", "b", "c"]})
    return TrainingSet(TABLE, probs, np.array([1.0, 10.0, 2.0]), ("ham", "spam"), {}, {"strategy": "soft"}, origin)


def test_each_item_stands_before_its_copies_which_say_where_they_come_from():
    found = augment(TABLE, [shout, double], "each")

    assert found["id"].to_list() == [
        "c-1", "c-1~1", "c-1~2", "c-2", "c-2~1", "c-2~2", "c-3", "c-3~1", "c-3~2",
    ]  # fmt: skip
    assert found["augmented_from"].to_list()[:4] == [None, "c-1", "c-1", None]
    assert found["text"].to_list()[:3] == ["a b c d", "A B C D", "a b c d"]
    assert found["n"].to_list()[:6] == [1, 1, 2, 2, 2, 4]
    assert found.drop("augmented_from").schema == TABLE.schema


def test_without_the_originals_only_copies_are_left():
    found = augment(TABLE, [shout, double], "all", keep_original=False)

    assert found.select("id", "text", "n").rows() == [
        ("c-1~1", "A B C D", 2), ("c-2~1", "E F G", 4), ("c-3~1", "H", 6),
    ]  # fmt: skip


def test_a_transformation_that_returns_none_makes_no_copy():
    found = augment(TABLE, [leave_a_word_out], "one", n_per_original=2)

    assert found["augmented_from"].to_list() == [None, "c-1", "c-1", None, "c-2", "c-2", None]


@pytest.mark.parametrize(
    ("name", "policy", "params"),
    [
        ("each", ApplyEachPolicy(3), {}),
        ("all", ApplyAllPolicy(3, n_per_original=2), {"n_per_original": 2}),
        ("random", RandomPolicy(3, sequence_length=2, n_per_original=2), {"sequence_length": 2, "n_per_original": 2}),
        ("mean_field", MeanFieldPolicy(3, p=[0.2, 0.3, 0.5], keep_original=False),
         {"p": [0.2, 0.3, 0.5], "keep_original": False}),
    ],
)  # fmt: skip
def test_it_makes_what_snorkels_applier_makes(name, policy, params):
    tfs, seed = [shout, double, leave_a_word_out], 7
    random.seed(seed)
    np.random.seed(seed)
    expected = TFApplier(tfs, policy).apply([Row(**row) for row in TABLE.to_dicts()], progress_bar=False)

    for found in (augment(TABLE, tfs, name, seed=seed, **params), augment(TABLE, tfs, policy, seed=seed)):
        assert found.select("text", "n", "tags").rows() == [(x.text, x.n, x.tags) for x in expected]


def test_a_single_transformation_is_one_policys_whole_work():
    assert augment(TABLE, [shout], "one").equals(augment(TABLE, [shout], ApplyOnePolicy()))


def test_a_seed_gives_the_same_copies_and_leaves_the_callers_generators_alone():
    random.seed(1)
    np.random.seed(1)
    states = random.getstate(), np.random.get_state()[1].tolist()

    first, again, other = (augment(TABLE, [leave_a_word_out], n_per_original=5, seed=seed) for seed in (0, 0, 1))

    assert first.equals(again)
    assert not first.equals(other)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


def test_copies_of_a_training_set_carry_what_is_known_of_their_item():
    made = augment(training(), [leave_a_word_out, shout], "each", seed=3)

    items = made.table["augmented_from"].fill_null(made.table["id"])
    source = [["c-1", "c-2", "c-3"].index(item) for item in items]
    assert source == [0, 0, 0, 1, 1, 1, 2, 2]
    assert (made.probs == training().probs[source]).all()
    assert made.weight.tolist() == training().weight[source].tolist()
    assert made.origin["weak_voters"].to_list() == ["abc"[i] for i in source]
    said = made.provenance["augmented"]
    assert said == {"policy": "each", "seed": 3, "tfs": ["leave_a_word_out", "shout"]}
    assert made.provenance["strategy"] == "soft"


def test_an_augmented_training_set_comes_back_from_its_file(tmp_path):
    made = augment(training(), [shout], n_per_original=2)

    made.save(tmp_path / "training.parquet")

    assert TrainingSet.load(tmp_path / "training.parquet").to_frame().equals(made.to_frame())


def test_augmenting_twice_makes_new_ids_and_keeps_the_origin():
    once = augment(TABLE[:1], [shout])

    twice = augment(once, [double])

    assert twice["id"].to_list() == ["c-1", "c-1~2", "c-1~1", "c-1~1~1"]
    assert twice["augmented_from"].to_list() == [None, "c-1", "c-1", "c-1"]
    assert twice["n"].to_list() == [1, 2, 1, 2]


def test_the_table_is_not_changed_not_even_its_lists():
    before = TABLE.clone()

    @transformation_function()
    def tag(x):
        x.tags.append("new")
        x.id = "mine"
        x.more = 1
        return x

    found = augment(TABLE, [tag])

    assert TABLE.equals(before)
    assert found["tags"].to_list()[:2] == [["x"], ["x", "new"]]
    assert found["id"].to_list()[:2] == ["c-1", "c-1~1"]
    assert "more" not in found.columns


def test_a_whole_number_may_become_a_half():
    @transformation_function()
    def halve(x):
        x.n /= 2
        return x

    assert augment(TABLE, [halve])["n"].to_list() == [1, 0.5, 2, 1, 3, 1.5]


def test_values_that_do_not_fit_the_table_are_refused():
    @transformation_function()
    def spoil(x):
        x.n = [x.text]
        return x

    with pytest.raises(TableError, match="the copies do not fit the table: "):
        augment(TABLE, [spoil])


def test_transformations_of_classes_and_with_preprocessors_work():
    class Cut(TransformationFunction):
        def __init__(self):
            super().__init__("cut", {"words": "text"}, {"text": "text"})

        def run(self, words):
            return {"text": words[:1]}

    @preprocessor()
    def split(x):
        x.words = x.text.split()
        return x

    @transformation_function(pre=[split])
    def last(x):
        x.text = x.words[-1]
        return x

    assert augment(TABLE, [Cut(), last], "each")["text"].to_list()[:3] == ["a b c d", "a", "d"]


def test_a_failing_transformation_is_named_with_its_item():
    @transformation_function(name="picky")
    def fails(x):
        return {}[x.text] if x.n == 2 else x

    with pytest.raises(LabelingFunctionError, match="'picky' raised on item 'c-2': KeyError: 'e f g'"):
        augment(TABLE, [fails])


def test_a_transformation_that_returns_no_row_is_named():
    @transformation_function()
    def texts(x):
        return x.text

    with pytest.raises(LabelingFunctionError, match="'texts' .* 'c-1': TypeError: it returned 'a b c d', neither"):
        augment(TABLE, [texts])


@pytest.mark.parametrize(
    ("tfs", "policy", "params", "said"),
    [
        ([], "random", {}, "no transformation functions"),
        ([str.upper], "random", {}, "is not a transformation function: decorate it"),
        ([shout, shout], "random", {}, "2 transformation functions are called 'shout'"),
        ([shout, double], "one", {}, "ApplyOnePolicy is made for 1 transformation functions; 2 are given"),
        ([shout], RandomPolicy(2), {}, "RandomPolicy is made for 2 transformation functions; 1 are given"),
        ([shout], RandomPolicy(1), {"sequence_length": 2}, "has its parameters already: set sequence_length there"),
        ([shout], "random", {"length": 2}, "Snorkel refused the policy 'random': .*unexpected keyword .*'length'"),
        ([shout], "mean_field", {"p": [0.5, 0.5]}, "Snorkel refused the policy 'mean_field': .*same size"),
    ],
)
def test_transformations_and_policies_that_do_not_fit_are_refused(tfs, policy, params, said):
    with pytest.raises(LabelingFunctionError, match=said):
        augment(TABLE, tfs, policy, **params)


def test_an_unknown_policy_is_refused_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'randm' \(did you mean 'random'\?\); there are: one, each, all"):
        augment(TABLE, [shout], "randm")


def test_an_augmentation_that_leaves_nothing_is_refused():
    with pytest.raises(TableError, match="no item is left: the policy keeps none"):
        augment(TABLE[2:], [leave_a_word_out], keep_original=False)


def test_an_empty_table_stays_empty():
    found = augment(TABLE[:0], [shout])

    assert found.schema == {**TABLE.schema, "augmented_from": pl.String}


FILE = """
from snorkel.augmentation import transformation_function
from snorkel.preprocess import preprocessor

@preprocessor()
def split(x):
    return x

@transformation_function(pre=[split])
def second(x):
    return x

@transformation_function()
def first(x):
    return x
"""


def test_a_file_gives_its_transformations_and_not_their_preprocessors(tmp_path):
    (tmp_path / "tfs.py").write_text(FILE)

    assert [tf.name for tf in load_tfs(tmp_path / "tfs.py")] == ["second", "first"]


def test_a_file_may_say_which_they_are(tmp_path):
    (tmp_path / "tfs.py").write_text(f"{FILE}\nTFS = [first]\n")

    assert [tf.name for tf in load_tfs(tmp_path / "tfs.py")] == ["first"]


@pytest.mark.parametrize(
    ("content", "said"),
    [("x = 1", "defines no transformation function"), ("1 / 0", "line 1: ZeroDivisionError"), (None, "no file at")],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, content, said):
    if content:
        (tmp_path / "tfs.py").write_text(content)

    with pytest.raises(LabelingFunctionError, match=said):
        load_tfs(tmp_path / "tfs.py")
