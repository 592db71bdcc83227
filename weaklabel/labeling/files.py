"""Labeling functions from a Python file: every one it defines, in its order, and its CLASSES."""

from collections.abc import Iterator
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
    try:
        module = plugins.load_module(plugins.find_script("heuristics", path))
    except ScriptError as error:
        raise LabelingFunctionError(str(error)) from error
    lfs = tuple(_functions(vars(module).values()))
    if not lfs:
        raise LabelingFunctionError(f"{path} defines no labeling function: decorate one with @labeling_function()")
    classes = getattr(module, "CLASSES", ())
    return HeuristicsFile(lfs, checks.classes(classes) if classes else ())


def _functions(values: Any) -> Iterator[LabelingFunctionLike]:
    seen: set[int] = set()
    for value in values:
        for candidate in value if isinstance(value, (list, tuple)) else (value,):
            if _is_lf(candidate) and id(candidate) not in seen:
                seen.add(id(candidate))
                yield candidate


def _is_lf(value: Any) -> bool:
    # By name of class, so that Snorkel need not be imported to recognise its functions.
    return any(base.__name__ == "LabelingFunction" for base in type(value).__mro__)
