"""The file system is the registry: a plug-in is a module in its kind's folder, and its file name is its name.

The module's `__all__` holds one name: the class, function or object that the plug-in is.
"""

import importlib
import pkgutil
from difflib import get_close_matches
from typing import Any

from weaklabel.errors import UnknownNameError

FOLDERS = {
    "model": "weaklabel.labeling.models",
    "estimator": "weaklabel.clicks.estimators",
    "strategy": "weaklabel.review.strategies",
    "backend": "weaklabel.review.backends",
    "dataset": "weaklabel.datasets",
}


def names(kind: str) -> tuple[str, ...]:
    """The names of a kind's plug-ins, in alphabetical order, read from the folder without importing any of them."""
    package = importlib.import_module(FOLDERS[kind])
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def get(kind: str, name: str) -> Any:
    """The plug-in of that kind and name.

    Raises
    ------
    UnknownNameError
        There is none; the message lists those there are.
    """
    known = names(kind)
    if name not in known:
        raise UnknownNameError(f"no {kind} is called {name!r}{_suggestion(name, known)}; there are: {', '.join(known)}")
    module = importlib.import_module(f"{FOLDERS[kind]}.{name}")
    return getattr(module, module.__all__[0])


def _suggestion(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
