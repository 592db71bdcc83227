"""What several labeling functions need of one frame, made once."""

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import polars as pl

T = TypeVar("T")

_made: dict[int, dict[str, Any]] = {}  # by the frame's identity, for as long as it lives


def once(rows: pl.DataFrame, what: str, make: Callable[[], T]) -> T:
    """What `make` makes of the frame; what it made under the same name before, if that is this frame's."""
    if id(rows) not in _made:
        _made[id(rows)] = {}
        weakref.finalize(rows, _made.pop, id(rows), None)
    made = _made[id(rows)]
    if what not in made:
        made[what] = make()
    found: T = made[what]
    return found
