"""Whether the compiled path is taken: where numba can be imported, and the work is large enough to pay for that.

How much work is still to come nobody knows, so each process adds up what the compiled path would have saved it, and
takes that path once it would have paid its price. Like this, a run costs at most its price more than it would by the
better path, whether the work comes in one piece or in a thousand batches. Both paths give the same bits: which one a
process takes shows in its speed alone.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

PRICE = 1.0  # CPU seconds to import numba and to compile the loops of one kind of work; half where they lie on disk
LEAST = 0.001  # CPU seconds: what saves less is not worth making tables for

_missed: defaultdict[str, float] = defaultdict(float)  # CPU seconds, by the kind of work
_way: ContextVar[bool | None] = ContextVar("way", default=None)


def pays(work: str, saving: float) -> bool:
    """Whether to take the compiled path.

    Parameters
    ----------
    work
        The kind of work.
    saving
        CPU seconds that the compiled path saves on this piece of it.
    """
    way = _way.get()
    if way is not None:
        return way and _numba() is not None
    _missed[work] += max(saving, 0.0)
    return saving >= LEAST and _missed[work] >= PRICE and _numba() is not None


def compiled(loop: Callable[..., None]) -> Callable[..., None]:
    """The loop in machine code, which is kept on disk for the next process; without the GIL while it runs.

    Parameters
    ----------
    loop
        A function of a module, of arrays and numbers alone, that calls no other function of ours.
    """
    kept = _kept(loop)

    def run(*arguments: Any) -> None:
        try:
            kept(*arguments)
        except OSError:  # a disk that is full: the loop itself neither reads nor writes a file
            _bare(loop)(*arguments)

    return run


@contextmanager
def forced(way: bool) -> Iterator[None]:
    """Within the block, take the compiled path (True) or the plain one (False), however large the work. For tests."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


@cache
def _numba() -> Any | None:
    try:
        import numba
    except ImportError as error:  # not installed, or too old for this numpy
        log.debug("compiled kernels are not used: %s", error)
        return None
    return numba


@cache
def _kept(loop: Callable[..., None]) -> Callable[..., None]:
    numba = _numba()
    assert numba is not None
    try:
        kept: Callable[..., None] = numba.njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return _bare(loop)
    return kept


@cache
def _bare(loop: Callable[..., None]) -> Callable[..., None]:
    numba = _numba()
    assert numba is not None
    bare: Callable[..., None] = numba.njit(nogil=True)(loop)
    return bare
