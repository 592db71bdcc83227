from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.errors import LabelingFunctionError, TableError
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.worker import worker

CLASSES = ("ham", "spam")
PRODUCTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "ws" / "crowd_product"
real = pytest.mark.skipif(not PRODUCTS.is_dir(), reason=f"no annotations of real people (label.csv) in {PRODUCTS}")


def answers(*rows):
    return pl.DataFrame(rows, schema=["item", "worker", "label"], orient="row", strict=False)


def votes(voters, *ids):
    """Name -> votes on the items."""
    return {voter.name: voter.votes(pl.DataFrame({"id": ids})).to_list() for voter in voters}


def test_each_annotator_votes_what_they_answered_and_abstains_elsewhere():
    voters = worker(answers(("a", "ann", 1), ("b", "ann", 0), ("b", "bob", 1)))

    assert votes(voters, "a", "b", "c") == {"worker_ann": [1, 0, -1], "worker_bob": [-1, 1, -1]}
    assert [voters[0](Row(id=item)) for item in ("a", "b", "c")] == [1, 0, -1]
    assert voters[0].columns == ("id",)


def test_labels_are_names_or_numbers_of_classes():
    voters = worker(answers(("a", 1, "spam"), ("b", 1, "ham"), ("c", 1, "1"), ("d", 1, "0.0")), classes=CLASSES)

    assert votes(voters, "a", "b", "c", "d") == {"worker_1": [1, 0, 1, 0]}


def test_an_empty_label_is_no_vote_and_neither_is_minus_one():
    voters = worker(answers(("a", 1, None), ("b", 1, -1), ("c", 1, 2), ("a", 2, None)))

    assert votes(voters, "a", "b", "c") == {"worker_1": [-1, -1, 2]}


def test_annotators_stand_in_the_order_of_their_names_numbers_as_numbers():
    voters = worker(answers(("a", "10", 0), ("a", "zoe", 0), ("a", "9", 0), ("a", "amy", 0)), prefix="")

    assert [voter.name for voter in voters] == ["9", "10", "amy", "zoe"]


def test_the_order_of_the_answers_does_not_matter():
    rows = [("a", 3, 1), ("b", 3, 0), ("a", 1, 0), ("c", 2, 1), ("c", 3, 1)]

    one, other = worker(answers(*rows)), worker(answers(*rows[::-1]))

    assert votes(one, *"abc") == votes(other, *"abc")
    assert [fingerprint(voter) for voter in one] == [fingerprint(voter) for voter in other]


def test_a_fingerprint_changes_with_a_label_of_that_annotator_alone():
    before = worker(answers(("a", 1, 1), ("a", 2, 1)))

    after = worker(answers(("a", 1, 1), ("a", 2, 0)))

    assert [fingerprint(x) == fingerprint(y) for x, y in zip(before, after, strict=True)] == [True, False]


def test_a_file_keeps_ids_as_they_stand_there(tmp_path):
    (tmp_path / "answers.csv").write_text("item,who,answer\n007,1,spam\n7,01,ham\n", encoding="utf-8")

    voters = worker(tmp_path / "answers.csv", worker="who", label="answer", classes=CLASSES)

    assert votes(voters, "007", "7") == {"worker_01": [-1, 0], "worker_1": [1, -1]}


def test_a_pandas_frame_with_gaps_is_read_too():
    frame = pd.DataFrame({"item": ["a", "b", "c"], "worker": [1, 1, 2], "label": [1, float("nan"), 0]})

    assert votes(worker(frame), "a", "b", "c") == {"worker_1": [1, -1, -1], "worker_2": [-1, -1, 0]}


def test_the_same_answer_twice_is_one_and_two_answers_are_an_error_that_names_both():
    twice = [("a", "ann", 1), ("a", "ann", 1)]

    assert votes(worker(answers(*twice)), "a") == {"worker_ann": [1]}
    with pytest.raises(LabelingFunctionError, match="worker 'ann' gave item 'a' different labels .*: keep one answer"):
        worker(answers(*twice, ("a", "ann", 0)))


@pytest.mark.parametrize(
    ("label", "classes"), [("spm", CLASSES), (2, CLASSES), (-2, CLASSES), ("spam", None), (1.5, None)]
)
def test_a_label_that_is_no_class_is_an_error_that_names_row_annotator_and_item(label, classes):
    hint = r"\(ham, spam\)" if classes else "name the classes with classes="

    with pytest.raises(TableError, match=f"row 1 of the annotations: worker '7' gave item 'b' .* '{label}'.*{hint}"):
        worker(answers(("a", 7, 0), ("b", 7, label)), classes=classes)


@pytest.mark.parametrize(
    ("row", "what"), [((None, 7, 0), "item"), (("b", None, 0), "worker"), (("b", float("nan"), 0), "worker")]
)
def test_an_answer_of_nobody_or_to_nothing_is_an_error(row, what):
    with pytest.raises(TableError, match=f"row 1 of the annotations has no {what} in '{what}'"):
        worker(answers(("a", 7, 0), row))


def test_a_missing_column_is_named_with_those_there_are(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,annotator,label\na,1,0\n", encoding="utf-8")

    with pytest.raises(TableError, match="answers.csv has no column 'worker'; there are: item, annotator, label;"):
        worker(path)


@pytest.mark.parametrize("rows", [[], [("a", 1, None)]])
def test_no_answers_are_an_error(rows):
    with pytest.raises(LabelingFunctionError, match="the annotations holds no label, so there is nobody who votes"):
        worker(answers(*rows))


@real
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_answers_of_real_people_become_the_matrix_built_plainly(n_jobs):
    frame = pl.read_csv(PRODUCTS / "label.csv")
    items = pl.read_csv(PRODUCTS / "truth.csv").select(id="item").sample(fraction=1, shuffle=True, seed=0)
    row, column = ({each: i for i, each in enumerate(values)} for values in (items["id"], sorted(set(frame["worker"]))))
    expected = np.full((8315, 176), -1, np.int8)
    for item, who, label in frame.iter_rows():
        expected[row[item], column[who]] = label

    L = wl.apply(worker(PRODUCTS / "label.csv"), items, ("different", "same"), n_jobs=n_jobs)

    assert L.lf_names == tuple(f"worker_{who}" for who in column)
    assert (L.votes == expected).all()
    assert not L.faults


@real
def test_a_label_model_finds_more_of_the_truth_among_real_people_than_their_majority_does():
    truth = pl.read_csv(PRODUCTS / "truth.csv").rename({"item": "id", "truth": "label"}).cast({"id": pl.String})
    L = wl.apply(worker(PRODUCTS / "label.csv"), truth.select("id"), ("different", "same"))

    def f1(model):
        found, gold = wl.denoise(L, model).labels() == 1, (truth["label"] == 1).to_numpy()
        return 2 * (found & gold).sum() / (found.sum() + gold.sum())

    assert f1("majority") == pytest.approx(0.59, abs=0.01)
    assert f1("dawid_skene") > 0.7
