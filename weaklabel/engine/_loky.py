"""Processes through joblib, which do not outlive the one that they work for."""

import os
import threading
import time
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


def end_with(parent: int) -> None:
    """In a process that works: end when its parent has."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
