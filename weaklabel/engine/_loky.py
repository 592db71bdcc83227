"""Processes through joblib, which do not outlive the one that they work for."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOOK = 0.5  # seconds between two looks at whether it is still there


def joblib_backend(env: dict[str, str]) -> Any:
    """The backend of joblib, but that its processes end when this one is gone, whatever ended it; loky's would wait.

    They find `env` in their environment; this process' own stays as it is, since it may have threads that look.
    """
    from joblib.parallel import BACKENDS

    class Loky(BACKENDS["loky"]):  # type: ignore[misc, name-defined]  # joblib has no types
        def configure(self, *args: Any, **kwargs: Any) -> int:
            return int(super().configure(*args, initializer=end_with, initargs=(os.getpid(),), **kwargs))

        def _prepare_worker_env(self, n_jobs: int) -> dict[str, str]:
            return {**super()._prepare_worker_env(n_jobs), **env}

    return Loky(inner_max_num_threads=1)


@contextmanager
def born_deaf() -> Iterator[None]:
    """Processes that start inside the block never hear of Ctrl-C, not even before their first line of Python runs."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # they inherit it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """In a process that works: end when its parent has."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
