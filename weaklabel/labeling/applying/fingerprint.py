"""What a labeling function is made of, as one hash: its code, what that refers to, and its resources."""

import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path, PurePath
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import weaklabel
from weaklabel.labeling.functions import held

UNREAD = "?"  # ends the fingerprint of a function that holds something of which only the type is known
ADDRESSES = ("_stop_words_id",)  # scikit-learn keeps one there, another in each process
PLAIN = (str, int, float, bool, bytes, type(None))  # hashed with what holds them


class _Unread(str):
    """The name of the type of something that cannot be read."""


def fingerprint(lf: Any) -> str:
    """A hash that changes when the function's code, resources, closure or the constants it reads change.

    Parameters
    ----------
    lf
        A labeling function, ours or Snorkel's.

    Returns
    -------
    str
        32 hexadecimal digits; after them a "?" if the function holds something that cannot be read, such as a lock or a
        connection: an equal fingerprint then does not prove an equal function. It does not depend on names of local
        variables, comments or line numbers.
    """
    import joblib

    parts = _parts(lf, seen=set())
    return str(joblib.hash(parts)) + (UNREAD if _holds_unread(parts) else "")


def source(lf: Any) -> str:
    """Where a labeling function comes from: the factory that made it, or the file and line of its code."""
    rule = held(lf, "f") or lf
    while isinstance(rule, partial):  # a rule for frames, called with one row
        rule = rule.args[0]
    code = getattr(rule, "__code__", None)
    if code is None:
        return type(rule).__qualname__
    file = PurePath(code.co_filename)
    return file.stem if file.parent.name == "kinds" else f"{file.name}:{code.co_firstlineno}"


def _holds_unread(parts: Any) -> bool:
    if isinstance(parts, dict):
        parts = [*parts, *parts.values()]
    if isinstance(parts, (list, tuple)):
        return any(_holds_unread(part) for part in parts)
    return isinstance(parts, _Unread)


def _parts(value: Any, seen: set[int]) -> Any:
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, FunctionType):
        return _function_parts(value, seen)
    if isinstance(value, MethodType):
        return [_parts(value.__func__, seen), _parts(value.__self__, seen)]
    if isinstance(value, partial):
        return [_parts(part, seen) for part in (value.func, value.args, value.keywords)]
    if isinstance(value, CodeType):
        constants = [_parts(constant, seen) for constant in value.co_consts]
        return ("code", value.co_code, value.co_names, constants)
    if isinstance(value, dict) and _are_plain(value) and _are_plain(value.values()):
        return "dict", _digest(sorted(value.items(), key=repr))
    if isinstance(value, (list, tuple)) and _are_plain(value):
        return _digest(value)
    if isinstance(value, (set, frozenset)) and _are_plain(value):  # its order differs from process to process
        return "set", _digest(sorted(value, key=repr))
    if isinstance(value, dict):
        return {key: _parts(item, seen) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_parts(item, seen) for item in value]
    if isinstance(value, (set, frozenset)):
        return "set", sorted(map(_hash_or_name, value))
    if isinstance(value, ModuleType):
        return _module_parts(value)
    if callable(value) and not isinstance(value, type) and held(value, "f"):  # a function, or Snorkel's preprocessor
        return [_parts(held(value, name), seen) for name in ("f", "resources", "pre", "batch")]
    if isinstance(value, type):
        return _class_parts(value, seen)
    if type(value).__module__.startswith(("sklearn.", "weaklabel.")) and hasattr(value, "__dict__"):
        learned = {name: _parts(item, seen) for name, item in vars(value).items() if name not in ADDRESSES}
        return [type(value).__qualname__, learned]
    if callable(value) and hasattr(value, "__wrapped__"):  # what `lru_cache` makes of a function
        return [type(value).__qualname__, _parts(value.__wrapped__, seen)]
    if _is_own(type(value)) or (callable(value) and isinstance(type(value).__call__, FunctionType)):
        return _object_parts(value, seen)
    return _hash_or_name(value)


def _object_parts(value: Any, seen: set[int]) -> Any:
    """Its classes, and what it holds."""
    if id(value) in seen:  # it holds itself
        return type(value).__qualname__
    seen.add(id(value))
    state = _parts(vars(value), seen) if hasattr(value, "__dict__") else _hash_or_name(value)
    return [[_class_parts(base, seen) for base in type(value).__mro__], state]


def _class_parts(cls: type, seen: set[int]) -> Any:
    """Its name; of the user's own class, or one whose objects are called, its functions and constants, too."""
    if id(cls) in seen or not (_is_own(cls) or isinstance(vars(cls).get("__call__"), FunctionType)):
        return cls.__qualname__
    seen.add(id(cls))
    bare = {name: getattr(part, "fget", None) or getattr(part, "__func__", part) for name, part in vars(cls).items()}
    functions = {name: _parts(part, seen) for name, part in bare.items() if isinstance(part, FunctionType)}
    plain = {name: part for name, part in bare.items() if isinstance(part, PLAIN) and not name.startswith("__")}
    return [cls.__qualname__, functions, plain]


def _module_parts(module: ModuleType) -> Any:
    """Its name; of the user's own module what its file says, as any of its functions may be called."""
    file = getattr(module, "__file__", None)
    if file is None or file.startswith(_installed()) or not Path(file).is_file():
        return module.__name__
    return module.__name__, hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _is_own(cls: type) -> bool:
    """The user's own class: of no installed package, nor of Python's library."""
    if cls.__module__ not in sys.modules:  # a file that was loaded by its path
        return True
    file = getattr(sys.modules[cls.__module__], "__file__", None)
    return cls.__module__ == "__main__" or (file is not None and not file.startswith(_installed()))


def _function_parts(function: FunctionType, seen: set[int]) -> Any:
    if id(function) in seen:  # it calls itself, or its caller
        return function.__qualname__
    seen.add(id(function))
    code = function.__code__
    cells = [_parts(cell.cell_contents, seen) for cell in function.__closure__ or ()]
    read = () if _is_installed(code) else _names(code)  # what a library's function reads, such as a cache, is its own
    reads = {name: _parts(function.__globals__[name], seen) for name in read if name in function.__globals__}
    defaults = _parts([function.__defaults__, function.__kwdefaults__], seen)
    return ("function", _parts(code, seen), cells, reads, defaults)


def _is_installed(code: CodeType) -> bool:
    """The code lies in Python's own library or in an installed package."""
    return code.co_filename.startswith(_installed())


@cache
def _installed() -> tuple[str, ...]:
    places = [sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")]
    return *places, str(Path(weaklabel.__file__).parent)


def _names(code: CodeType) -> list[str]:
    """What the code and the functions and comprehensions inside it refer to."""
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]


def _are_plain(values: Iterable[Any]) -> bool:
    return all(isinstance(value, PLAIN) for value in values)


def _digest(value: Any) -> str:
    """Of texts and numbers, however many: joblib takes ten microseconds for each."""
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()


def _hash_or_name(value: Any) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:  # whatever cannot be pickled (a client, a lock) is known by its type alone
        return _Unread(f"{type(value).__module__}.{type(value).__qualname__}")
