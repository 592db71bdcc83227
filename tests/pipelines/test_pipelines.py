"""Each pipeline on real data: what it finds, what it writes, and that it says what it did."""

import json
import re
from pathlib import Path

import pytest
from label_studio_sdk.label_interface import LabelInterface

import weaklabel as wl
from weaklabel import plugins
from weaklabel.errors import DatasetError


def run(name, out, **arguments):
    try:
        return plugins.load_module(plugins.find_script("pipelines", name)).run(out=out, **arguments)
    except DatasetError as error:
        pytest.skip(str(error))


def column(table, name):
    return [float(re.match(r"[\d.]+", str(value))[0]) for value in table.frame[name]]


@pytest.fixture(scope="module")
def spam(tmp_path_factory):
    out = tmp_path_factory.mktemp("training_set")
    return out, run("training_set", out)


def test_rules_alone_come_close_to_known_classes_on_held_out_spam(spam):
    _, section = spam

    models = dict(zip(section.tables[2].frame["labels from"], column(section.tables[2], "f1"), strict=True))

    assert models["known classes"] > 0.94
    assert models["majority vote"] > 0.92
    assert models["Snorkel, class balance known"] > 0.91
    assert models["Snorkel"] > 0.80


def test_what_a_training_run_writes_can_be_read_again(spam):
    out, _ = spam

    votes = wl.LabelMatrix.load(out / "votes.parquet")
    beliefs = wl.Posterior.load(out / "posterior.parquet")
    training = wl.TrainingSet.load(out / "training.parquet")
    predicted = wl.Posterior.load(out / "predictions.parquet")

    assert votes.item_ids.equals(beliefs.item_ids)
    assert training.left_out["uncovered"] == (~votes.covered).sum()
    assert len(training) + training.left_out["uncovered"] == len(votes.votes)
    assert set(predicted.item_ids).isdisjoint(votes.item_ids)


def test_other_data_and_rules_run_through_the_same_pipeline(tmp_path):
    section = run("training_set", tmp_path, dataset="breast_cancer", heuristics="tumours")

    assert "12 labeling functions" in section.lead[0]
    assert min(column(section.tables[2], "auc")) > 0.95


def test_the_shop_log_gives_wide_intervals_and_says_so(tmp_path):
    section = run("debias_clicks", tmp_path)

    positions = section.tables[0].frame
    assert positions["position"].to_list() == [1, 2, 3]
    assert (positions["upper"][1:] - positions["lower"][1:]).min() > 0.9
    assert "too few" in section.lead[1]
    assert "'bts' alone is refused" in section.lead[2]
    assert len(wl.Propensities.load(tmp_path / "propensities.parquet").position) == 3
    assert wl.RelevanceLabels.load(tmp_path / "relevance.parquet").frame["clicks"].sum() == 287


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    out = tmp_path_factory.mktemp("review")
    return out, run("human_in_the_loop", out, rounds=2, size=15)


def test_answers_reach_the_labels_and_the_section_says_who_gave_them(review):
    out, section = review

    labels = wl.Posterior.load(out / "answered.parquet")
    gold = wl.gold_labels(wl.datasets.load("sms_spam"), labels.item_ids, labels.classes)
    assert labels.answered.sum() == 30
    assert (labels.labels() == gold)[labels.answered].all()
    assert section.tables[0].frame["answers"].to_list() == [0, 15, 30]
    assert section.lead[0].startswith("No person answered")


def test_doubtful_items_hold_more_errors_than_random_ones(review):
    _, section = review

    last = section.tables[0].frame.row(-1, named=True)

    assert last["margin: corrected"] > last["random: corrected"]


def test_the_waiting_tasks_are_what_label_studio_imports(review):
    out, _ = review
    folder = out / "tasks"

    judge = LabelInterface((folder / "label_config.xml").read_text(encoding="utf-8"))
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))

    judge.validate()
    assert len(tasks) == 15
    answered = wl.Posterior.load(out / "answered.parquet")
    asked = set(answered.item_ids.filter(answered.answered))
    for task in tasks:
        assert judge.validate_task({"data": task["data"]})
        assert task["data"]["wl_item"] not in asked
        for prediction in task["predictions"]:
            assert judge.validate_prediction(prediction)


def test_a_second_run_asks_the_same_and_loses_nothing(review):
    out, _ = review
    before = Path(out, "tasks", "tasks.json").read_bytes()

    run("human_in_the_loop", out, rounds=2, size=15)

    assert Path(out, "tasks", "tasks.json").read_bytes() == before
