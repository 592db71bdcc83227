import importlib.util
import subprocess
import sys
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import ServerError
from weaklabel.review import tasks as making
from weaklabel.review.backends.label_studio import LabelStudio
from weaklabel.review.pull import pull
from weaklabel.review.push import push

PROXY = Path(__file__).parents[2] / "benchmarks" / "faulty_proxy.py"
if not PROXY.is_file():
    pytest.skip("the benchmarks are not here: the tests were taken out of a checkout", allow_module_level=True)
CLASSES = ("ham", "spam")
PUSH_IN_BATCHES_OF_FOUR = """
import importlib, json, sys
from weaklabel.review.journal import Journal
from weaklabel.review.place import find

module = importlib.import_module("weaklabel.review.push")
module.SIZE = 4
with Journal(sys.argv[1], create=False) as journal:
    module.push([], journal, find(journal, token=sys.stdin.readline().strip()))
"""


def faulty_proxy():
    spec = importlib.util.spec_from_file_location("faulty_proxy", PROXY)
    module = sys.modules["faulty_proxy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FaultyProxy


@pytest.fixture
def proxy(studio):
    with faulty_proxy()(studio.url) as proxy:
        yield proxy


@pytest.fixture
def behind(backend, studio, proxy):
    """The same project as `backend`'s, reached through the proxy."""
    return LabelStudio(title=backend.title, url=proxy.url, token=studio.token)


@pytest.fixture
def batches_of_four(monkeypatch):
    monkeypatch.setattr(sys.modules["weaklabel.review.push"], "SIZE", 4)


@pytest.fixture
def without_patience(monkeypatch):
    """Even after a doubt all tasks are looked through only where some have come or gone."""
    monkeypatch.setattr(sys.modules["weaklabel.review.sweep"], "DOUBT", timedelta(0))


def questions(count, first=1, model="lm-1"):
    made = []
    for rank in range(first, first + count):
        name, data = f"mail-{rank}", {"text": f"mail number {rank}"}
        prelabel = Prelabel("spam", 0.8, model)
        made.append(Task(making.key(name, data), name, data, CLASSES, prelabel, {"has_link": "spam"}, rank))
    return made


def there(studio, journal):
    """Key -> the project's tasks with that key, read from the server."""
    found = {}
    with studio.client() as admin:
        query = {"project": journal.setting("place")["project"], "page_size": 1000, "fields": "all"}
        for task in admin.get("/api/tasks", params=query).raise_for_status().json()["tasks"]:
            found.setdefault(task["data"]["wl_key"], []).append(task)
    return found


def copies(studio, journal):
    return Counter(len(same) for same in there(studio, journal).values())


def delete_task(studio, number):
    with studio.client() as admin:
        admin.delete(f"/api/tasks/{number}/").raise_for_status()


def twins(studio, proxy, behind, journal):
    """A task that is there twice, with the numbers of both copies."""
    proxy.orders.append("late")
    (asked,) = questions(1)
    push([asked], journal, behind)
    proxy.deliver()
    first, second = sorted(task["id"] for task in there(studio, journal)[asked.key])
    return asked, first, second


@pytest.mark.parametrize("fault", ["gateway_504", "drop_after"])
def test_an_import_that_was_done_although_its_answer_was_lost_is_looked_up_and_not_sent_again(
    fault, studio, proxy, behind, journal
):
    proxy.orders.append(fault)

    pushed = push(questions(10), journal, behind)

    assert proxy.counts["import"] == 1
    assert pushed.new == 10
    assert copies(studio, journal) == {1: 10}
    assert all(len(task["predictions"]) == 1 for (task,) in there(studio, journal).values())


def test_an_import_that_never_arrived_is_sent_once_more(studio, proxy, behind, journal):
    proxy.orders.append("drop_before")

    pushed = push(questions(10), journal, behind)

    assert proxy.counts["import"] == 2
    assert pushed.new == 10
    assert copies(studio, journal) == {1: 10}


def test_an_import_that_breaks_each_time_is_given_up_and_goes_through_with_the_next_push(
    studio, proxy, behind, journal
):
    proxy.orders += ["drop_before"] * 3

    with pytest.raises(ServerError, match="gave no answer"):
        push(questions(5), journal, behind)

    assert proxy.counts["import"] == 3
    assert there(studio, journal) == {}
    assert push([], journal, behind).swept.foreign == 0
    assert copies(studio, journal) == {1: 5}


def test_a_second_push_of_the_same_tasks_sends_no_import(proxy, behind, journal):
    push(questions(10), journal, behind)
    before = Counter(proxy.counts)

    pushed = push(questions(10), journal, behind)

    assert (pushed.new, pushed.known) == (0, 10)
    assert proxy.counts["import"] == before["import"] == 1
    assert proxy.counts["write"] == before["write"]


def test_the_twins_of_an_import_that_is_carried_out_late_go_with_the_next_pull(studio, proxy, behind, journal):
    proxy.orders.append("late")
    push(questions(10), journal, behind)
    assert proxy.deliver() == [201]
    assert copies(studio, journal) == {2: 10}

    pulled = pull(journal, behind)

    assert pulled.count("twin_removed") == 10
    assert copies(studio, journal) == {1: 10}
    assert {key: str(task["id"]) for key, (task,) in there(studio, journal).items()} == journal.ledger.remote_ids()
    assert all(len(task["predictions"]) == 1 for (task,) in there(studio, journal).values())
    assert pull(journal, behind).swept.events == ()


def test_where_only_the_twin_was_answered_it_is_the_one_that_stays(studio, proxy, behind, journal, annotator):
    proxy.orders.append("late")
    (asked,) = questions(1)
    push([asked], journal, behind)
    proxy.deliver()
    twin = max(task["id"] for task in there(studio, journal)[asked.key])
    annotator("ada@weaklabel.test").answer(twin, "ham")

    pulled = pull(journal, behind)

    assert [event.kind for event in (*pulled.events, *pulled.swept.events)] == ["answered", "twin_removed"]
    assert [task["id"] for task in there(studio, journal)[asked.key]] == [twin]
    assert journal.ledger.remote_ids() == {asked.key: str(twin)}
    assert [answer.label for answer in journal.annotations()] == ["ham"]


def test_twins_that_were_both_answered_stay_and_are_named_and_both_answers_count(
    studio, proxy, behind, journal, annotator
):
    asked, first, second = twins(studio, proxy, behind, journal)
    annotator("ada@weaklabel.test").answer(first, "ham")
    annotator("ben@weaklabel.test").answer(second, "spam")

    pulled = pull(journal, behind)

    assert pulled.swept.answered_twins == (asked.key,)
    assert copies(studio, journal) == {2: 1}
    assert {answer.annotator: answer.label for answer in journal.annotations()} == {
        "ada@weaklabel.test": "ham",
        "ben@weaklabel.test": "spam",
    }


def test_an_answer_taken_back_in_a_twin_is_noted_before_a_push_clears_the_twin_away(
    studio, proxy, behind, journal, annotator
):
    _, first, second = twins(studio, proxy, behind, journal)
    annotator("ada@weaklabel.test").answer(first, "ham")
    wrong = annotator("ben@weaklabel.test").answer(second, "spam")
    pull(journal, behind)
    annotator("ben@weaklabel.test").delete(wrong["id"])

    push([], journal, behind)
    pulled = pull(journal, behind)

    assert [event.kind for event in pulled.events] == ["deleted"]
    assert [answer.annotator for answer in journal.annotations()] == ["ada@weaklabel.test"]
    assert copies(studio, journal) == {1: 1}


def test_a_twin_and_a_deletion_that_leave_the_number_of_tasks_as_it_was_are_both_found(
    studio, proxy, behind, journal, without_patience
):
    proxy.orders.append("late")
    first, second = questions(2)
    push([first], journal, behind)
    push([second], journal, behind)
    assert pull(journal, behind).swept.events == ()
    delete_task(studio, there(studio, journal)[second.key][0]["id"])  # the twin may get its number
    proxy.deliver()

    pulled = pull(journal, behind)

    assert [(event.kind, event.key) for event in pulled.swept.events] == [
        ("twin_removed", first.key),
        ("task_deleted", second.key),
    ]
    assert push([first, second], journal, behind).tombstones == 1
    assert copies(studio, journal) == {1: 1}


def test_a_pull_with_nothing_new_does_not_list_all_tasks_and_a_full_one_does(proxy, behind, journal, without_patience):
    push(questions(10), journal, behind)
    pull(journal, behind)
    before = len(proxy.log)

    pulled = pull(journal, behind)

    assert (pulled.events, pulled.swept.events) == ((), ())
    assert len(proxy.log) - before <= 4
    assert not [line for line in proxy.log[before:] if "total_annotations" in line]
    before = len(proxy.log)
    assert pull(journal, behind, full=True).events == ()
    assert [line for line in proxy.log[before:] if "total_annotations" in line]


def test_after_a_doubt_each_pull_looks_through_all_tasks(proxy, behind, journal):
    proxy.orders.append("drop_after")
    push(questions(3), journal, behind)
    pull(journal, behind)
    before = len(proxy.log)

    pull(journal, behind)

    assert [line for line in proxy.log[before:] if "total_annotations" in line]


def test_tasks_that_a_late_import_brings_back_after_their_deletion_are_noted(studio, proxy, behind, journal):
    proxy.orders.append("late")
    asked = questions(2)
    push(asked, journal, behind)
    for (task,) in there(studio, journal).values():
        delete_task(studio, task["id"])
    assert pull(journal, behind).count("task_deleted") == 2
    proxy.deliver()

    pulled = pull(journal, behind)

    assert pulled.count("task_restored") == 2
    assert set(journal.ledger.states().values()) == {"pushed"}


def test_a_server_that_goes_in_mid_push_is_named_and_the_next_push_sends_the_rest(
    studio, proxy, behind, journal, batches_of_four
):
    proxy.orders += ["pass", "leave"]

    with pytest.raises(ServerError, match="see that it runs and that host and port are right"):
        push(questions(12), journal, behind)

    assert Counter(journal.ledger.states().values()) == {"pushed": 8, "pending": 4}
    proxy.listen()
    assert push(questions(12), journal, behind).new == 4
    assert proxy.counts["import"] == 3
    assert copies(studio, journal) == {1: 12}


def test_a_pushing_program_that_is_killed_before_it_notes_what_arrived_sends_nothing_twice(
    studio, proxy, behind, journal
):
    push(questions(2), journal, behind)
    journal.ledger.plan(questions(8, first=3))
    proxy.orders += ["pass", "stall"]
    command = [sys.executable, "-c", PUSH_IN_BATCHES_OF_FOUR, str(journal.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as child:
        child.stdin.write(f"{studio.token}\n")
        child.stdin.flush()
        assert proxy.stalled.wait(60)
        child.kill()
    proxy.release()
    assert Counter(journal.ledger.states().values()) == {"pushed": 6, "in_flight": 4}

    push([], journal, behind)

    assert proxy.counts["import"] == 3
    assert set(journal.ledger.states().values()) == {"pushed"}
    assert copies(studio, journal) == {1: 10}


def test_the_pre_labels_of_a_new_model_show_although_their_import_was_in_doubt(studio, proxy, behind, journal):
    push(questions(2), journal, behind)
    proxy.orders.append("drop_after")

    push(questions(2, first=3, model="lm-2"), journal, LabelStudio(behind.title, proxy.url, token=studio.token))

    with studio.client() as admin:
        project = admin.get(f"/api/projects/{journal.setting('place')['project']}/").json()
    assert project["model_version"] == "lm-2"
    assert all(len(task["predictions"]) == 1 for (task,) in there(studio, journal).values())


def test_a_wrong_token_is_refused_in_words_that_do_not_repeat_it(studio, proxy, journal):
    wrong = "f" * 40

    with pytest.raises(ServerError, match="does not accept the token") as refused:
        push(questions(2), journal, LabelStudio(f"wrong {uuid.uuid4().hex}", proxy.url, token=wrong))

    assert wrong not in str(refused.value)
    assert proxy.counts["import"] == 0


def test_a_pull_whose_reads_break_now_and_then_brings_each_answer_once(studio, proxy, behind, journal, annotator):
    asked = questions(3)
    push(asked, journal, behind)
    for (task,) in there(studio, journal).values():
        annotator("ada@weaklabel.test").answer(task["id"], "ham")
    broken = Counter()

    def every_second(request):
        broken[request.method] += 1
        return "drop_after" if request.method == "GET" and broken["GET"] % 2 else "pass"

    proxy.choose = every_second
    pulled = pull(journal, behind)

    assert [event.kind for event in pulled.events] == ["answered"] * 3
    assert proxy.counts["drop_after"] > 1
    assert [event.kind for event in pull(journal, behind).events] == []
