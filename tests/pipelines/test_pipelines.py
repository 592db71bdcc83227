"""Each pipeline on real data: what it finds, what it writes, and that it says what it did."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
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


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    out = tmp_path_factory.mktemp("debias_clicks")
    return out, run("debias_clicks", out)


def test_the_shop_log_gives_wide_intervals_and_says_so(shop):
    out, section = shop

    positions = section.tables[0].frame
    assert positions["position"].to_list() == [1, 2, 3]
    assert (positions["upper"][1:] - positions["lower"][1:]).min() > 0.9
    assert "too few" in section.lead[1]
    assert "'bts' alone is refused" in section.lead[2]
    assert len(wl.Propensities.load(out / "propensities.parquet").position) == 3
    assert wl.RelevanceLabels.load(out / "relevance.parquet").frame["clicks"].sum() == 287


def test_harvesting_agrees_with_random_order_on_the_shop_log(shop):
    _, section = shop

    randomized, harvested = section.tables[0].frame, section.tables[1].frame.filter(policy="random")

    assert harvested["examination"].to_list() == pytest.approx(randomized["examination"].to_list(), abs=0.05)
    assert (harvested["upper"][1:] - harvested["lower"][1:]).min() > 0.9
    assert "learns the same" in section.lead[3]


def test_shrunk_relevance_of_the_shop_log_lies_between_the_mean_and_an_items_own_clicks(shop):
    out, section = shop
    labels = wl.RelevanceLabels.load(out / "relevance.parquet")
    mean = labels.provenance["prior"]["mean"]

    found = labels.frame.with_columns(own=pl.col("clicks") / pl.col("exposure"))
    shown = section.tables[2].frame

    assert found["relevance"].is_between(found["own"].clip(upper_bound=mean), found["own"].clip(mean)).all()
    assert (shown["lower"] < shown["shrunk"]).all()
    assert (shown["shrunk"] < shown["upper"]).all()
    assert "Their intervals take examination as known." in section.lead[-1]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    out = tmp_path_factory.mktemp("clicks_and_rules")
    return out, run("clicks_and_rules", out)


def accuracies(section, of):
    table = section.tables[2].frame.drop_nulls(of)
    return dict(zip(table["labels from"], [float(value.split()[0]) for value in table[of]], strict=True))


def test_clicks_and_rules_together_label_more_images_rightly_than_either(both):
    _, section = both

    right = accuracies(section, "labels")

    assert right["clicks corrected"] > right["clicks as counted"] > right["rules"]
    assert right["rules and clicks corrected"] > right["clicks corrected"] + 0.02
    assert "rules and clicks corrected are better than clicks corrected" in section.lead[2]


def test_an_end_model_is_not_said_to_gain_from_what_chance_explains(both):
    _, section = both

    trained = accuracies(section, "end model")

    assert abs(trained["rules and clicks corrected"] - trained["clicks corrected"]) < 0.03
    assert trained["known classes"] > max(share for name, share in trained.items() if name != "known classes")
    assert "cannot be told" in section.lead[-1]


def test_planted_examination_is_learned_from_simulated_clicks_on_images(both):
    out, section = both

    curve = section.tables[0].frame

    assert curve["planted"].to_list() == pytest.approx([1 / k for k in range(1, 11)])
    assert (curve["examination"] - curve["planted"]).abs().max() < 0.03
    assert wl.Propensities.load(out / "propensities.parquet").examination.tolist() == curve["examination"].to_list()


def test_corrected_clicks_dismiss_fewer_relevant_images_and_abstain_more(both):
    _, section = both

    counted, corrected = section.tables[1].frame.iter_rows(named=True)

    assert corrected["wrong, too"] < counted["wrong, too"]
    assert corrected["abstains"] > counted["abstains"]
    assert corrected["relevant"] > counted["relevant"]


def test_each_rule_on_pixels_names_its_digit_far_more_often_than_chance(both):
    out, _ = both
    votes = wl.LabelMatrix.load(out / "votes.parquet")
    label = dict(wl.datasets.load("digits", "train").select("id", "label").iter_rows())
    asked = [pair.split(" as ") for pair in votes.item_ids]
    relevant = np.array([label[image] == digit for image, digit in asked])

    named = votes.votes[:, :10] == 1

    assert not votes.faults
    assert named.sum(axis=0).min() >= 30
    assert ((named & relevant[:, None]).sum(axis=0) / named.sum(axis=0)).min() > 0.3


def test_what_clicks_and_rules_wrote_can_be_read_again(both):
    out, _ = both

    votes = wl.LabelMatrix.load(out / "votes.parquet")
    pairs = wl.Posterior.load(out / "pairs.parquet")
    labels = wl.Posterior.load(out / "labels.parquet")

    assert votes.lf_names[-1] == "clicks"
    assert votes.item_ids.equals(pairs.item_ids)
    assert len(votes.votes) == 10 * len(labels.item_ids) == 6000
    assert labels.classes == tuple("0123456789")


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
