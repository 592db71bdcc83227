"""Which pre-labels stood beside the answers of a scan."""

from collections.abc import Sequence

from weaklabel.review.backends._studio_api import StudioApi
from weaklabel.review.backends._studio_predictions import Prediction, listed
from weaklabel.review.backends._studio_tasks import Entry, lookup

FEW = 100  # tasks on a page that are looked up one by one; for more, all predictions are listed once


class Shown:
    """The predictions of a project's tasks, read as few at a time as is quick."""

    def __init__(self, api: StudioApi, project: int) -> None:
        self._api = api
        self._project = project
        self._all: dict[int, list[Prediction]] | None = None

    def beside(self, page: Sequence[Entry]) -> list[Entry]:
        """The tasks, those that have annotations with their predictions."""
        answered = [task for task in page if task["annotations"]]
        if len(answered) > FEW and self._all is None:
            self._all = self._list()
        known = self._all or {}
        missing = [task["id"] for task in answered if self._all is None or _lacks(task, known.get(task["id"], ()))]
        looked_up = {
            task["id"]: task["predictions"]
            for task in lookup(self._api, self._project, "id", missing, "id,predictions")
        }
        found = known | looked_up
        return [task | {"predictions": found.get(task["id"], []) if task["annotations"] else []} for task in page]

    def _list(self) -> dict[int, list[Prediction]]:
        found: dict[int, list[Prediction]] = {}
        for prediction in listed(self._api, self._project):
            found.setdefault(prediction["task"], []).append(prediction)
        return found


def _lacks(task: Entry, predictions: Sequence[Prediction]) -> bool:
    """Somebody answered from a prediction that was made after they were listed."""
    parents = {annotation["parent_prediction"] for annotation in task["annotations"]} - {None}
    return not parents <= {prediction["id"] for prediction in predictions}
