"""The model as its file has it now."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from weaklabel.artefacts import Posterior, Prelabel
from weaklabel.errors import ArtefactError, WeaklabelError, first_line
from weaklabel.review.serving.suggesters import FromPosterior

log = logging.getLogger(__name__)


class Suggester(Protocol):
    """Suggests answers to tasks of ours, and signs them with its version."""

    @property
    def version(self) -> str:
        """How suggestions are signed; another model has another."""

    def suggest(self, shown: Sequence[Mapping[str, Any]]) -> list[Prelabel | None]:
        """One for each task's data, in order; None where it knows nothing of it."""


class Current:
    """Follows a model's file: `current()` is the model that stood there last in a usable state.

    A file that is gone, half written or of another kind leaves the model in use, with a warning.

    Parameters
    ----------
    path
        The file.
    load
        From a path to a model.

    Raises
    ------
    ArtefactError
        There is no usable model at the start.
    """

    def __init__(self, path: str | Path, load: Callable[[Path], Suggester] | None = None) -> None:
        self._path = Path(path)
        self._load = load or load_model
        self._lock = threading.Lock()
        self._stamp = _stamp(self._path)
        self._model = self._load(self._path)

    def __call__(self) -> Suggester:
        """The model now."""
        # While one thread loads, the others go on with the model before.
        if self._lock.acquire(blocking=False):
            try:
                self._follow()
            finally:
                self._lock.release()
        return self._model

    def _follow(self) -> None:
        stamp = _stamp(self._path)  # before it is read: if it changes meanwhile, it is read again next time
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._model = self._load(self._path)
        except (WeaklabelError, OSError) as error:
            log.warning("going on with the model before: %s", first_line(error))


def load_model(path: Path) -> Suggester:
    """A suggester from the file of a posterior, signed by the model's name and a digest of the file.

    Raises
    ------
    ArtefactError
        The file is missing, damaged, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror}") from error
    posterior = Posterior.load(path)
    signature = hashlib.sha256(content).hexdigest()[:8]
    return FromPosterior(posterior, f"{posterior.provenance.get('model', 'posterior')} {signature}")


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino
