"""From beliefs to an end model, as a user runs it."""

import re

import numpy as np
import polars as pl
import pytest

import weaklabel as wl

TEXTS = ["win a prize, call now", "please come home", "txt to win", "see you", "win win win", "please call"]
VOTES = [[1, -1], [-1, 0], [1, -1], [-1, -1], [1, -1], [-1, 0]]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    worth = [1.0, 2.0, 3.0, 4.0, 5.0, -6.0]
    gold = ["spam", "ham", "spam", "ham", "spam", "ham"]
    pl.DataFrame({"id": list("abcdef"), "text": TEXTS, "label": gold, "worth": worth}).write_csv("table.csv")
    L = wl.LabelMatrix(np.array(VOTES), list("abcdef"), ("prize", "polite"), ("ham", "spam"))
    L.save("votes.parquet")
    wl.denoise(L, class_balance=[0.8, 0.2]).save("posterior.parquet")
    return tmp_path


@pytest.fixture
def training(files, weaklabel):
    weaklabel("training-set posterior.parquet table.csv")
    return files / "training.parquet"


def test_the_class_prior_may_be_left_in(files, weaklabel):
    weaklabel("training-set posterior.parquet table.csv --out even.parquet")
    weaklabel("training-set posterior.parquet table.csv --prior balance --out lopsided.parquet")

    even, lopsided = (wl.TrainingSet.load(f"{name}.parquet").probs for name in ("even", "lopsided"))
    odds = (lopsided[:, 0] / lopsided[:, 1]) / (even[:, 0] / even[:, 1])
    assert odds == pytest.approx(np.full(5, 4))


def test_each_item_says_who_voted_what(files, weaklabel):
    weaklabel("training-set posterior.parquet table.csv --votes votes.parquet --weight confidence")

    found = wl.TrainingSet.load("training.parquet").to_frame()
    assert found["weak_voters"].to_list() == ["prize=spam", "polite=ham", "prize=spam", "prize=spam", "polite=ham"]
    assert found["weak_weight"].is_between(0, 1, closed="none").all()


def test_a_training_set_is_exported_to_a_file_and_to_a_folder(training, weaklabel):
    assert "wrote set.csv" in weaklabel("export training.parquet --out set.csv")
    assert "wrote spam" in weaklabel("export training.parquet -o spam")

    assert pl.read_csv("set.csv")["weak_label"].to_list() == ["spam", "ham", "spam", "spam", "ham"]
    assert pl.read_parquet("spam/data/*.parquet")["label"].to_list() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    "classifier", ["sklearn.naive_bayes.MultinomialNB --set alpha=0.5", "sklearn.neighbors.KNeighborsClassifier"]
)
def test_any_classifier_can_be_named(training, weaklabel, classifier):
    said = weaklabel(f"train training.parquet --test table.csv --classifier {classifier}")

    assert "on 6 items with a known label" in said
    name = classifier.split()[0].rpartition(".")[2]
    assert wl.Posterior.load("predictions.parquet").provenance["model"].startswith(name)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train training.parquet --test table.csv --classifier LinearSVC", "error: no classifier 'LinearSVC'"),
        ("train training.parquet --test table.csv --classifier sklearn.svm.Nothing", "give its dotted name, such as"),
        (
            "train training.parquet --test table.csv --classifier sklearn.svm.LinearSVC --set depth=3",
            "error: sklearn.svm.LinearSVC cannot be made: .* unexpected keyword argument 'depth'",
        ),
        ("train training.parquet --test table.csv --classifier sklearn.linear_model.Ridge", "is no scikit-learn class"),
        (
            "training-set posterior.parquet table.csv --prior flat",
            "no prior 'flat'; there are: uniform, balance",
        ),
        ("training-set posterior.parquet table.csv --weight cost", "error: the table has no column 'cost'"),
        ("training-set posterior.parquet table.csv --weight worth", "error: item 'f' has the weight -6"),
        ("export training.parquet --out set.xlsx", "error: cannot write set.xlsx"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(training, weaklabel, line, said):
    heard = weaklabel(line, code=1)

    assert re.search(said, heard)
    assert heard.count("\n") == 1


def test_parameters_without_a_classifier_are_refused(training, weaklabel):
    assert "--set is for the parameters of a --classifier" in weaklabel(
        "train training.parquet --test table.csv --set C=1", code=2
    )


def test_the_column_of_known_classes_is_no_feature_whatever_it_is_called(files, weaklabel):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    table = pl.DataFrame({"id": [f"{i}" for i in range(200)], "x": rng.normal(size=200), "target": y})
    table.write_csv("numbers.csv")
    beliefs = wl.Posterior(np.eye(2)[y], table["id"], ("no", "yes"), np.ones(200, bool))
    wl.training_set(beliefs, table).save("numbers.parquet")

    said = weaklabel("train numbers.parquet --test numbers.csv --gold-column target")

    accuracy = float(re.search(r"accuracy +([\d.]+)", said)[1])
    assert accuracy < 0.7  # x is chance; with target it would be 1


def test_a_table_whose_classes_are_all_unknown_is_predicted_and_not_scored(training, weaklabel):
    pl.read_csv("table.csv").with_columns(label=pl.lit(None, pl.String)).write_csv("new.csv")

    said = weaklabel("train training.parquet --test new.csv")

    assert "new.csv has no known class in 'label', so nothing is scored" in said


def test_a_parquet_file_is_not_called_csv(files, weaklabel):
    said = weaklabel("training-set posterior.parquet table.csv --out training.csv", code=1)

    assert "training.csv: a training set is a Parquet file; name it training.parquet" in said
