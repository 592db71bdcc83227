"""Labeling functions from a Python file: every one it defines, in its order, and its CLASSES."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklabel import plugins
from weaklabel.artefacts import checks
from weaklabel.errors import LabelingFunctionError, ScriptError
from weaklabel.protocols import LabelingFunctionLike


@dataclass(frozen=True)
class HeuristicsFile:
    """What a file of labeling functions defines.

    Attributes
    ----------
    lfs
        Its labeling functions, in the order of definition.
    classes
        Its CLASSES; empty if it names none.
    """

    lfs: tuple[LabelingFunctionLike, ...]
    classes: tuple[str, ...]


def load_lfs(path: str | Path) -> HeuristicsFile:
    """Run a Python file and collect its labeling functions (ours and Snorkel's, also in lists) and its CLASSES.

    Parameters
    ----------
    path
        The file, or the name of one that ships in heuristics/, such as "sms_spam".

    Raises
    ------
    LabelingFunctionError
        There is no such file, it cannot be run (file, line and reason are named), or it defines no labeling function.
    TableError
        CLASSES are no list of at least two different names.
    """
    found = defined_in(path)
    lfs = tuple(lf for lf in functions_in(found) if not is_slice(lf))
    if not lfs:
        raise LabelingFunctionError(f"{path} defines no labeling function: decorate one with @labeling_function()")
    classes = found.get("CLASSES", ())
    return HeuristicsFile(lfs, checks.classes(classes) if classes else ())


def defined_in(path: str | Path) -> Mapping[str, Any]:
    """Run a Python file, or one that ships in heuristics/, and return what it defines, by name.

    Raises
    ------
    LabelingFunctionError
        There is no such file, or it cannot be run (file, line and reason are named).
    """
    try:
        return vars(plugins.load_module(plugins.find_script("heuristics", path)))
    except ScriptError as error:
        raise LabelingFunctionError(str(error)) from error


def functions_in(found: Mapping[str, Any]) -> tuple[LabelingFunctionLike, ...]:
    """Labeling functions and slicing functions among what a file defines, in lists too, each once."""
    return tuple({id(lf): lf for lf in _functions(found.values())}.values())


def is_slice(lf: LabelingFunctionLike) -> bool:
    """Whether it is one of Snorkel's slicing functions, which Snorkel makes of labeling functions."""
    return any(base.__name__ == "SlicingFunction" for base in type(lf).__mro__)


def _functions(values: Iterable[Any]) -> Iterator[LabelingFunctionLike]:
    for value in values:
        for candidate in value if isinstance(value, (list, tuple)) else (value,):
            if _is_lf(candidate):
                yield candidate


def _is_lf(value: Any) -> bool:
    # By name of class, so that Snorkel need not be imported to recognise its functions.
    return any(base.__name__ == "LabelingFunction" for base in type(value).__mro__)
