import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Annotation, RemoteTask, Task
from weaklabel.review.journal import Journal

AT = "2026-01-01T00:00:0{}Z"


def journal_of(folder, n=3):
    journal = Journal(folder)
    journal.ledger.plan([Task(f"k{i}", f"c-{i}", {"text": "x"}, ("ham", "spam")) for i in range(n)])
    return journal


def answer(label="spam", at=1, number="7", key="k1", who="ada", made=0):
    return Annotation(
        number, key, key.replace("k", "c-"), label, who, 2.5, AT.format(at), AT.format(made), "accepted", "m1"
    )


def there(*annotations, key="k1", **more):
    return RemoteTask("101", key, annotations, **more)


def kinds(events):
    return [event.kind for event in events]


@pytest.fixture
def journal(tmp_path):
    return journal_of(tmp_path)


def test_an_answer_is_recorded_with_all_that_is_known_of_it(journal):
    given = answer()

    events = journal.answers.record([there(given)])

    assert [(event.kind, event.key) for event in events] == [("answered", "k1")]
    assert journal.annotations() == [given]


def test_the_same_answer_again_is_no_event(journal):
    journal.answers.record([there(answer())])

    assert journal.answers.record([there(answer()), there(answer())]) == []

    assert len(journal.frame("annotations")) == 1


def test_an_answer_that_was_touched_and_not_changed_is_no_event_but_its_time_is_noted(journal):
    journal.answers.record([there(answer(at=1))])

    assert journal.answers.record([there(answer(at=5))]) == []

    assert journal.annotations() == [answer(at=5)]


def test_an_edit_is_a_new_version_and_the_old_one_stays(journal):
    journal.answers.record([there(answer("spam", at=1))])

    events = journal.answers.record([there(answer("ham", at=2))])

    assert kinds(events) == ["edited"]
    assert [one.label for one in journal.annotations()] == ["ham"]
    assert journal.frame("annotations").select("version", "label").rows() == [(1, '"spam"'), (2, '"ham"')]


def test_a_deletion_is_a_version_and_the_answer_stands_no_more(journal):
    journal.answers.record([there(answer())])

    assert kinds(journal.answers.record([there()])) == ["deleted"]
    assert journal.answers.record([there()]) == []

    assert journal.annotations() == []
    assert journal.frame("annotations")["kind"].to_list() == ["answer", "deleted"]


def test_what_was_deleted_can_come_back(journal):
    journal.answers.record([there(answer())])
    journal.answers.record([there()])

    assert kinds(journal.answers.record([there(answer())])) == ["restored"]

    assert journal.annotations() == [answer()]


def test_what_an_export_lacks_was_not_deleted(journal):
    journal.answers.record([there(answer(), whole=False)])

    assert journal.answers.record([there(whole=False)]) == []

    assert journal.annotations() == [answer()]


def test_where_something_could_not_be_read_nothing_counts_as_deleted(journal):
    journal.answers.record([there(answer())])

    events = journal.answers.record([there(problems=("annotation 7 has no result",))])

    assert kinds(events) == ["malformed"]
    assert journal.annotations() == [answer()]


def test_the_same_problem_is_told_once(journal):
    told = [there(problems=("annotation 7 has no result",))]

    assert [kinds(journal.answers.record(told)) for _ in range(3)] == [["malformed"], [], []]


def test_a_skip_is_never_an_answer(journal):
    events = journal.answers.record([there(answer(None)), there(answer("ham", key="k2"), key="k2")])

    assert kinds(events) == ["skipped", "answered"]
    assert journal.skipped() == ["c-1"]


def test_a_skipped_item_that_another_person_answered_is_not_skipped(journal):
    journal.answers.record([there(answer(None), answer("ham", number="8", who="bob"))])

    assert journal.skipped() == []


def test_an_id_that_is_given_out_again_is_another_annotation(journal):
    journal.answers.record([there(answer("spam", made=0))])

    events = journal.answers.record([there(answer("ham", at=5, made=4))])

    assert sorted(kinds(events)) == ["answered", "deleted"]


def test_twins_do_not_delete_each_others_answers(journal):
    first = RemoteTask("101", "k1", (answer(number="7"),), made_at="a")
    twin = RemoteTask("102", "k1", (answer("ham", number="8", who="bob"),), made_at="b")

    assert kinds(journal.answers.record([first, twin])) == ["answered", "answered"]
    assert journal.answers.record([twin, first]) == []

    assert len(journal.annotations()) == 2


def test_a_task_that_was_asked_again_under_the_same_id_keeps_its_earlier_answers(journal):
    journal.answers.record([RemoteTask("101", "k1", (answer(),), made_at="before")])

    assert journal.answers.record([RemoteTask("101", "k1", (), made_at="after")]) == []

    assert journal.annotations() == [answer()]


def test_tasks_of_others_are_passed_over(journal):
    foreign = there(answer(key="other"), key="other")

    assert journal.answers.record([foreign, there(answer())])[0].key == "k1"


def test_answers_are_only_added_to(journal):
    journal.answers.record([there(answer())])

    for statement in ("UPDATE annotations SET label = 'x'", "DELETE FROM annotations"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            journal.database.write(statement)


def test_several_chosen_classes_are_an_answer_and_none_of_them_is_one_too(journal):
    given = [answer(("a", "b")), answer((), number="8", key="k2")]

    journal.answers.record([there(given[0]), there(given[1], key="k2")])

    assert journal.annotations() == given
    assert not any(one.skipped for one in journal.annotations())


versions = st.lists(
    st.tuples(st.sampled_from("78"), st.integers(1, 9), st.sampled_from(["ham", "spam", None])), min_size=1, max_size=8
)


@given(versions, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exports_read_in_any_order_and_any_number_of_times_end_in_the_same_answers(tmp_path_factory, found, rng):
    pages = [there(answer(label, at, number), whole=False) for number, at, label in found]
    shuffled = [*pages, *rng.choices(pages, k=3)]
    rng.shuffle(shuffled)
    one, other = (journal_of(tmp_path_factory.mktemp("journal")) for _ in range(2))

    one.answers.record(pages)
    for page in shuffled:
        other.answers.record([page])

    assert _stand(one) == _stand(other)
    assert other.answers.record(pages) == []


def _stand(journal):
    return {(one.remote_id, one.label, one.updated_at) for one in journal.annotations()}


def test_a_page_is_recorded_whole_or_not_at_all(journal):
    broken = replace(answer("ham", number="9", key="k2"), annotator=None)

    with pytest.raises(Exception, match="NOT NULL|nothing was changed"):
        journal.answers.record([there(answer()), there(broken, key="k2")])

    assert journal.annotations() == []
