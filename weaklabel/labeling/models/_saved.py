"""A fitted model in one .npz file: parameters as JSON, arrays as they are, no pickle, sealed by a digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weaklabel._version import __version__
from weaklabel.errors import ArtefactError, ModelError, first_line
from weaklabel.files import replacing

HEADER = "weaklabel"
FORMAT = 1
NEEDED = {"version", "format", "model", "parameters", "state", "digest"}

Arrays = dict[str, NDArray[Any]]


@dataclass
class Saved:
    """A dataclass of parameters whose attributes that end in `_` are what `fit` learned."""

    def save(self, path: str | Path) -> None:
        """Write the fitted model to one .npz file; a crash on the way leaves the file that was there.

        Raises
        ------
        ModelError
            The model is not fitted.
        ArtefactError
            The file cannot be written.
        """
        if missing := [one.name for one in fields(self) if not one.init and not hasattr(self, one.name)]:
            raise ModelError(f"the model {model_name(type(self))!r} has no {missing[0]} yet: fit it before saving it")
        learned = {name: value for name, value in vars(self).items() if name.endswith("_")}
        arrays = {name: value for name, value in learned.items() if isinstance(value, np.ndarray)}
        header = {
            "version": __version__,
            "format": FORMAT,
            "model": model_name(type(self)),
            "parameters": {one.name: getattr(self, one.name) for one in fields(self) if one.init},
            "state": {name: value for name, value in learned.items() if name not in arrays},
        }
        write(Path(path), header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a fitted model of this class from the file that `save` wrote.

        Raises
        ------
        ArtefactError
            The file is missing, damaged, edited, of another model, or from a newer weaklabel.
        """
        header, arrays = read(Path(path))
        if header["model"] != model_name(cls):
            raise ArtefactError(
                f"{path} holds a model {header['model']!r}, not {model_name(cls)!r}: read it with load_label_model"
            )
        model = cls(**header["parameters"])
        for name, value in (header["state"] | arrays).items():
            setattr(model, name, _tupled(value))
        return model


def model_name(model: type) -> str:
    """The name of a model's plug-in: that of its file."""
    return model.__module__.rpartition(".")[2]


def write(path: Path, header: Mapping[str, Any], arrays: Arrays) -> None:
    """Write under a temporary name, flush to the disk, then rename.

    Raises
    ------
    ArtefactError
        It cannot be written, or a parameter is not what JSON can hold.
    """
    try:
        plain = json.loads(_json(header))
        text = _json({**plain, "digest": _seal(plain, arrays)})
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **{HEADER: np.array(text)}, **arrays)
    except (OSError, TypeError, ValueError) as error:
        raise ArtefactError(f"cannot write the model to {path}: {error}") from error


def read(path: Path) -> tuple[dict[str, Any], Arrays]:
    """The header and the arrays of a model file, checked against its digest.

    Raises
    ------
    ArtefactError
        The file is missing, damaged, edited, no model of weaklabel, or from a newer one.
    """
    if not path.is_file():
        raise ArtefactError(f"no file at {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header: dict[str, Any] = json.loads(str(arrays.pop(HEADER)))
        if missing := NEEDED - header.keys():
            raise ValueError(f"no {min(missing)}")
    except Exception as error:  # zip, zlib, numpy and json each raise their own on damaged bytes
        raise ArtefactError(f"{path} is no whole model file of weaklabel ({first_line(error)})") from error
    if header["format"] > FORMAT:
        raise ArtefactError(
            f"{path} was written by weaklabel {header['version']}, newer than this {__version__}: upgrade"
        )
    if _seal({name: value for name, value in header.items() if name != "digest"}, arrays) != header["digest"]:
        raise ArtefactError(f"{path} was changed after weaklabel wrote it: fit the model and save it again")
    return header, arrays


def _seal(header: Mapping[str, Any], arrays: Arrays) -> str:
    total = hashlib.sha256(_json(header).encode())
    for name, array in sorted(arrays.items()):
        total.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _json(value: Any) -> str:
    """JSON; numbers and arrays of numpy become plain ones."""
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is not what a file can hold")


def _tupled(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    return tuple(_tupled(one) for one in value) if isinstance(value, list) else value
