import base64
import logging
import signal
import subprocess
import sys
import time

import httpx
import pytest

from weaklabel.errors import ServerError
from weaklabel.review.formats import Page
from weaklabel.review.serving.connecting import connect, connected, disconnect, revive, silent
from weaklabel.review.serving.current import Current
from weaklabel.review.serving.ml_backend import answering
from weaklabel.review.serving.predictions import predictions
from weaklabel.review.serving.running import running
from weaklabel.review.serving.suggesters import FromPosterior

SERVE = """
import sys
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.serving.ml_backend import serve
path, secret, url, token, project = sys.argv[1:]
serve(path, secret=secret, port=0, api=StudioApi(url, token), project=int(project),
      ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.fixture
def path(tmp_path, posterior):
    """The file of a posterior about a, b and c."""
    posterior({"a": 0.9, "b": 0.8, "c": 0.7}).save(tmp_path / "posterior.parquet")
    return tmp_path / "posterior.parquet"


@pytest.fixture
def service(path, secret):
    """The URL of a model that follows the file."""
    with running(answering(Current(path), secret)) as url:
        yield url


@pytest.fixture
def client(service, secret):
    basic = base64.b64encode(f"weaklabel:{secret}".encode()).decode()
    with httpx.Client(base_url=service, trust_env=False, headers={"Authorization": f"Basic {basic}"}) as opened:
        yield opened


def test_it_says_that_it_is_up_and_which_version_it_has(client, path):
    version = Current(path)().version

    answers = [client.get("/"), client.get("/health"), client.get("/versions"), client.post("/setup", json={})]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.json().get("status") for answer in answers[:2]] == ["UP", "UP"]
    assert answers[2].json() == {"versions": [version]}
    assert answers[3].json() == {"model_version": version}


def test_the_owners_token_in_a_setup_is_not_logged(client, caplog):
    caplog.set_level(logging.DEBUG, logger="weaklabel")
    caplog.set_level(logging.DEBUG, logger="uvicorn")

    answer = client.post("/setup", json={"project": "1.2", "access_token": "token-of-the-owner"})

    assert "token-of-the-owner" not in answer.text + caplog.text


@pytest.mark.parametrize("asked", [("/train", {"annotations": []}), ("/webhook", {"action": "START_TRAINING"})])
def test_a_request_to_train_is_answered_and_nothing_happens(client, asked):
    answer = client.post(asked[0], json=asked[1])

    assert answer.status_code == 200
    assert "command line" in answer.json()["detail"]


def test_a_wrong_secret_a_body_too_large_and_no_json_are_refused(path, secret):
    headers = {"Authorization": f"Bearer {secret}"}

    with running(answering(Current(path), secret, largest=100)) as url:
        wrong = httpx.post(f"{url}/predict", json={}, headers={"Authorization": "Bearer no"}, trust_env=False)
        large = httpx.post(f"{url}/predict", content="x" * 101, headers=headers, trust_env=False)
        broken = httpx.post(f"{url}/predict", content="{", headers=headers, trust_env=False)
        odd = httpx.post(f"{url}/predict", json={"tasks": 1}, headers=headers, trust_env=False)

    assert [answer.status_code for answer in (wrong, large, broken, odd)] == [401, 413, 400, 400]


def test_opening_a_task_shows_what_the_model_says_now(project, task, service, secret, path, posterior):
    place = project([task("a", version="lm-7")])
    first, pushed = Current(path)().version, [("lm-7", 0.6, "ham")]
    before = place.shows(pushed)

    assert connect(place.api, place.id, service, secret) == ""
    fresh = place.shows([(first, 0.9, "spam")])
    posterior({"a": 0.25}).save(path)
    second = Current(path)().version
    fresher = place.shows([(second, 0.75, "ham")])
    again = place.shows([(second, 0.75, "ham")])

    assert before == pushed
    assert fresh == [(first, 0.9, "spam")]
    assert fresher == again == [(second, 0.75, "ham")]


def test_a_task_opened_from_the_list_gets_its_first_pre_label(project, task, service, secret):
    place = project([task("a"), task("b", blind=True), task("unknown")])
    connect(place.api, place.id, service, secret)

    shown = [place.opened(task_id) for task_id in place.task_ids]

    assert [[choice for _, _, choice in each] for each in shown] == [["spam"], [], []]


def test_pre_labels_for_many_tasks_at_once_go_to_the_right_ones(project, task, service, secret):
    place = project([task("b"), task("a", blind=True), task("unknown"), task("c"), task("a")])
    connect(place.api, place.id, service, secret)
    chosen = {"selectedItems": {"all": True, "excluded": []}, "filters": {"conjunction": "and", "items": []}}

    query = {"id": "retrieve_tasks_predictions", "project": place.id}
    place.client.post("/api/dm/actions", params=query, json=chosen | {"ordering": []}).raise_for_status()

    scores = [[score for _, score, _ in place.opened(task_id)] for task_id in place.task_ids]
    assert scores == [[0.8], [], [], [0.7], [0.9]]


def test_connecting_leaves_the_project_its_model_version_and_no_webhook(project, task, service, secret):
    place = project([task("a", version="lm-7")])

    connect(place.api, place.id, service, secret)
    during = place.model_version, [model["url"] for model in place.models], place.webhooks
    gone = disconnect(place.api, place.id, service)
    after = place.model_version, place.models, place.webhooks

    assert during == ("lm-7", [service], [])
    assert gone == 1
    assert after == ("lm-7", [], [])
    assert place.shown() == [("lm-7", 0.6, "ham")]


def test_pre_labels_that_are_signed_as_weaklabel_signs_by_default_show_again_when_the_model_goes(
    project, task, service, secret, path
):
    place = project([task("a", version="weaklabel"), task("b", version="weaklabel")])
    connect(place.api, place.id, service, secret)
    during = place.shows([(Current(path)().version, 0.9, "spam")])

    disconnect(place.api, place.id, service)

    assert [choice for _, _, choice in during] == ["spam"]
    assert place.shown() == [("weaklabel", 0.6, "ham")]


def test_a_model_of_ours_that_ended_is_disconnected_and_anybody_elses_is_told_of(project, task, path, secret):
    place, dead = project([task("a", version="lm-7")]), project([task("a", version="lm-7")])
    with running(answering(Current(path), secret)) as ended:
        connect(place.api, place.id, ended, secret)
        body = {"url": ended, "project": dead.id, "title": "theirs", "auth_method": "BASIC_AUTH"}
        body |= {"basic_auth_user": "somebody", "basic_auth_pass": secret}
        dead.client.post("/api/ml", json=body).raise_for_status()
        well = silent(place.api, place.id), revive(place.api, place.id)
    found = silent(place.api, place.id)

    (ours,), (theirs,) = revive(place.api, place.id), revive(dead.api, dead.id)

    assert well == ([], [])
    assert found == [ended]
    assert ours.endswith("it is disconnected now, and `weaklabel review serve` connects it again")
    assert (place.models, place.shown()) == ([], [("lm-7", 0.6, "ham")])
    assert theirs.endswith("start it, or disconnect it in the project's settings (Model)")
    assert [model["url"] for model in dead.models] == [ended]


def test_a_project_without_pushed_pre_labels_keeps_those_of_the_model_when_it_goes(
    project, task, service, secret, path
):
    place, version = project([task("a")]), Current(path)().version
    connect(place.api, place.id, service, secret)
    during = place.shows([(version, 0.9, "spam")])

    disconnect(place.api, place.id, service)

    assert during == place.shown() == [(version, 0.9, "spam")]
    assert place.model_version == version


def test_a_project_that_the_model_never_predicted_for_is_left_as_it_was(project, task, service, secret):
    place = project([task("a")])
    connect(place.api, place.id, service, secret)

    disconnect(place.api, place.id, service)

    assert place.model_version == ""


def test_connecting_again_changes_nothing(project, task, service, secret):
    place = project([task("a")])

    reasons = [connect(place.api, place.id, service, secret) for _ in range(3)]

    assert reasons == ["", "", ""]
    assert [(model["url"], model["title"]) for model in place.models] == [(service, "weaklabel serve")]


def test_a_twin_that_the_server_made_of_one_request_is_removed(project, task, service, secret):
    place = project([task("a")])
    body = {"url": service, "project": place.id, "auth_method": "BASIC_AUTH"}
    body |= {"basic_auth_user": "weaklabel", "basic_auth_pass": secret}
    for _ in range(2):  # as it does where its database was locked
        place.client.post("/api/ml", json=body).raise_for_status()
    oldest = min(model["id"] for model in place.models)

    connect(place.api, place.id, service, secret)

    assert [model["id"] for model in place.models] == [oldest]


def test_our_model_at_another_address_gives_way(project, task, path, secret):
    place, version = project([task("a")]), Current(path)().version
    with running(answering(Current(path), secret)) as old:
        connect(place.api, place.id, old, secret)

    with running(answering(Current(path), secret)) as new:
        connect(place.api, place.id, new, secret)
        urls, shown = {model["url"] for model in place.models}, place.shows([(version, 0.9, "spam")])

    assert urls == {new}
    assert shown == [(version, 0.9, "spam")]


def test_a_model_of_somebody_else_is_not_touched(project, task, path, secret, service):
    place = project([task("a")])
    with running(answering(Current(path), secret)) as theirs:
        body = {"url": theirs, "project": place.id, "title": "theirs", "auth_method": "BASIC_AUTH"}
        body |= {"basic_auth_user": "somebody", "basic_auth_pass": secret}
        place.client.post("/api/ml", json=body).raise_for_status()

        reason = connect(place.api, place.id, service, secret)

        assert f"is connected to the model at {theirs}, and Label Studio asks only one" in reason
        assert [model["url"] for model in place.models] == [theirs]


def eventually(look, wanted, seconds=5.0):
    """What is seen in the end, or once it is what was wanted."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def test_a_push_with_another_model_version_does_not_silence_the_model(project, task, service, secret, path):
    place, version = project([task("a", version="lm-7")]), Current(path)().version
    with connected(place.api, place.id, service, secret, follow=0.3):
        place.add([task("b", version="lm-8")])
        title = eventually(lambda: place.models[0]["title"], "lm-8")
        during = place.shows([(version, 0.9, "spam")])

    assert title == "lm-8"
    assert during == [(version, 0.9, "spam")]
    assert (place.model_version, place.models) == ("lm-8", [])


def test_a_model_that_does_not_know_the_secret_is_not_connected(project, task, service):
    place = project([task("a", version="lm-7")])

    with pytest.raises(ServerError, match="authentication parameters"):
        connect(place.api, place.id, service, "another-secret-altogether")

    assert (place.models, place.shown()) == ([], [("lm-7", 0.6, "ham")])


def test_a_signal_disconnects_the_model_before_it_stops(project, task, path, secret, studio):
    place = project([task("a", version="lm-7")])
    arguments = [str(path), secret, studio.url, studio.token, str(place.id)]
    process = subprocess.Popen([sys.executable, "-c", SERVE, *arguments], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    during = place.shows([(Current(path)().version, 0.9, "spam")])

    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=20)

    assert url.startswith("http://127.0.0.1:")
    assert [choice for _, _, choice in during] == ["spam"]
    assert (rest.strip(), process.returncode) == ("stopped", 0)
    assert (place.models, place.webhooks, place.shown()) == ([], [], [("lm-7", 0.6, "ham")])


def test_predictions_over_http_are_those_of_the_model(client, posterior, task):
    page = Page.of([task("a")])
    asked = {"tasks": [page.encode(task(item)) for item in "cab"], "label_config": page.label_config()}
    model = FromPosterior(posterior({"a": 0.9, "b": 0.8, "c": 0.7}), client.get("/versions").json()["versions"][0])

    answer = client.post("/predict", json=asked).json()

    assert answer == {"results": predictions(asked, model), "model_version": model.version}
    assert [result[0]["score"] for result in answer["results"]] == pytest.approx([0.7, 0.9, 0.8])


def test_a_connection_that_somebody_removed_is_not_made_again(project, task, service, secret):
    place = project([task("a", version="lm-7")])

    with connected(place.api, place.id, service, secret, follow=0.2):
        disconnect(place.api, place.id, service)
        time.sleep(0.8)
        during = place.models

    assert during == []
    assert place.shown() == [("lm-7", 0.6, "ham")]
