"""A fitted label model back from its file, whichever model it is."""

from pathlib import Path
from typing import Any

from weaklabel import plugins
from weaklabel.errors import ArtefactError, UnknownNameError
from weaklabel.labeling.models._saved import read


def load_label_model(path: str | Path) -> Any:
    """The fitted label model that `save` wrote to the file; it predicts what the saved one did.

    Raises
    ------
    ArtefactError
        The file is missing, damaged, edited, from a newer weaklabel, or holds a model that this one does not know.
    """
    header, _ = read(Path(path))
    try:
        model = plugins.get("model", header["model"])
    except UnknownNameError as error:
        raise ArtefactError(f"{path} cannot be read here: {error}") from error
    return model.load(path)
