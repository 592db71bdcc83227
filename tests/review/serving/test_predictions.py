import pytest

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import Page
from weaklabel.review.serving.predictions import predictions
from weaklabel.review.serving.suggesters import FromPosterior


class Always:
    """Suggests one label for everything."""

    version = "v1"

    def __init__(self, label):
        self.label = label

    def suggest(self, shown):
        return [Prelabel(self.label, 0.7, self.version) for _ in shown]


def asked(tasks):
    """As Label Studio asks about tasks that were imported."""
    page = Page.of(tasks)
    sent = [{"id": i, "project": 1, **page.encode(task)} for i, task in enumerate(tasks)]
    return {"tasks": sent, "label_config": page.label_config(), "project": "1.2", "params": {}}


def test_each_task_gets_one_prediction_in_its_place(task, posterior):
    model = FromPosterior(posterior({"a": 0.2, "b": 0.75}), "v1")

    answers = predictions(asked([task("b"), task("unknown"), task("a")]), model)

    found = [[(p["score"], p["model_version"], p["result"][0]["value"]) for p in answer] for answer in answers]
    assert found == [[(0.75, "v1", {"choices": ["spam"]})], [], [(0.8, "v1", {"choices": ["ham"]})]]


def test_the_prediction_is_the_one_that_a_push_would_send(task):
    pushed = task("a", version="v1")

    answers = predictions(asked([pushed]), Always("ham"))

    expected = Page.of([pushed]).encode(pushed)["predictions"][0] | {"score": 0.7}
    assert answers == [[expected]]


def test_a_blind_task_and_a_task_of_others_get_none(task):
    request = asked([task("a", blind=True), task("b"), task("c")])
    del request["tasks"][1]["data"]["wl_key"]

    answers = predictions(request, Always("spam"))

    assert [len(answer) for answer in answers] == [0, 0, 1]


def test_a_class_that_the_question_does_not_offer_is_never_suggested(task, caplog):
    answers = predictions(asked([task("a")]), Always("phishing"))

    assert answers == [[]]
    assert "item 'a' is 'phishing' to the model, which the question does not offer" in caplog.text


def test_a_comparison_is_answered_with_the_side_on_which_the_text_stands():
    keys = [f"key-{i}" for i in range(8)]
    data = {"first": "x", "second": "y"}
    tasks = [Task(key, key, data, ("a", "same", "b"), kind="pairwise") for key in keys]
    request = asked(tasks)

    answers = predictions(request, Always("a"))

    sides = [answer[0]["result"][0]["value"]["choices"][0] for answer in answers]
    on_the_left = [sent["data"]["wl_left_text"] == "x" for sent in request["tasks"]]
    assert sides == ["left" if left else "right" for left in on_the_left]
    assert set(sides) == {"left", "right"}


def test_several_labels_are_suggested_where_several_may_be_chosen():
    tasks = [Task("k", "a", {"text": "x"}, ("billing", "praise", "other"), kind="choices")]

    answers = predictions(asked(tasks), Always(("billing", "praise")))

    assert answers[0][0]["result"][0]["value"] == {"choices": ["billing", "praise"]}


def test_no_task_asks_nothing_of_the_model():
    assert predictions({"tasks": [], "label_config": "<View/>"}, Always("spam")) == []


@pytest.mark.parametrize(
    "request_",
    [{}, {"tasks": "all"}, {"tasks": [1], "label_config": ""}, {"tasks": [{}], "label_config": ""}, {"tasks": []},
     {"tasks": [{"data": {"wl_key": "k", "wl_item": "i"}}], "label_config": "<View"},
     {"tasks": [{"data": {"wl_key": "k", "wl_item": "i"}}], "label_config": "<View/>"}],
)  # fmt: skip
def test_a_request_that_label_studio_does_not_make_is_refused(request_):
    with pytest.raises(AnswerError):
        predictions(request_, Always("spam"))
