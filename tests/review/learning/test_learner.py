import logging

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import weaklabel as wl
from weaklabel.errors import AnswerError, ModelError, TableError
from weaklabel.review.audit.functions import denoise_with_answers
from weaklabel.review.audit.permutation import audit_next, audit_slice
from weaklabel.review.learning import Learner

CLASSES = ("ham", "spam")


def world(n=400, blind=False, seed=0, fires=0.6):
    """Points whose class is the sign of a + b; three functions that err at random, or look at a alone."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    y = (points.sum(axis=1) > 0).astype(int)
    said = np.repeat((points[:, :1] > 0).astype(int) if blind else y[:, None], 3, axis=1)
    said = said if blind else np.where(rng.random((n, 3)) < 0.8, said, 1 - said)
    said[rng.random((n, 3)) > fires] = -1
    L = wl.LabelMatrix.from_array(said, classes=CLASSES)
    return pl.DataFrame({"id": L.item_ids, "a": points[:, 0], "b": points[:, 1]}), L, y


def asked(table, y, size=60, chosen=40, seed=0):
    """True answers to the first items of the audit and to the first of the table, and the slice."""
    items = [*audit_next(table["id"], size - chosen, seed=seed), *table["id"].head(chosen)]
    row = {item: i for i, item in enumerate(table["id"])}
    answers = {item: CLASSES[y[row[item]]] for item in items}
    return answers, audit_slice(table["id"], answers, seed=seed)


def right(posterior, y):
    return (posterior.probs.argmax(axis=1) == y).mean()


def test_without_answers_the_end_model_is_the_one_trained_on_weak_labels():
    table, L, _ = world()

    learned = Learner(table, L).fit({}, audit_slice(table["id"], ()))

    expected = wl.train(wl.training_set(wl.denoise(L), table)).predict_proba(table)
    assert learned.beliefs.probs == pytest.approx(expected.probs, abs=0.02)  # features come from the whole pool
    assert learned.beliefs.covered.all()
    assert learned.how == f"{L.covered.sum()} weak labels, no answers"


def test_the_label_model_learns_as_denoise_with_answers_does():
    table, L, y = world()
    answers, audit = asked(table, y)

    learned = Learner(table, L).fit(answers, audit)

    expected = denoise_with_answers(L, answers, audit)
    assert (learned.labels.probs == expected.probs).all()
    assert (learned.labels.answered == expected.answered).all()
    assert learned.labels.provenance == expected.provenance
    assert not learned.weak.answered.any()


def test_a_told_class_balance_is_in_the_labels_and_not_in_what_the_end_model_learns():
    table, L, y = world()
    told = wl.plugins.build("model", "hybrid_em", class_balance=(0.8, 0.2))

    lopsided = Learner(table, L, label_model=told).fit({}, audit_slice(table["id"], ()))

    assert lopsided.labels.probs[:, 0].mean() > 0.65
    assert lopsided.beliefs.probs[:, 0].mean() == pytest.approx(0.5, abs=0.1)
    assert right(lopsided.beliefs, y) > 0.9


def test_answers_mend_what_all_functions_get_wrong():
    table, L, y = world(blind=True)
    answers, audit = asked(table, y, 160, 120)

    before = Learner(table, L).fit({}, audit_slice(table["id"], ()))
    after = Learner(table, L).fit(answers, audit)

    assert right(before.beliefs, y) < 0.8
    assert right(after.beliefs, y) > 0.9
    assert after.weight > 10


def test_an_answer_counts_for_little_where_functions_err_at_random():
    table, L, y = world()

    learned = Learner(table, L).fit(*asked(table, y))

    assert 1 <= learned.weight < 6
    assert f"each of which counts for {learned.weight:.1f} of them" in learned.how


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 5), st.sets(st.integers(0, 59), min_size=1, max_size=12))
def test_what_is_left_out_changes_nothing_whatever_its_answer_is(seed, places):
    table, L, y = world(200, seed=seed)
    answers, audit = asked(table, y)
    left_out = frozenset(np.array(list(answers))[[place % len(answers) for place in places]])
    wrong = {item: CLASSES[1 - CLASSES.index(label)] if item in left_out else label for item, label in answers.items()}
    learner = Learner(table, L)

    one, other = learner.fit(answers, audit, left_out), learner.fit(wrong, audit, left_out)

    assert (one.beliefs.probs == other.beliefs.probs).all()
    assert (one.weak.probs == other.weak.probs).all()
    assert not one.labels.answered[L.item_ids.is_in(list(left_out)).to_numpy()].any()


def test_an_answer_does_not_change_what_is_expected_of_its_item_unseen():
    table, L, y = world(200)
    answers, audit = asked(table, y)
    learner = Learner(table, L)
    unseen = learner.fit(answers, audit).unseen

    for item in [audit.item_ids[0], list(answers)[-1]]:
        other = answers | {item: CLASSES[1 - CLASSES.index(answers[item])]}
        row = int((table["id"] == item).arg_max())

        assert (learner.fit(other, audit).unseen.probs[row] == unseen.probs[row]).all()


def test_the_audit_judges_it_by_fits_that_leave_answers_out():
    table, L, y = world(blind=True)
    answers, audit = asked(table, y, 100, 40)
    learner = Learner(table, L)

    held = wl.held_out(lambda left_out: learner.fit(answers, audit, left_out).beliefs, audit, answers, folds=3)

    score, truth = wl.audit_score(held), right(learner.fit(answers, audit).unseen, y)
    assert score.lower < truth < score.upper
    assert score.audited == len(audit) > 50


def test_items_without_an_answer_are_believed_the_same_unseen():
    table, L, y = world(200)
    answers, audit = asked(table, y)

    learned = Learner(table, L).fit(answers, audit)

    there = table["id"].is_in(list(answers)).to_numpy()
    assert (learned.unseen.probs[~there] == learned.beliefs.probs[~there]).all()
    assert (learned.unseen.probs[there] != learned.beliefs.probs[there]).any(axis=1).mean() > 0.9


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_answers_nor_that_of_rows_matters(random):
    table, L, y = world(200)
    answers, audit = asked(table, y)
    rows, items = list(range(len(table))), list(answers)
    random.shuffle(rows)
    random.shuffle(items)
    other = wl.LabelMatrix(L.votes[rows], L.item_ids.gather(rows), L.lf_names, L.classes)

    here = Learner(table, L).fit(answers, audit)
    there = Learner(table, other).fit({item: answers[item] for item in items}, audit)

    assert there.beliefs.probs == pytest.approx(here.beliefs.probs[rows], abs=1e-3)
    assert there.weight == pytest.approx(here.weight, rel=1e-2)


def test_other_class_names_change_no_number():
    table, L, y = world(200)
    answers, audit = asked(table, y)
    renamed = wl.LabelMatrix(L.votes, L.item_ids, L.lf_names, ("no", "yes"))
    names = dict(zip(CLASSES, renamed.classes, strict=True))

    here = Learner(table, L).fit(answers, audit)
    there = Learner(table, renamed).fit({item: names[label] for item, label in answers.items()}, audit)

    assert (here.beliefs.probs == there.beliefs.probs).all()


def test_people_alone_teach_where_there_are_no_functions():
    table, _, y = world()
    answers, audit = asked(table, y)

    learned = Learner(table, classes=CLASSES).fit(answers, audit)

    assert right(learned.beliefs, y) > 0.95
    assert learned.weak is None
    assert (learned.labels.answered.sum(), learned.labels.covered.sum()) == (len(answers), len(answers))
    assert learned.how == f"{len(answers)} answers, no weak labels"


@pytest.mark.parametrize(("n", "share"), [(0, 1 / 2), (1, 2 / 3), (4, 5 / 6)])
def test_where_one_class_alone_was_seen_the_balance_seen_is_believed(n, share):
    table, _, _ = world()
    answers = dict.fromkeys(table["id"].head(n), "spam")

    learned = Learner(table, classes=CLASSES).fit(answers, audit_slice(table["id"], ()))

    assert learned.beliefs.probs == pytest.approx(np.tile([1 - share, share], (len(table), 1)))
    assert learned.unseen.probs[n:] == pytest.approx(learned.beliefs.probs[n:])


def test_functions_that_vote_on_nothing_leave_it_to_people():
    table, L, y = world()
    silent = wl.LabelMatrix(np.full_like(L.votes, -1), L.item_ids, L.lf_names, L.classes)
    answers, audit = asked(table, y)

    learned = Learner(table, silent).fit(answers, audit)

    alone = Learner(table, classes=CLASSES).fit(answers, audit)
    assert learned.beliefs.probs == pytest.approx(alone.beliefs.probs)


def test_answers_of_one_class_are_learned_beside_weak_labels_of_both():
    table, L, y = world()
    answers = dict.fromkeys(table["id"].filter(pl.Series(y == 1)).head(30), "spam")

    learned = Learner(table, L).fit(answers, audit_slice(table["id"], answers))

    assert right(learned.beliefs, y) > 0.8


def test_a_class_that_one_answer_alone_shows_does_no_harm():
    table, L, y = world()
    three = wl.LabelMatrix(L.votes, L.item_ids, L.lf_names, (*CLASSES, "eggs"))
    answers, audit = asked(table, y)

    learned = Learner(table, three).fit(answers | {table["id"][0]: "eggs"}, audit)

    assert np.isfinite(learned.beliefs.probs).all()
    assert right(learned.beliefs, y) > 0.9


@pytest.mark.parametrize(
    "classifier", [GaussianNB(), LinearSVC(), RandomForestClassifier(5, random_state=0), LogisticRegression()], ids=str
)
@pytest.mark.parametrize("votes", [True, False])
def test_any_classifier_learns_it(classifier, votes):
    table, L, y = world(200)
    answers, audit = asked(table, y)

    learned = Learner(table, L if votes else None, classifier=classifier, classes=CLASSES).fit(answers, audit)

    assert right(learned.beliefs, y) > 0.85


def texts(n=120):
    y = np.arange(n) % 2
    said = [f"free prize {i % 7}" if spam else f"lunch at home {i % 7}" for i, spam in enumerate(y)]
    L = wl.LabelMatrix.from_array(np.where(np.arange(n)[:, None] < n // 2, y[:, None], -1), classes=CLASSES)
    return pl.DataFrame({"id": L.item_ids, "text": said, "length": [len(text) for text in said]}), L, y


@pytest.mark.parametrize("text_features", [None, HashingVectorizer(n_features=64)])
def test_texts_become_features_once_and_the_model_reads_other_texts(text_features):
    table, L, y = texts()
    learner = Learner(table, L, text_features=text_features)

    learned = learner.fit(*asked(table, y, 20, 10))

    new = learned.end_model.predict_proba({"id": ["new"], "text": ["a free prize for you"]})
    assert new.labels().tolist() == [1]
    assert learner.features.shape[0] == len(table)
    assert learned.end_model.predict_proba(table).probs == pytest.approx(learned.beliefs.probs)


def test_a_pipeline_reads_the_columns_themselves():
    table, L, y = texts()
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    learner = Learner(table, L, classifier=pipeline)

    learned = learner.fit(*asked(table, y, 20, 10))

    assert right(learned.beliefs, y) == 1
    assert learner.features.shape[0] == len(table)


def test_rows_that_the_votes_lack_are_no_part_of_the_pool():
    table, L, y = world(200)
    more = pl.concat([pl.DataFrame({"id": ["other"], "a": [0.0], "b": [0.0]}), table.reverse()])

    learner = Learner(more, L)

    assert learner.item_ids.to_list() == L.item_ids.to_list()
    assert learner.table["id"].to_list() == L.item_ids.to_list()
    assert learner.fit(*asked(table, y)).beliefs.item_ids.to_list() == L.item_ids.to_list()


def test_a_class_that_no_function_votes_for_is_warned_of_once(caplog):
    table, L, y = world(200)
    one_sided = wl.LabelMatrix(np.where(L.votes == 1, -1, L.votes), L.item_ids, L.lf_names, CLASSES)

    with caplog.at_level(logging.WARNING):
        learner = Learner(table, one_sided)
        learner.fit(*asked(table, y))

    assert [record.getMessage()[:37] for record in caplog.records] == ["no labeling function ever votes 'spam"]


def test_what_cannot_be_learned_from_is_said():
    table, L, y = world(200)
    answers, audit = asked(table, y)
    learner = Learner(table, L)

    with pytest.raises(AnswerError, match=r"1 answers are of no item of the pool, first 'x'"):
        learner.fit(answers | {"x": "ham"}, audit)
    with pytest.raises(AnswerError, match="is answered 'eggs', which is no class"):
        learner.fit(answers | {table["id"][0]: "eggs"}, audit)
    with pytest.raises(AnswerError, match="of the audit slice have no answer"):
        learner.fit({}, audit)
    with pytest.raises(TableError, match="nothing says what the classes are"):
        Learner(table)
    with pytest.raises(TableError, match="classes are a, b, those of the votes ham, spam"):
        Learner(table, L, classes=("a", "b"))
    with pytest.raises(TableError, match="no row for 1 of the items"):
        Learner(table[1:], L)
    with pytest.raises(ModelError, match="no features can be made of a, b"):
        Learner(table.with_columns(a=pl.lit("x").cast(pl.Categorical)), L, columns=["a", "b"])


def test_without_votes_a_training_set_can_be_made_of_the_labels_without_a_warning(caplog):
    table, _, y = world(100)
    answers, audit = asked(table, y)

    learned = Learner(table, classes=CLASSES).fit(answers, audit)
    made = wl.training_set(learned.labels, table)

    assert len(made) == len(answers)
    assert caplog.text == ""
