import signal
import subprocess
import sys
import time
import uuid

import httpx
import pytest

from weaklabel.errors import ServerError
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.serving.connecting import connect
from weaklabel.review.serving.ml_backend import answering
from weaklabel.review.serving.running import running
from weaklabel.review.serving.suggesters import FromPosterior
from weaklabel.review.serving.waking import Waker
from weaklabel.review.serving.webhook import receiver, register, registered, unregister
from weaklabel.review.studio import server

LISTEN = """
import sys, time
from weaklabel.review.serving.webhook import listen
listen(lambda: time.sleep(float(sys.argv[2])), secret=sys.argv[1], port=0, ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def events(place, ada, task):
    """What people do, by name, one after the other, with two new tasks."""
    first, second = place.add([task(uuid.uuid4().hex) for _ in range(2)])
    made = ada.answer(first, "spam")
    yield "answer"
    ada.edit(made["id"], "ham")
    yield "edit"
    ada.skip(second)
    yield "skip"
    ada.delete(made["id"])
    yield "take back"
    place.client.delete(f"/api/tasks/{second}/").raise_for_status()
    yield "delete the task"


def test_an_annotation_an_edit_a_skip_and_a_deletion_each_wake_the_puller(project, task, calls, annotator, secret):
    place, wake, ada = project([task("a")]), calls(), annotator("ada@weaklabel.test")
    woken, wanted = set(), {"answer", "edit", "skip", "take back", "delete the task"}

    with Waker(wake, interval=600) as waker, running(receiver(waker.nudge, secret)) as url:
        assert register(place.api, place.id, url, secret) == ""
        assert wake.wait(1)
        for _ in range(3):  # the server tries once, for a second: where the machine is busy, one may be lost
            so_far = len(wake)
            for event in events(place, ada, task):
                if wake.wait(so_far + 1, seconds=2.0):
                    woken.add(event)
                so_far = len(wake)
            if woken == wanted:
                break

    assert woken == wanted


def test_two_rapid_events_wake_once(calls, secret):
    wake, headers = calls(), {"X-Weaklabel-Secret": secret}

    with Waker(wake, interval=60) as waker, running(receiver(waker.nudge, secret)) as url:
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as studio:
            studio.get("/")  # connected before it counts
            wake.wait(1)
            for _ in range(2):
                studio.post("/", json={"action": "ANNOTATION_CREATED"})
        assert wake.wait(2)
        assert not wake.wait(3, seconds=0.6)


def test_an_event_is_answered_at_once_while_the_puller_is_busy(calls, secret):
    wake = calls(during=lambda: time.sleep(1.5))

    with Waker(wake, interval=60) as waker, running(receiver(waker.nudge, secret)) as url:
        wake.wait(1)
        answer = httpx.post(f"{url}/webhook", json={}, headers={"X-Weaklabel-Secret": secret}, trust_env=False)

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 1  # when Label Studio gives up


def test_an_event_without_the_secret_wakes_nobody(calls, secret):
    wake = calls()

    with Waker(wake, interval=60) as waker, running(receiver(waker.nudge, secret)) as url:
        wake.wait(1)
        answers = [httpx.post(url, json={}, trust_env=False)]
        answers += [httpx.post(url, content="{", headers={"X-Weaklabel-Secret": secret}, trust_env=False)]
        assert not wake.wait(2, seconds=0.5)

    assert [answer.status_code for answer in answers] == [401, 400]


def test_registering_again_adds_nothing_and_a_new_secret_replaces_the_old_one(project, task, secret):
    place, url = project([task("a")]), "http://127.0.0.1:1"

    reasons = [register(place.api, place.id, url, secret) for _ in range(2)]
    first = place.webhooks
    reasons += [register(place.api, place.id, url, "another-secret-altogether")]
    second = place.webhooks

    assert reasons == ["", "", ""]
    assert [hook["id"] for hook in first] == [hook["id"] for hook in second]
    assert [hook["headers"] for hook in first + second] == [
        {"X-Weaklabel-Secret": secret},
        {"X-Weaklabel-Secret": "another-secret-altogether"},
    ]
    assert sorted(first[0]["actions"]) == [
        "ANNOTATIONS_DELETED",
        "ANNOTATION_CREATED",
        "ANNOTATION_UPDATED",
        "TASKS_DELETED",
    ]
    assert first[0]["send_payload"] is False


def test_a_webhook_that_was_switched_off_is_switched_on_again(project, task, secret):
    place, url = project([task("a")]), "http://127.0.0.1:1"
    register(place.api, place.id, url, secret)
    place.client.patch(f"/api/webhooks/{place.webhooks[0]['id']}/", json={"is_active": False}).raise_for_status()

    register(place.api, place.id, url, secret)

    assert [hook["is_active"] for hook in place.webhooks] == [True]


def test_a_twin_of_a_webhook_is_removed(project, task, secret):
    place, url = project([task("a")]), "http://127.0.0.1:1"
    for _ in range(2):
        place.client.post("/api/webhooks/", json={"project": place.id, "url": url}).raise_for_status()

    register(place.api, place.id, url, secret)

    assert [hook["headers"] for hook in place.webhooks] == [{"X-Weaklabel-Secret": secret}]


def test_unregistering_leaves_the_webhooks_of_others(project, task, secret):
    place = project([task("a")])
    for port in (1, 2):
        register(place.api, place.id, f"http://127.0.0.1:{port}", f"{secret}-{port}")

    gone = [unregister(place.api, place.id, "http://127.0.0.1:1") for _ in range(2)]

    assert gone == [1, 0]
    assert [hook["url"] for hook in place.webhooks] == ["http://127.0.0.1:2"]


def test_what_a_killed_listener_left_registered_goes_and_one_that_listens_stays(project, task, secret):
    place = project([task("a")])
    register(place.api, place.id, "http://127.0.0.1:1", secret)  # nobody listens there
    register(place.api, place.id, "http://127.0.0.1:2", "the-secret-of-somebody-else")

    with running(receiver(lambda: None, secret)) as url:
        register(place.api, place.id, url, secret)
        register(place.api, place.id, "http://127.0.0.1:3", secret)
        left = {hook["url"] for hook in place.webhooks}

    assert left == {"http://127.0.0.1:2", url, "http://127.0.0.1:3"}


def test_a_webhook_is_registered_only_while_somebody_listens(project, task, secret):
    place = project([task("a")])

    with registered(place.api, place.id, "http://127.0.0.1:1", secret):
        during = len(place.webhooks)

    assert (during, len(place.webhooks)) == (1, 0)


def test_a_project_that_is_not_there_is_an_error(project, task, secret):
    place = project([task("a")])

    with pytest.raises(ServerError):
        register(place.api, 10**6, "http://127.0.0.1:1", secret)


def test_a_server_that_calls_no_address_of_this_machine_is_told_with_the_way_out(
    studios, posterior, secret, monkeypatch, caplog
):
    home = studios / uuid.uuid4().hex
    running_one = server.up(home, callbacks=False)
    api = StudioApi(running_one.url, (home / "token").read_text())
    project = api.write("api/projects/", {"title": "no callbacks"})["id"]
    model = FromPosterior(posterior({"a": 0.1}), "v1")
    try:
        with running(answering(lambda: model, secret)) as url:
            reasons = [register(api, project, url, secret), connect(api, project, url, secret)]
            with registered(api, project, url, secret):
                pass
    finally:
        server.down(home)

    assert all("weaklabel studio up --callbacks" in reason for reason in reasons)
    assert "until then answers are looked for at intervals alone" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_listener_cleanly(secret, number):
    process = subprocess.Popen([sys.executable, "-c", LISTEN, secret, "0"], stdout=subprocess.PIPE, text=True)
    first = process.stdout.readline().strip()

    process.send_signal(number)
    rest, _ = process.communicate(timeout=10)

    assert first.startswith("http://127.0.0.1:")
    assert (rest.strip(), process.returncode) == ("stopped", 0)


def test_a_second_signal_does_not_wait_for_the_call_in_hand(secret):
    process = subprocess.Popen([sys.executable, "-c", LISTEN, secret, "60"], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == -signal.SIGTERM
