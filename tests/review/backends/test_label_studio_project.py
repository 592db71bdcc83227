"""The project in which people answer: made, found again, and left alone where it is somebody else's."""

import uuid
from dataclasses import fields, replace

import pytest

from weaklabel import plugins
from weaklabel.errors import ServerError
from weaklabel.review.backends import _studio_project as projects
from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends.label_studio import LabelStudio


def again(backend, **changes):
    """The same constructor call, as another process would make it."""
    start = {"title": backend.title, "url": backend.url, "token": backend.token}
    return LabelStudio(**start | changes)


def test_a_project_is_made_so_that_nothing_is_skipped_for_good_and_prelabels_show(backend, ask, look):
    place = backend.prepare([ask(0)])

    made = look(f"/api/projects/{place['project']}/")
    assert made["title"] == backend.title
    assert made["sampling"] == "Sequential sampling"
    assert made["skip_queue"] == "REQUEUE_FOR_ME"
    assert made["show_collab_predictions"] is True
    assert made["maximum_annotations"] == 1
    assert f"[weaklabel:{place['key']}]" in made["description"]


def test_the_place_finds_the_project_again_and_does_not_hold_the_token(backend, ask):
    place = backend.prepare([ask(0)])

    found = plugins.build("backend", "label_studio", **place, token=backend.token)

    assert backend.token not in str(place)
    assert "token" not in place
    assert found.prepare([ask(1)]) == place


def test_who_lost_the_record_of_the_project_finds_it_by_its_title(backend, ask):
    place = backend.prepare([ask(0)])

    assert again(backend).prepare([ask(0)]) == place


def test_preparing_twice_makes_one_project(backend, ask, look):
    backend.prepare([ask(0)])
    backend.prepare([ask(1)])

    assert look("/api/projects/", title=backend.title)["count"] == 1


def test_a_project_that_was_renamed_is_found_by_its_key(backend, ask, tell):
    place = backend.prepare([ask(0)])
    tell("PATCH", f"/api/projects/{place['project']}/", {"title": f"{backend.title} 2"})

    found = again(backend, key=place["key"])

    assert found.prepare([ask(0)])["project"] == place["project"]


def test_a_project_is_found_on_a_later_page_of_the_list(backend, ask, tell, monkeypatch):
    place = backend.prepare([ask(0)])
    tell("POST", "/api/projects/", {"title": f"{backend.title} 2"})  # the newest comes first
    monkeypatch.setattr(projects, "PER_PAGE", 1)

    assert again(backend, key=place["key"]).prepare([ask(0)]) == place


def test_a_project_of_the_same_title_that_is_not_ours_is_refused(backend, ask, tell, look):
    other = tell("POST", "/api/projects/", {"title": backend.title}).json()

    with pytest.raises(ServerError, match=f"project {other['id']} .* was not made by weaklabel: choose another title"):
        backend.prepare([ask(0)])

    assert look("/api/projects/", title=backend.title)["count"] == 1


def test_a_project_of_ones_own_is_used_by_its_number_if_it_asks_the_same(backend, ask, tell, look):
    backend.prepare([ask(0)])
    config = look(f"/api/projects/{backend.project}/")["label_config"]
    own = tell("POST", "/api/projects/", {"title": backend.title, "label_config": config}).json()

    place = again(backend, project=own["id"]).prepare([ask(0)])

    assert place["project"] == own["id"]
    assert look(f"/api/projects/{own['id']}/")["description"] == own["description"]


def test_a_project_that_asks_something_else_is_refused_and_not_changed(backend, ask, look):
    backend.prepare([ask(0)])
    before = look(f"/api/projects/{backend.project}/")["label_config"]
    other = replace(ask(0), classes=("ham", "spam", "unsure"), prelabel=None)

    with pytest.raises(ServerError, match="asks another question.* 'unsure'"):
        again(backend).prepare([other])

    assert look(f"/api/projects/{backend.project}/")["label_config"] == before


def test_another_servers_project_of_the_same_number_is_refused(backend, ask):
    place = backend.prepare([ask(0)])
    stranger = again(backend, project=place["project"], key=str(uuid.uuid4()))

    with pytest.raises(ServerError, match="is not the one this review was made in"):
        stranger.prepare([ask(0)])


def test_a_project_that_was_deleted_is_not_made_anew_in_silence(backend, ask):
    place = backend.prepare([ask(0)])
    backend.delete_project()

    with pytest.raises(ServerError, match=f"has no api/projects/{place['project']}/.* was it deleted"):
        again(backend, project=place["project"], key=place["key"]).prepare([ask(0)])


def test_two_projects_of_one_title_are_told_by_their_numbers(backend, ask, tell):
    backend.prepare([ask(0)])
    tell("PATCH", f"/api/projects/{backend.project}/", {"title": f"{backend.title} 2"})
    second = again(backend)
    second.prepare([ask(0)])
    tell("PATCH", f"/api/projects/{backend.project}/", {"title": backend.title})

    with pytest.raises(ServerError, match="2 projects that could be meant"):
        again(backend).prepare([ask(0)])


def test_other_settings_stay_and_are_said_aloud(backend, ask, caplog):
    backend.prepare([ask(0)])

    again(backend, overlap=3).prepare([ask(0)])

    assert "maximum_annotations = 1, not 3" in caplog.text


def test_nothing_is_made_where_the_server_refuses_the_page(backend, look):
    api = StudioApi(backend.url, backend.token)

    with pytest.raises(ServerError, match="unclosed token|not well-formed"):
        projects.create(api, projects.Wanted(backend.title, "k", None, "<View><Text", 1))

    assert look("/api/projects/", title=backend.title)["count"] == 0


@pytest.mark.parametrize("title", ["ab", "x" * 51])
def test_a_title_that_the_server_would_refuse_is_refused_with_its_length(backend, ask, title):
    with pytest.raises(ServerError, match=f"has {len(title)} characters"):
        again(backend, title=title).prepare([ask(0)])


def test_nothing_can_be_sent_before_there_is_a_project(backend, ask):
    with pytest.raises(ServerError, match="neither made nor found yet"):
        backend.send([ask(0)])


def test_the_token_is_in_no_text_of_the_backend(backend):
    assert backend.token not in repr(backend)
    assert [field.name for field in fields(backend) if not field.repr] == ["token"]
