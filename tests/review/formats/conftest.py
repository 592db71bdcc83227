import pytest
from label_studio_sdk.label_interface import LabelInterface

from weaklabel.review.formats import Page


def judge_tasks(*tasks):
    """The encoded tasks, once Label Studio's SDK has found nothing wrong with them or with their page."""
    page = Page.of(tasks)
    judge = LabelInterface(page.label_config())
    judge.validate()
    encoded = [page.encode(one) for one in tasks]
    for one in encoded:
        assert judge.validate_task({"data": one["data"]})
        assert [judge.validate_prediction(prediction, return_errors=True) for prediction in one["predictions"]] in (
            [],
            [[]],
        )
    return judge, encoded


@pytest.fixture
def judged():
    return judge_tasks
