"""What a labeling function is made of, as one hash: its code, what that refers to, and its resources."""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable
from dis import get_instructions
from enum import Enum, EnumMeta
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path, PurePath
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

import weaklabel
from weaklabel.labeling.functions import held, one_row

UNREAD = "?"  # ends the fingerprint of a function that holds something of which only the type is known
PLAIN = (str, int, float, bool, bytes, type(None))
CONTAINERS = (dict, list, tuple, set, frozenset)
LIBRARIES = ("sklearn.", "weaklabel.")  # whose objects are known by what they hold
# What is another in each process (scikit-learn keeps an address), or grows as a function works (Snorkel's memory).
PASSING = ("_stop_words_id", "_cache")
# What Python puts into each class by itself.
BY_PYTHON = (
    "__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__slots__", "__slotnames__",
    "__abstractmethods__", "_abc_impl", "__dataclass_params__", "__dataclass_fields__", "__match_args__",
    "__parameters__", "__orig_bases__",
)  # fmt: skip

Seen = dict[int, Any]  # what has been looked at, kept alive so that no other gets its address


class _Unread(str):
    """The name of the type of something that cannot be read."""


def fingerprint(lf: Any) -> str:
    """A hash that changes when the function's code, resources, closure or the things it refers to change.

    Followed are the functions, classes, objects, constants and modules of the user's own that the code names; not a
    file that it opens when it is called, nor a library's code.

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
    parts = _parts(lf, {})
    return _digest(parts)[:32] + (UNREAD if _holds_unread(parts) else "")


def source(lf: Any) -> str:
    """Where a labeling function comes from: the factory that made it, or the file and line of its code."""
    rule = held(lf, "f") or lf
    while isinstance(rule, partial):
        rule = rule.args[0] if rule.func is one_row else rule.func  # a rule for frames, called with one row
    code = getattr(rule, "__code__", None)
    if code is None:
        return type(rule).__qualname__
    file = PurePath(code.co_filename)
    return file.stem if file.parent.name == "kinds" else f"{file.name}:{code.co_firstlineno}"


def _holds_unread(parts: Any) -> bool:
    if isinstance(parts, (list, tuple)):
        return any(_holds_unread(part) for part in parts)
    return isinstance(parts, _Unread)


def _parts(value: Any, seen: Seen) -> Any:
    """Plain values, and lists of such, that say what something is."""
    if type(value) in PLAIN:
        return value
    if type(value) in CONTAINERS and _is_plain(value):
        return _plain(value)
    if id(value) in seen:  # it holds or calls itself, or was said before
        return "again", getattr(value, "__qualname__", type(value).__qualname__)
    seen[id(value)] = value
    if isinstance(value, CodeType):
        return _code_parts(value, seen)
    if isinstance(value, FunctionType):
        return _function_parts(value, seen)
    if isinstance(value, MethodType):
        return [_parts(value.__func__, seen), _parts(value.__self__, seen)]
    if isinstance(value, partial):
        return [_parts(part, seen) for part in (value.func, value.args, value.keywords)]
    if isinstance(value, ModuleType):
        return _module_parts(value, seen)
    if isinstance(value, type):
        return _class_parts(value, seen)
    if isinstance(value, Enum):
        return ["member", _parts(type(value), seen), value.name]
    if type(value) in CONTAINERS:
        return _content(value, seen)
    return _object_parts(value, seen)


def _object_parts(value: Any, seen: Seen) -> Any:
    kind = type(value)
    if kind.__module__.startswith(("snorkel.", "weaklabel.")) and held(value, "f"):  # a function or a preprocessor
        return [_parts(held(value, name), seen) for name in ("f", "resources", "pre", "batch")]
    if callable(value) and hasattr(value, "__wrapped__"):  # what `lru_cache` makes of a function
        return [kind.__qualname__, _parts(value.__wrapped__, seen)]
    called = isinstance(getattr(kind, "__call__", None), FunctionType)  # noqa: B004  in Python, not in C
    if kind.__module__ == "sklearn.tree._tree":
        return _parts(value.__getstate__(), seen)
    if isinstance(value, np.ndarray) and value.dtype.names:  # field by field: what lies between them is chance
        return [(name, _parts(value[name], seen)) for name in value.dtype.names]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [value.shape, [_parts(item, seen) for item in value.ravel().tolist()]]
    open_book = kind.__module__.startswith(LIBRARIES) and hasattr(value, "__dict__")
    if not (_is_own(kind) or called or open_book):
        content = isinstance(value, CONTAINERS)  # such as a Counter
        return [kind.__qualname__, _content(value, seen)] if content else _hash_or_name(value)
    holds = {name: item for name, item in _state(value).items() if name not in PASSING}
    if isinstance(value, CONTAINERS):  # of a class derived from them
        holds["content"] = _content(value, seen)
    elif isinstance(value, PLAIN):
        holds["content"] = repr(value)
    return [_class_parts(kind, seen) if _is_own(kind) or called else kind.__qualname__, _parts(holds, seen)]


def _state(value: Any) -> dict[str, Any]:
    """What an object holds, in its dictionary and in its slots."""
    slots = [name for base in type(value).__mro__ for name in _names_of(vars(base).get("__slots__", ()))]
    return {name: getattr(value, name) for name in slots if hasattr(value, name)} | dict(getattr(value, "__dict__", {}))


def _names_of(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _class_parts(cls: type, seen: Seen) -> Any:
    """Its name; of the user's own class, or one whose objects are called, its bases and all that it defines, too."""
    if isinstance(cls, EnumMeta):
        members = [(name, _parts(cls.__members__[name].value, seen)) for name in cls.__members__]
        written = [pair for pair in _defined(cls) if _is_written(pair[1])]
        return [cls.__qualname__, members, [(name, _parts(part, seen)) for name, part in written]]
    if not (_is_own(cls) or isinstance(vars(cls).get("__call__"), FunctionType)):
        return cls.__qualname__
    bases = [_parts(base, seen) for base in cls.__bases__]
    return [cls.__qualname__, bases, [(name, _parts(part, seen)) for name, part in _defined(cls)]]


def _defined(cls: type) -> list[tuple[str, Any]]:
    """What the body of a class defines, by name; of methods of whatever kind, and of properties, the function."""
    bare = {name: getattr(part, "fget", None) or getattr(part, "__func__", part) for name, part in vars(cls).items()}
    besides = {*BY_PYTHON, *_names_of(vars(cls).get("__slots__", ()))}
    return [(name, bare[name]) for name in sorted(bare) if name not in besides]


def _is_written(part: Any) -> bool:
    """Whether it is a function of the user's own, and not one that Python puts into each enumeration."""
    return isinstance(part, FunctionType) and _is_own_file(part.__code__.co_filename)


def _module_parts(module: ModuleType, seen: Seen) -> Any:
    """Its name; of the user's own module all that it holds, as any of it may be used."""
    if not _is_own_file(getattr(module, "__file__", None)):
        return module.__name__
    return [module.__name__, [(name, _parts(part, seen)) for name, part in vars(module).items() if name[:2] != "__"]]


def _function_parts(function: FunctionType, seen: Seen) -> Any:
    code = function.__code__
    own = _is_own_file(code.co_filename)  # what a library's function reads, such as a cache, is its own affair
    cells = [_parts(cell.cell_contents, seen) for cell in function.__closure__ or ()]
    read = dict.fromkeys(name for name in _names(code) if own and name in function.__globals__)
    reads = [(name, _parts(function.__globals__[name], seen)) for name in read]
    given = [function.__defaults__, function.__kwdefaults__, {k: v for k, v in vars(function).items() if k[:2] != "__"}]
    later = [_Unread(f"import {name}") for name in _imports(code) if own and not _is_library(name)]
    return ["function", _code_parts(code, seen), cells, reads, [_parts(part, seen) for part in given], later]


def _imports(code: CodeType) -> list[str]:
    """The modules that the code imports when it runs."""
    return [each.argval for each in get_instructions(code) if each.opname == "IMPORT_NAME"]


def _is_library(module: str) -> bool:
    top = module.partition(".")[0]
    spec = None if top in sys.builtin_module_names else find_spec(top)
    return top in sys.stdlib_module_names or (spec is not None and not _is_own_file(spec.origin))


def _code_parts(code: CodeType, seen: Seen) -> Any:
    constants = [_parts(constant, seen) for constant in code.co_consts]
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return ["code", code.co_code, list(code.co_names), constants, list(parameters), code.co_exceptiontable]


def _is_own(cls: type) -> bool:
    """The user's own class: of no installed package, nor of Python's library."""
    if cls.__module__ not in sys.modules:  # a file that was loaded by its path
        return True
    return cls.__module__ == "__main__" or _is_own_file(getattr(sys.modules[cls.__module__], "__file__", None))


def _is_own_file(file: str | None) -> bool:
    return file is not None and not file.startswith((*_installed(), "<frozen"))


@cache
def _installed() -> tuple[str, ...]:
    places = [sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")]
    return tuple(f"{place}{os.sep}" for place in (*places, Path(weaklabel.__file__).parent))


def _names(code: CodeType) -> list[str]:
    """What the code and the functions and comprehensions inside it refer to."""
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]


def _is_plain(values: Any) -> bool:
    return all(type(value) in PLAIN for value in (values if not isinstance(values, dict) else _both(values)))


def _both(values: dict[Any, Any]) -> Iterable[Any]:
    yield from values
    yield from values.values()


def _plain(values: Any) -> Any:
    """Of texts and numbers, however many."""
    if isinstance(values, (set, frozenset)):  # its order differs from process to process
        return "set", _digest(sorted(values, key=repr))
    return type(values).__name__, _digest(list(values.items()) if isinstance(values, dict) else list(values))


def _content(values: Any, seen: Seen) -> Any:
    if isinstance(values, dict):  # in its order, which a function may depend on
        return "dict", [(_parts(key, seen), _parts(item, seen)) for key, item in values.items()]
    if isinstance(values, (set, frozenset)):
        return "set", sorted((_parts(item, {}) for item in values), key=repr)
    return type(values).__name__, [_parts(item, seen) for item in values]


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()


def _hash_or_name(value: Any) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:  # whatever cannot be pickled (a client, a lock) is known by its type alone
        return _Unread(f"{type(value).__module__}.{type(value).__qualname__}")
