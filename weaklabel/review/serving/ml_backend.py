"""Label Studio's contract with a model: is it there, which version is it, what does it predict."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklabel.review.serving.api import Api
from weaklabel.review.serving.connecting import connected
from weaklabel.review.serving.current import Current, Suggester
from weaklabel.review.serving.http import LARGEST, Route, application
from weaklabel.review.serving.predictions import predictions
from weaklabel.review.serving.running import LOOPBACK, running, stoppable
from weaklabel.review.serving.suggesters import FromEndModel

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from weaklabel.labeling.train import EndModel

PORT = 9090


def serve(
    model: "str | Path | EndModel",
    *,
    secret: str,
    host: str = LOOPBACK,
    port: int = PORT,
    largest: int = LARGEST,
    api: Api | None = None,
    project: int | None = None,
    url: str = "",
    ready: Callable[[str], object] = lambda url: None,
) -> None:
    """Answer Label Studio's requests for predictions with a model, until SIGTERM or Ctrl-C.

    Parameters
    ----------
    model
        File of a posterior, such as the predictions of an end model; followed as it changes, so that open tasks show
        fresh pre-labels. Or an end model itself, which answers about tasks that show all the columns it reads.
    secret
        What Label Studio must show.
    host, port
        Where to listen; port 0 takes a free one.
    largest
        Bytes that a request may have.
    api, project
        Which project to connect while it serves; none by default.
    url
        What Label Studio shall call, where that is not `host` and `port` (behind a proxy, from a container).
    ready
        Called with the URL once it listens and is connected.

    Raises
    ------
    ArtefactError
        There is no usable model in the file.
    ServerError
        The port is in use, the secret is too easy, or the server cannot be reached or does not call our address.
    """
    with (
        stoppable() as wait,
        running(answering(_current(model), secret, largest), host, port) as found,
        connected(api, project, url or found, secret),
    ):
        ready(found)
        wait()


def _current(model: "str | Path | EndModel") -> Callable[[], Suggester]:
    if isinstance(model, str | Path):
        return Current(model)
    fixed = FromEndModel(model, "end model")
    return lambda: fixed


def answering(current: Callable[[], Suggester], secret: str, largest: int = LARGEST) -> "Starlette":
    """The application around the model that `current()` gives.

    A project's setup brings its owner's token along, which is neither kept nor logged. Training is not started from
    Label Studio: such a request is answered, and nothing happens.
    """

    def up(_: Mapping[str, Any]) -> Any:
        return {"status": "UP", "model_class": "weaklabel"}

    def version(_: Mapping[str, Any]) -> Any:
        return {"model_version": current().version}

    def versions(_: Mapping[str, Any]) -> Any:
        return {"versions": [current().version]}

    def predict(asked: Mapping[str, Any]) -> Any:
        model = current()
        return {"results": predictions(asked, model), "model_version": model.version}

    def nothing(_: Mapping[str, Any]) -> Any:
        return {"detail": "weaklabel trains on its own command line, not from here"}

    gets = {"/": up, "/health": up, "/versions": versions}
    posts = {"/setup": version, "/predict": predict, "/webhook": nothing, "/train": nothing}
    routes = [Route("GET", path, answer) for path, answer in gets.items()]
    routes += [Route("POST", path, answer) for path, answer in posts.items()]
    return application(routes, secret, largest)
