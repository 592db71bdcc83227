"""What a labeling function is made of, as one hash: its code, what that refers to, and its resources."""

from types import CodeType, FunctionType, ModuleType
from typing import Any


def fingerprint(lf: Any) -> str:
    """A hash that changes when the function's code, resources, closure or the constants it reads change.

    Parameters
    ----------
    lf
        A labeling function, ours or Snorkel's.

    Returns
    -------
    str
        32 hexadecimal digits. It does not depend on names of local variables, comments or line numbers.
    """
    import joblib

    return str(joblib.hash(_parts(lf, seen=set())))


def _parts(value: Any, seen: set[int]) -> Any:
    if isinstance(value, FunctionType):
        return _function_parts(value, seen)
    if isinstance(value, CodeType):
        constants = [_parts(constant, seen) for constant in value.co_consts]
        return ("code", value.co_code, value.co_names, constants)
    if isinstance(value, dict):
        return {key: _parts(item, seen) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_parts(item, seen) for item in value]
    if isinstance(value, (set, frozenset)):  # its order differs from process to process
        return ("set", sorted(_hash_or_name(_parts(item, seen)) for item in value))
    if isinstance(value, ModuleType | type):
        return value.__name__
    if callable(value) and _held(value, "f"):  # a labeling function or one of Snorkel's preprocessors
        return [_parts(_held(value, name), seen) for name in ("f", "resources", "pre")]
    return _hash_or_name(value)


def _function_parts(function: FunctionType, seen: set[int]) -> Any:
    if id(function) in seen:  # it calls itself, or its caller
        return function.__qualname__
    seen.add(id(function))
    code = function.__code__
    cells = [_parts(cell.cell_contents, seen) for cell in function.__closure__ or ()]
    reads = {name: _parts(function.__globals__[name], seen) for name in _names(code) if name in function.__globals__}
    defaults = _parts([function.__defaults__, function.__kwdefaults__], seen)
    return ("function", _parts(code, seen), cells, reads, defaults)


def _names(code: CodeType) -> list[str]:
    """What the code and the functions and comprehensions inside it refer to."""
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]


def _held(lf: Any, name: str) -> Any:
    """What ours holds as `f`, `resources` or `pre`, and Snorkel's as `_f`, `_resources` or `_pre`."""
    return getattr(lf, name, None) or getattr(lf, f"_{name}", None) or ()


def _hash_or_name(value: Any) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:  # whatever cannot be pickled (a client, a lock) is known by its type alone
        return f"{type(value).__module__}.{type(value).__qualname__}"
