"""The file system is the registry: a plug-in is a module in its kind's folder, and its file name is its name.

The module's `__all__` holds one name: the class, function or object that the plug-in is.
"""

import dataclasses
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from weaklabel.errors import ModelError, ScriptError, UnknownNameError

FOLDERS = {
    "model": "weaklabel.labeling.models",
    "estimator": "weaklabel.clicks.estimators",
    "strategy": "weaklabel.review.strategies",
    "user": "weaklabel.clicks.users",
    "backend": "weaklabel.review.backends",
    "rule": "weaklabel.review.people.rules",
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
        raise UnknownNameError(f"no {kind} is called {name!r}{suggestion(name, known)}; there are: {', '.join(known)}")
    module = importlib.import_module(f"{FOLDERS[kind]}.{name}")
    return getattr(module, module.__all__[0])


def build(kind: str, name: str | Any, **params: Any) -> Any:
    """A plug-in that is a dataclass of its parameters, with these; one that is built already stays as it is.

    Raises
    ------
    ModelError
        It has no parameter of that name (the message lists those it has), or it has its parameters already.
    """
    if not isinstance(name, str):
        if params:
            raise ModelError(f"{name!r} has its parameters already: set {', '.join(params)} there")
        return name
    plugin = get(kind, name)
    known = [field.name for field in dataclasses.fields(plugin) if field.init]
    if unknown := [param for param in params if param not in known]:
        raise ModelError(
            f"{kind} {name!r} has no parameter {unknown[0]!r}{suggestion(unknown[0], tuple(known))}; "
            f"it has: {', '.join(known)}"
        )
    return plugin(**params)


def scripts(folder: str) -> dict[str, Path]:
    """Name -> path of the Python files that ship in `heuristics` or `pipelines`, and of those in the working folder."""
    package = Path(__file__).parent
    places = [package.parent / folder, package / "shipped" / folder, Path(folder)]
    return {path.stem: path for place in places for path in sorted(place.glob("*.py")) if path.stem != "__init__"}


def find_script(folder: str, name: str | Path) -> Path:
    """The path of a Python file, given as a path or as the name of one that ships in the folder.

    Raises
    ------
    UnknownNameError
        It is neither.
    """
    path = Path(name)
    if path.suffix == ".py" or path.is_file():
        return path
    known = scripts(folder)
    if str(name) not in known:
        names = ", ".join(known) or "none"
        raise UnknownNameError(f"{str(name)!r} is neither a Python file nor one of the {folder}: {names}")
    return known[str(name)]


def load_module(path: Path) -> ModuleType:
    """Run a Python file and return its module, without leaving it among the imported ones.

    It can import its neighbours, as a script can; they are not left there either, so that those of another folder are
    not taken for them. Its functions and theirs travel to worker processes by value.

    Raises
    ------
    ScriptError
        The file is missing or raises; says in which line and why.
    """
    if not path.is_file():
        raise ScriptError(f"no file at {path}")
    name = f"weaklabel_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScriptError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    sys.modules[name] = module  # dataclasses in the file look themselves up while it runs
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        # From the source, not from Python's cache of it, which takes two versions within a second for one.
        exec(compile(path.read_bytes(), str(spec.origin), "exec"), vars(module))
    except SyntaxError as error:
        file = path if error.filename == spec.origin else error.filename  # or it stands in a neighbour
        raise ScriptError(f"{file}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == spec.origin]
        line = f", line {frames[-1].lineno}" if frames else ""
        raise ScriptError(f"{path}{line}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent.resolve()))
        folder, new = path.parent.resolve(), set(sys.modules) - before
        for other in [other for other in new if other == name or _is_neighbour(other, folder)]:
            del sys.modules[other]
    return module


def _is_neighbour(name: str, folder: Path) -> bool:
    """The module, or the package it is in, lies in the folder itself, not in an environment below it."""
    top = sys.modules.get(name.partition(".")[0])
    if top is None or not getattr(top, "__file__", None):
        return False
    path = Path(str(top.__file__))
    return (path.parent.parent if path.stem == "__init__" else path.parent) == folder


def suggestion(name: str, known: tuple[str, ...]) -> str:
    """What may have been meant, to be said in an error; empty where nothing known is close."""
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
