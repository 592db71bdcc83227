"""Where long work reports how far it is, without the library ever printing.

Code that works for long wraps its loop in `track`; whoever owns a terminal (the command line) says with `using` how
that is shown. With nobody listening, `track` is the plain loop.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Tracker = Callable[[Iterable[T], str, int | None], Iterable[T]]

_tracker: ContextVar[Tracker | None] = ContextVar("weaklabel_tracker", default=None)  # type: ignore[type-arg]


def track(items: Iterable[T], label: str, total: int | None = None) -> Iterable[T]:
    """The items, one by one, each step reported to whoever listens."""
    tracker = _tracker.get()
    return items if tracker is None else tracker(items, label, total)


def listening() -> bool:
    """Whether somebody shows progress to a person."""
    return _tracker.get() is not None


@contextmanager
def using(tracker: Tracker | None) -> Iterator[None]:  # type: ignore[type-arg]
    """Show progress with `tracker(items, label, total)` inside the block."""
    token = _tracker.set(tracker)
    try:
        yield
    finally:
        _tracker.reset(token)
