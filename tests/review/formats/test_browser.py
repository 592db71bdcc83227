"""What a person sees in a real browser on a real server."""

import os
import shutil
import uuid
from contextlib import contextmanager

import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.review.formats import Page, remote_task

EMAIL, PASSWORD = "browser@weaklabel.test", "pass-1234-word"
EVIL = {"<script>window.ran = 1</script>": "<img src=x onerror='window.ran = 1'>", "prize": "spam"}
TASK = Task(
    "c0ffee" * 5 + "aa", "c-17", {"text": "Win a prize"}, ("ham", "spam"), Prelabel("spam", 0.9, "majority"), EVIL
)
REQUIRED = "WEAKLABEL_REQUIRE_BROWSER"


@pytest.fixture
def browser():
    """Headless Chromium, the system's own."""
    chromium = os.environ.get("WEAKLABEL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    playwright = None if os.environ.get(REQUIRED) == "1" else pytest.importorskip("playwright.sync_api")
    if playwright is None:
        import playwright.sync_api as playwright
    if not chromium and os.environ.get(REQUIRED) != "1":
        pytest.skip("no chromium on the path, and WEAKLABEL_CHROMIUM does not name one")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def asked(studio, task):
    """A project with this task: a client, the project's number and the task's."""
    page = Page.of([task])
    body = {
        "title": f"browser {uuid.uuid4().hex[:12]}",
        "label_config": page.label_config(),
        "show_collab_predictions": True,
    }
    with studio.client() as admin:
        number = admin.post("/api/projects/", json=body).raise_for_status().json()["id"]
        sent = admin.post(f"/api/projects/{number}/import?return_task_ids=true", json=[page.encode(task)])
        yield admin, number, sent.raise_for_status().json()["task_ids"][0]
        admin.delete(f"/api/projects/{number}/")


def signed_in(browser, url, elsewhere):
    """A page of somebody who is logged in; what it wants from elsewhere is refused and noted."""
    page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
    page.set_default_timeout(60_000)

    def guard(route):
        if route.request.url.startswith((url, "data:", "blob:")):
            return route.continue_()
        elsewhere.append(route.request.url)
        return route.abort()

    page.route("**/*", guard)
    page.goto(f"{url}/user/login/")
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda there: "/login" not in there)
    return page


def test_the_suggestion_is_selected_the_votes_are_shown_and_accepting_it_is_recorded(studio, annotator, browser):
    annotator(EMAIL)
    elsewhere = []

    with asked(studio, TASK) as (admin, number, task):
        page = signed_in(browser, studio.url, elsewhere)
        page.goto(f"{studio.url}/projects/{number}/data?labeling=1")
        page.wait_for_selector("input[type=radio]:checked")
        (checked,) = page.locator("label", has=page.locator("input:checked")).all_inner_texts()
        folded = not page.get_by_text("labeling function").is_visible()
        page.get_by_text("What the rules say").first.click()
        page.get_by_text("Suggested by majority: spam (probability 90 %)").wait_for()
        votes = page.locator("td").all_inner_texts()
        with page.expect_response(lambda it: "/annotations" in it.url and it.request.method == "POST") as submitted:
            page.locator("button[name=submit]").click()
        ran = [frame.evaluate("window.ran") for frame in page.frames]
        stored = admin.get(f"/api/tasks/{task}/").json()

    assert submitted.value.ok
    assert checked.startswith("spam")
    assert folded
    assert votes == [text for row in EVIL.items() for text in row]
    assert not any(ran)
    assert elsewhere == []
    assert [region["origin"] for region in stored["annotations"][0]["result"]] == ["prediction"]
    (answer,) = remote_task(stored).annotations
    assert (answer.label, answer.suggestion, answer.model_version) == ("spam", "accepted", "majority")
    assert answer.annotator == EMAIL
    assert answer.lead_time > 0
