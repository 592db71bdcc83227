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

    rule = getattr(lf, "f", None) or getattr(lf, "_f", lf)
    resources = getattr(lf, "resources", None) or getattr(lf, "_resources", {})
    pre = getattr(lf, "pre", None) or getattr(lf, "_pre", None) or ()
    return str(joblib.hash(_parts((rule, dict(resources), list(pre)), seen=set())))


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
    if isinstance(value, ModuleType | type):
        return value.__name__
    return _hash_or_name(value)


def _function_parts(function: FunctionType, seen: set[int]) -> Any:
    if id(function) in seen:  # it calls itself, or its caller
        return function.__qualname__
    seen.add(id(function))
    code = function.__code__
    cells = [_parts(cell.cell_contents, seen) for cell in function.__closure__ or ()]
    reads = {name: _parts(function.__globals__[name], seen) for name in code.co_names if name in function.__globals__}
    return ("function", _parts(code, seen), cells, reads, _parts(function.__defaults__, seen))


def _hash_or_name(value: Any) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:  # whatever cannot be pickled (a client, a lock) is known by its type alone
        return f"{type(value).__module__}.{type(value).__qualname__}"
