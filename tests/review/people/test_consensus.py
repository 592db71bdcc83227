import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import plugins
from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError, ModelError, UnknownNameError
from weaklabel.review.people.consensus import consensus
from weaklabel.review.people.rules.majority import Majority

CROWDS = Path(__file__).parents[3].parent / "shared/data/ws"
RULES = plugins.names("rule")


def says(item, label, who, at=""):
    return Annotation(f"{item}-{who}-{at}", f"key of {item}", item, label, who, updated_at=at)


def answers(item, **votes):
    return [says(item, label, who) for who, label in votes.items()]


def from_votes(votes, seed=None, of_each=None):
    """Annotations from votes, shape (n, m), -1 for none; `of_each` keeps that many of each item, at random."""
    rng = np.random.default_rng(seed)
    annotations = []
    for i, row in enumerate(votes):
        who = np.flatnonzero(row >= 0)
        kept = who if of_each is None else rng.permutation(who)[:of_each]
        annotations += [says(f"{i:05}", str(row[j]), f"{j:03}") for j in kept]
    return annotations


def crowd(accuracies, n, seed, k=2, coverage=1.0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    votes = [np.where(rng.random(n) < a, truth, (truth + rng.integers(1, k, n)) % k) for a in accuracies]
    return truth, np.where(rng.random((n, len(votes))) < coverage, np.stack(votes, axis=1), -1)


def test_there_are_the_five_rules():
    assert RULES == ("dawid_skene", "expert", "latest", "majority", "none")


def test_most_votes_win_and_every_vote_is_kept():
    found = consensus(answers("1", ann="a", bob="b", eve="a"))

    assert found.labels == {"1": "a"}
    assert found.verdicts["1"].support == pytest.approx(2 / 3)
    assert found.votes == {"1": {"ann": "a", "bob": "b", "eve": "a"}}
    assert (found.rule, found.version, found.open) == ("majority", 1, {})


def test_a_tie_goes_back_to_review():
    found = consensus(answers("1", ann="spam", bob="ham") + answers("2", ann="a", bob="b", eve="c", dan="b"))

    assert found.labels == {"2": "b"}
    assert found.open == {"1": "a tie: 1 says ham, 1 says spam"}


def test_of_several_classes_each_is_voted_on_by_itself():
    found = consensus(answers("1", ann=("a", "b"), bob=("b",), eve=("c", "b", "a")) + answers("2", ann=(), bob=()))

    assert found.labels == {"1": ("a", "b"), "2": ()}
    assert found.verdicts["1"].support == pytest.approx(2 / 3)


def test_a_tie_on_any_of_several_classes_leaves_the_item_open():
    found = consensus(answers("1", ann=("a", "b"), bob=("b",)))

    assert found.open == {"1": "a tie: 1 of 2 chose a"}


def test_without_a_rule_only_what_all_say_is_taken():
    found = consensus(answers("1", ann="a", bob="a") + answers("2", ann="a", bob="b", eve="a"), "none")

    assert found.labels == {"1": "a"}
    assert found.open == {"2": "2 say a, 1 says b"}


def test_the_latest_answer_counts_by_its_moment():
    early, late = "2024-01-01T01:30:00+01:00", "2024-01-01T00:45:00Z"
    found = consensus(
        [says("1", "a", "ann", early), says("1", "a", "eve", early), says("1", "b", "bob", late)], "latest"
    )

    assert found.labels == {"1": "b"}
    assert found.verdicts["1"].support == pytest.approx(1 / 3)


def test_of_two_answers_at_one_moment_none_is_the_latest():
    found = consensus(answers("1", ann="a", bob="b"), "latest")

    assert found.open == {"1": "of the same moment: 1 says a, 1 says b"}


def test_an_expert_overrules_the_others_and_experts_who_disagree_leave_it_open():
    annotations = [
        *answers("1", ann="a", bob="b", eve="b"),
        *answers("2", ann="a", dan="b", bob="b"),
        *answers("3", bob="b", eve="b"),
    ]

    found = consensus(annotations, "expert", experts=["ann", "dan"])

    assert found.labels == {"1": "a", "3": "b"}
    assert found.open == {"2": "the experts disagree: 1 says a, 1 says b"}
    assert [found.verdicts[item].by for item in "123"] == ["expert", "expert", "majority"]
    assert found.params == {"experts": ["ann", "dan"]}


def test_an_expert_nobody_has_heard_of_is_named(caplog):
    with caplog.at_level(logging.WARNING):
        consensus(answers("1", ann="a"), "expert", experts=["Ann"])

    assert caplog.messages == ["no answer is from the expert Ann (answered have: ann)"]


@pytest.mark.parametrize("experts", [(), "ann"])
def test_the_rule_of_experts_needs_their_names(experts):
    with pytest.raises(AnswerError, match="needs a list of the experts' names"):
        consensus(answers("1", ann="a"), "expert", experts=experts)


def test_dawid_and_skene_believe_two_good_annotators_over_three_bad_ones():
    truth, votes = crowd([0.95, 0.95, 0.6, 0.6, 0.6], 600, seed=0)

    weighed, counted = (consensus(from_votes(votes), rule) for rule in ("dawid_skene", "majority"))

    right = [np.mean([label == str(truth[int(item)]) for item, label in c.labels.items()]) for c in (weighed, counted)]
    assert right[0] > right[1] + 0.04
    assert right[0] > 0.94
    assert {verdict.by for verdict in weighed.verdicts.values()} == {"dawid_skene"}


def test_the_probability_that_is_kept_is_how_often_the_label_is_right():
    truth, votes = crowd([0.9, 0.8, 0.7, 0.7], 2000, seed=1, coverage=0.6)

    found = consensus(from_votes(votes), "dawid_skene")

    support = np.mean([found.verdicts[item].support for item in found.labels])
    assert np.mean([label == str(truth[int(item)]) for item, label in found.labels.items()]) == pytest.approx(
        support, abs=0.02
    )


def test_the_only_answer_of_a_stranger_is_believed_as_the_average_known_person_is():
    _, votes = crowd([0.85] * 4, 500, seed=2)
    stranger = says("99999", "1", "stranger")

    found = consensus([*from_votes(votes), stranger], "dawid_skene")

    assert found.verdicts["99999"].support == pytest.approx(0.85, abs=0.04)
    assert found.verdicts["99999"].by == "dawid_skene"


def test_what_is_hardly_more_probable_than_not_goes_back_to_review():
    _, votes = crowd([0.65] * 3, 500, seed=3)

    found = consensus(from_votes(votes), "dawid_skene", least_probability=0.9)

    assert found.open
    assert all(found.verdicts[item].support < 0.9 for item in found.open)
    assert all(found.verdicts[item].support >= 0.9 for item in found.labels)


def test_two_people_are_too_few_for_dawid_and_skene_so_the_majority_decides(caplog):
    _, votes = crowd([0.9, 0.9], 300, seed=4)

    with caplog.at_level(logging.WARNING):
        found = consensus(from_votes(votes), "dawid_skene")

    assert found.verdicts == consensus(from_votes(votes)).verdicts
    assert caplog.messages == [
        "the majority decides instead of Dawid and Skene's model: 0 people share enough items, and it needs 3"
    ]


def test_few_answers_are_too_few_for_dawid_and_skene():
    _, votes = crowd([0.9, 0.9, 0.9], 9, seed=4)

    assert {verdict.by for verdict in consensus(from_votes(votes), "dawid_skene").verdicts.values()} == {"majority"}


def test_confusions_that_are_worse_than_chance_are_not_believed(caplog):
    _, votes = crowd([0.25] * 3, 60, seed=1, k=4)  # all guess

    with caplog.at_level(logging.WARNING):
        found = consensus(from_votes(votes), "dawid_skene")

    assert found.verdicts == consensus(from_votes(votes)).verdicts
    assert caplog.messages[0].endswith("the confusions it found are worse than chance")


def test_dawid_and_skene_need_one_class_at_a_time():
    with pytest.raises(AnswerError, match="class by class with for_class"):
        consensus(answers("1", ann=("a",)), "dawid_skene")


def test_a_probability_outside_its_range_is_refused():
    with pytest.raises(AnswerError, match="least_probability 0.2, which must lie in"):
        consensus(answers("1", ann="a"), "dawid_skene", least_probability=0.2)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "expert"])
def test_no_answers_give_no_labels(rule):
    found = consensus([says("1", None, "ann")], rule)

    assert (found.labels, found.open, found.votes) == ({}, {}, {})
    assert found.to_frame().is_empty()


def test_a_frame_has_a_row_for_each_item():
    found = consensus(answers("1", ann="a", bob="a") + answers("2", ann="a", bob="b")).to_frame()

    assert found.rows() == [
        ("1", "a", 1.0, "majority", 2, None, '{"ann":"a","bob":"a"}'),
        ("2", None, 0.5, "majority", 2, "a tie: 1 says a, 1 says b", '{"ann":"a","bob":"b"}'),
    ]


def test_several_classes_in_a_frame_are_a_json_list():
    assert consensus(answers("1", ann=("b", "a"))).to_frame()["label"].to_list() == ['["a","b"]']


def test_the_json_holds_rule_labels_and_votes():
    told = json.loads(consensus(answers("1", ann="é", bob="é")).to_json())

    assert (told["rule"], told["version"]) == ("majority", 1)
    assert told["items"]["1"]["label"] == "é"
    assert told["items"]["1"]["votes"] == {"ann": "é", "bob": "é"}


people = st.lists(
    st.builds(
        says,
        item=st.sampled_from("xyz"),
        label=st.sampled_from([None, "a", "b", "c"]),
        who=st.sampled_from(["ann", "bob", "eve"]),
        at=st.sampled_from(["", "2024-01-01", "2024-01-02"]),
    ),
    max_size=20,
)
# Of two answers of one person to one item at one moment either may be the latest; here there is but one.
said_once = people.map(lambda said: list({(a.item_id, a.annotator, a.updated_at): a for a in said}.values()))


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=30, deadline=None)
@given(annotations=people, shuffler=st.randoms())
def test_the_same_answers_give_the_same_bytes_in_whatever_order(rule, annotations, shuffler):
    params = {"experts": ["ann", "eve"]} if rule == "expert" else {}
    shuffled = annotations * 2
    shuffler.shuffle(shuffled)

    assert consensus(shuffled, rule, **params).to_json() == consensus(annotations, rule, **params).to_json()


def test_dawid_and_skenes_bytes_do_not_hang_on_the_order_either():
    annotations = from_votes(crowd([0.9, 0.8, 0.7, 0.6], 200, seed=5, k=3)[1])

    found = consensus(annotations, "dawid_skene")
    one, other = found.to_json(), consensus(annotations[::-1], "dawid_skene").to_json()

    assert one == other
    assert '"by":"dawid_skene"' in one
    assert all(round(verdict.support, 6) == verdict.support for verdict in found.verdicts.values())


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=30, deadline=None)
@given(annotations=said_once)
def test_other_names_for_the_classes_decide_nothing(rule, annotations):
    params = {"experts": ["ann", "eve"]} if rule == "expert" else {}
    names = {"a": "z", "b": "y", "c": "x", None: None}
    renamed = [replace(said, label=names[said.label]) for said in annotations]

    one, other = consensus(annotations, rule, **params), consensus(renamed, rule, **params)

    assert other.labels == {item: names[label] for item, label in one.labels.items()}
    assert other.open.keys() == one.open.keys()


@settings(max_examples=30, deadline=None)
@given(people)
def test_a_label_is_what_somebody_said_and_every_item_is_decided_or_open(annotations):
    for rule in ("majority", "latest", "none", "dawid_skene"):
        found = consensus(annotations, rule)

        assert all(label in found.votes[item].values() for item, label in found.labels.items())
        assert found.labels.keys() | found.open.keys() == found.votes.keys()
        assert all(found.open.values())


def test_a_rule_may_be_built_before():
    assert consensus(answers("1", ann="a"), Majority()).labels == {"1": "a"}


def test_an_answer_that_is_no_class_is_refused():
    with pytest.raises(AnswerError, match="ann answered 'A' on item '1' .annotation 1-ann-.; the classes are a, b"):
        consensus(answers("1", ann="A"), classes=("a", "b"))


def test_a_rule_that_does_not_exist_is_refused():
    with pytest.raises(UnknownNameError, match="no rule is called 'majorty' .did you mean 'majority'"):
        consensus([], "majorty")


def test_a_parameter_that_a_rule_lacks_is_refused():
    with pytest.raises(ModelError, match="rule 'majority' has no parameter 'experts'"):
        consensus([], "majority", experts=["ann"])


def real_crowd(name):
    if name == "product":
        labels, gold = (pl.read_csv(CROWDS / f"crowd_product/{file}.csv") for file in ("label", "truth"))
        annotations = [says(f"{item:05}", str(label), f"{who:03}") for item, who, label in labels.iter_rows()]
        return annotations, {f"{item:05}": str(y) for item, y in gold.iter_rows()}
    stored = np.load(CROWDS / f"crowd_{name}/votes.npz")
    return from_votes(stored["L_train"]), {f"{i:05}": str(y) for i, y in enumerate(stored["y_train"])}


def accuracy(found, truth):
    return np.mean([label == truth[item] for item, label in found.labels.items()])


@pytest.mark.skipif(not (CROWDS / "crowd_product").is_dir(), reason="the crowds are not in ../shared/data/ws")
@pytest.mark.parametrize(
    ("name", "majority", "weighed", "decided"),
    [("bird", 0.759, 0.898, 1.0), ("rte", 0.932, 0.932, 0.98), ("product", 0.897, 0.950, 0.95)],
)
def test_on_real_crowds_dawid_and_skene_are_right_at_least_as_often_as_the_majority(name, majority, weighed, decided):
    annotations, truth = real_crowd(name)

    counted, model = consensus(annotations), consensus(annotations, "dawid_skene")

    assert accuracy(counted, truth) == pytest.approx(majority, abs=2e-3)
    assert accuracy(model, truth) == pytest.approx(weighed, abs=5e-3)
    assert len(model.labels) >= decided * len(truth)


@pytest.mark.skipif(not (CROWDS / "crowd_rte").is_dir(), reason="the crowds are not in ../shared/data/ws")
@pytest.mark.parametrize("of_each", [3, 5])
def test_on_few_answers_of_a_real_crowd_dawid_and_skene_do_no_harm(of_each):
    stored = np.load(CROWDS / "crowd_rte/votes.npz")
    truth = {f"{i:05}": str(y) for i, y in enumerate(stored["y_train"])}
    annotations = from_votes(stored["L_train"], seed=0, of_each=of_each)

    counted, model = consensus(annotations), consensus(annotations, "dawid_skene")

    assert accuracy(model, truth) > accuracy(counted, truth) + 0.02
    assert len(model.labels) > 0.6 * len(truth)
