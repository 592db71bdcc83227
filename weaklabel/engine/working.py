"""One task where it runs: on one thread, tried again when it fails."""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from weaklabel.errors import EngineError, WeaklabelError, first_line

T = TypeVar("T")
R = TypeVar("R")

TRIES = 3
PAUSE = 0.5  # seconds before the second try, twice as many before the third: a store may be out of breath


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What became of a task: its result, or why there is none."""

    number: int
    result: R | None = None
    error: Exception | None = None


def in_worker(kernel: Callable[[T], R], number: int, task: T, driver: int) -> Outcome[R]:
    """In a process of its own: one thread, and Ctrl-C is for whoever started it to see to."""
    from threadpoolctl import threadpool_limits

    if os.getpid() == driver:
        return attempted(kernel, number, task)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with threadpool_limits(1):
        return attempted(kernel, number, task)


def attempted(kernel: Callable[[T], R], number: int, task: T) -> Outcome[R]:
    """Bad input is bad input, and says so; anything else may be gone when it is tried again."""
    pause = PAUSE
    for attempt in range(1, TRIES + 1):
        try:
            return Outcome(number, kernel(task))
        except WeaklabelError as error:
            return Outcome(number, error=_with_trace(error))
        except Exception as error:
            if attempt == TRIES:
                said = f"{type(error).__name__}: {first_line(error)}"
                return Outcome(number, error=_with_trace(EngineError(f"{task} failed {TRIES} times: {said}"), error))
        time.sleep(pause)
        pause *= 2
    raise AssertionError("the last try returns")


def _with_trace(error: Exception, cause: Exception | None = None) -> Exception:
    """The error with a note of where it arose, which would not travel between processes otherwise."""
    error.add_note("".join(traceback.format_exception(cause or error)))
    return error
