import json

import polars as pl
import pytest

import weaklabel as wl
from weaklabel.errors import JournalError, TableError


def test_a_step_asks_one_batch_and_waits_until_it_is_answered(trial):
    review = trial()

    first, second = review.step(answer=False), review.step(answer=False)

    assert (first.state, first.open) == ("asked", 12)
    assert (second.state, second.open, second.record) == ("waiting", 12, {})
    assert len(review.frame("tasks")) == 12


def test_a_quarter_of_all_questions_is_the_beginning_of_one_fixed_order(trial):
    review = trial(second=0.0)

    for _ in range(4):
        review.step()

    asked = review.frame("items")["id"].to_list()
    order = wl.audit_next(review.loop.learner.item_ids, 240).to_list()
    parts = [json.loads(text)["parts"] for text in review.frame("batches")["provenance"]]
    drawn = sum(part["audit"] for part in parts)
    assert sum(part["audit"] + part["repair"] for part in parts) == 12
    assert set(order[:drawn]) <= set(asked)


def test_no_item_is_asked_twice_where_people_are_always_right(trial):
    review = trial()

    for _ in range(5):
        review.step()

    assert review.frame("tasks")["item"].n_unique() == len(review.frame("tasks")) == 60


def test_it_stops_when_the_target_is_surely_reached_and_says_so(trial):
    review = trial(target=0.8)

    *_, last = review.until_it_stops()

    assert last.record["verdict"]["reason"] == "target reached"
    assert last.record["score"]["lower"] >= 0.8
    assert last.record["verdict"]["said"].startswith("target reached: accuracy")
    assert review.step().state == "stopped"
    assert len(review.frame("tasks")) == last.record["asked"]


@pytest.mark.parametrize(("limit", "price", "most"), [(30, 1.0, 30), (2.5, 0.1, 25), (0.05, 0.1, 0)])
def test_a_budget_is_spent_to_the_last_answer_and_never_more(trial, limit, price, most):
    review = trial(budget=wl.Budget(limit, price))

    *_, last = review.until_it_stops()

    assert len(review.frame("tasks")) == most
    assert last.record["verdict"]["reason"] == "budget spent"
    assert last.record["spent"] == pytest.approx(most * price)


def test_it_stops_where_nothing_is_left_to_ask(trial):
    review = trial(n=30)

    *_, last = review.until_it_stops()

    assert last.record["verdict"]["reason"] == "nothing left to ask"
    assert review.frame("items").height == 30


def test_it_stops_where_answers_are_surely_not_worth_their_price(trial):
    review = trial(worth=1e-6, size=20)

    *_, last = review.until_it_stops()

    assert last.record["verdict"]["reason"] == "not worth its price"
    assert last.record["answers"] < 240


def test_without_votes_it_begins_with_the_audit_and_learns_from_answers_alone(trial):
    review = trial(votes=False)

    first, second = review.step(), review.step()

    assert first.record["batch"] == {"audit": 12, "repair": 0, "second": 0, "chosen": 0}
    assert second.record["batch"]["chosen"] > 0
    assert second.record["flags"] == []


def test_people_who_err_are_found_out_and_their_doubtful_answers_asked_once_more(trial):
    review = trial(accuracies=(1.0, 1.0, 0.5), size=24)

    for _ in range(6):
        last = review.step()

    people = last.record["people"]
    again = review.frame("tasks").group_by("item").len().filter(pl.col("len") > 1)
    assert min(people, key=people.get) == "simulated-3"
    assert again.height > 0


def test_items_that_people_skip_are_not_asked_again_and_the_audit_goes_on_past_them(trial):
    review = trial()
    order = wl.audit_next(review.loop.learner.item_ids, 240)
    skipped = order[0]
    review.people = wl.SimulatedPeople({**review.people.gold, skipped: None}, ("no", "yes"))

    for _ in range(3):
        last = review.step()

    assert last.record["skipped"] == 1
    assert last.record["audited"] > 0
    assert review.frame("tasks").filter(pl.col("item") == skipped).height == 1


def test_what_is_believed_lies_in_the_folder_and_says_what_it_rests_on(trial):
    review = trial()
    review.step()

    review.step()

    beliefs = wl.Posterior.load(review.folder / "beliefs.parquet")
    training = wl.TrainingSet.load(review.folder / "training.parquet")
    labels = wl.Posterior.load(review.folder / "labels.parquet")
    assert len(beliefs.item_ids) == 240
    assert beliefs.covered.all()
    assert int(labels.answered.sum()) == 12
    people = {"simulated-1": pytest.approx(0.9, abs=0.1)}
    assert labels.provenance["review"] == {"answers": 12, "people": people, "simulated": True}
    assert len(training) > 0


def test_answers_about_items_that_left_the_table_are_set_aside_with_a_warning(trial, caplog):
    review = trial()
    review.step()
    table, L, gold = review.loop.learner.table, review.loop.learner.L, review.people.gold
    gone = review.frame("items")["id"][0]
    keep = (L.item_ids != gone).to_numpy()
    smaller = wl.LabelMatrix(L.votes[keep], L.item_ids.filter(pl.Series(keep)), L.lf_names, L.classes)
    learner = wl.Learner(table.filter(pl.col("id") != gone), smaller)

    found = type(review)(review.folder, wl.Loop(learner, size=12, folds=4), review.people).step()

    assert found.record["answers"] == 11
    assert f"items that the table lacks, first {gone!r}" in caplog.text
    assert gold


def test_two_loops_on_one_journal_exclude_each_other(trial):
    review = trial()
    said = r"another review run \(process \d+\) is at work"
    with wl.Journal(review.folder) as journal, journal.exclusive("loop"), pytest.raises(JournalError, match=said):
        wl.review_step(review.loop, journal, wl.LocalFile(review.folder))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"size": 0}, "batches of 0 items"),
        ({"share": 0.0}, "a share of 0.0 goes to the audit"),
        ({"second": 1.5}, "a share of 1.5 goes to second opinions"),
        ({"worth": 0.0}, "worth 0.0"),
        ({"target": 0.0}, "a target of 0 for accuracy"),
        ({"target": 1.5}, "a target of 1.5 for accuracy"),
        ({"target": -0.1, "measure": "log_loss"}, "a target of -0.1 for log_loss"),
        ({"strategy": "relabel"}, "strategy 'relabel' needs answers to doubt"),
        ({"strategy": "lf_aware", "votes": False}, "strategy 'lf_aware' needs votes"),
    ],
)
def test_numbers_out_of_range_are_refused(trial, wrong, said):
    with pytest.raises(TableError, match=said):
        trial(**wrong)


def test_the_loop_is_made_only_once_something_is_to_be_learned(trial):
    review = trial()
    review.step(answer=False)

    def unneeded():
        raise AssertionError("nobody has answered yet")

    with wl.Journal(review.folder) as journal:
        assert wl.review_step(unneeded, journal, wl.LocalFile(review.folder)).state == "waiting"
        review.people.answer_file(journal, review.folder)
        assert wl.review_step(lambda: review.loop, journal, wl.LocalFile(review.folder)).state == "asked"


def test_a_batch_that_nobody_can_answer_is_warned_of_and_the_loop_ends_with_the_pool(trial, caplog):
    review = trial(n=30)
    review.people = wl.SimulatedPeople(dict.fromkeys(review.people.gold), ("no", "yes"))

    *_, last = review.until_it_stops(10)

    assert "people skipped all 12 questions of the last batch" in caplog.text
    assert last.record["verdict"]["reason"] == "nothing left to ask"
    assert (last.record["answers"], last.record["skipped"]) == (0, 30)


def test_the_model_that_is_judged_is_not_fitted_once_more(trial, monkeypatch):
    review = trial(folds=2, second=0.0)
    for _ in range(5):
        review.step()
    seen, fit = [], review.loop.learner.fit

    def counted(answers, audit, left_out=frozenset()):
        seen.append((tuple(sorted(answers.items())), audit.item_ids.to_list(), left_out))
        return fit(answers, audit, left_out)

    monkeypatch.setattr(review.loop.learner, "fit", counted)
    record = review.step().record

    assert record["score"] is not None
    assert all(seen.count(one) == 1 for one in seen)


def test_a_class_without_votes_is_warned_of_once_when_the_votes_are_read_and_not_in_each_round(trial, caplog):
    review = trial()
    L = review.loop.learner.L
    wider = wl.LabelMatrix(L.votes, L.item_ids, L.lf_names, (*L.classes, "maybe"))
    review.loop = wl.Loop(wl.Learner(review.loop.learner.table, wider), size=12)
    review.people = wl.SimulatedPeople(review.people.gold, wider.classes)
    caplog.clear()

    review.step()
    review.step()

    assert "ever votes 'maybe'" not in caplog.text
