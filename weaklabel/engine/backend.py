"""What runs the tasks: this process, threads, processes, or a Dask cluster, by name and through joblib."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from weaklabel.engine._dask_here import cluster_here
from weaklabel.errors import EngineError, UnknownNameError, first_line

BACKENDS = ("sequential", "threads", "loky", "dask")
CONNECT = "10s"  # to a scheduler: longer than any network needs, shorter than a person's patience
PATIENCE = 60  # seconds for workers to come
ONE_THREAD = "POLARS_MAX_THREADS"  # joblib sees to the threads of BLAS in its workers, but does not know polars


@dataclass
class Backend:
    """A backend by its name.

    Attributes
    ----------
    name
        One of `BACKENDS`; None: what joblib takes, which is "loky" unless `joblib.parallel_config` says otherwise.
    n_jobs
        Tasks at once; -1: as many as there are cores.
    scheduler
        The address of a Dask scheduler; None: a cluster on this machine, for as long as it is needed.
    """

    name: str | None = "sequential"
    n_jobs: int = 1
    scheduler: str | None = None
    _client: Any = field(default=None, repr=False)
    _held: ExitStack = field(default_factory=ExitStack, repr=False)

    def __post_init__(self) -> None:
        if self.name not in (None, *BACKENDS):
            raise UnknownNameError(f"no backend is called {self.name!r}; there are: {', '.join(BACKENDS)}")
        if self.n_jobs == 0:
            raise EngineError("n_jobs is 0; it is a number of workers, or -1 for one on each core")
        if self.scheduler is not None and self.name != "dask":
            raise EngineError(f"only the backend 'dask' has a scheduler, {self.name!r} has none: leave one of them out")

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        if self.name == "sequential":
            return 1
        if self.name == "dask":
            return max(1, int(sum(self.client.ncores().values())))
        from joblib import effective_n_jobs

        return int(effective_n_jobs(self.n_jobs))

    @property
    def client(self) -> Any:
        """The connection to Dask, made when it is first needed.

        Raises
        ------
        EngineError
            Dask is not installed, or nobody answers at the address.
        """
        if self._client is None:
            self._client = self._held.enter_context(_dask_client(self.scheduler, self.n_jobs))
        return self._client

    def close(self) -> None:
        """Let go of a Dask cluster, if there is one."""
        self._client = None
        self._held.close()


_current: ContextVar[Backend] = ContextVar("weaklabel_backend")


def current() -> Backend:
    """The backend that was set, or this process."""
    return _current.get(None) or Backend()


def workers() -> int:
    """How many tasks run at once on the backend that was set; 1 where none was."""
    return current().workers


@contextmanager
def run_on(backend: str, n_jobs: int = -1, scheduler: str | None = None) -> Iterator[None]:
    """Run all long work inside the block on this backend; the results are the same on each, to the last bit.

    Parameters
    ----------
    backend
        "sequential" (this process), "threads", "loky" (processes) or "dask" (a cluster, also on other machines).
    n_jobs
        How many tasks run at once; -1: one on each core. A cluster that is there already has its own number.
    scheduler
        With "dask": the address of a running scheduler, such as "tcp://10.0.0.5:8786"; without it, a cluster starts on
        this machine and ends with the block.

    Raises
    ------
    UnknownNameError
        There is no such backend.
    EngineError
        Dask is not installed, or nobody answers at the address.

    Examples
    --------
    >>> with run_on("threads", n_jobs=2):
    ...     print(workers())
    2
    """
    with _set(Backend(backend, n_jobs, scheduler)) as made:
        if scheduler is not None:
            _ = made.client  # an address where nobody listens is to be known at once
        yield


@contextmanager
def with_n_jobs(n_jobs: int | None) -> Iterator[None]:
    """Run on so many workers of the backend that was set; of processes, where that is this process alone."""
    here = current()
    if n_jobs is None or here.name == "dask":
        yield
        return
    name = "sequential" if n_jobs == 1 else (None if here.name == "sequential" else here.name)
    with _set(Backend(name, n_jobs)):
        yield


@contextmanager
def _set(made: Backend) -> Iterator[Backend]:
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)
        made.close()


@contextmanager
def _dask_client(scheduler: str | None, n_jobs: int) -> Iterator[Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise EngineError("the backend 'dask' needs dask.distributed: pip install 'weaklabel[dask]'") from error
    expected = 1 if scheduler is not None else (os.cpu_count() or 1) if n_jobs < 0 else n_jobs
    connected: Any = distributed.Client
    with ExitStack() as held:
        held.enter_context(dask.config.set({"distributed.comm.timeouts.connect": CONNECT}))
        try:
            # Not LocalCluster: its processes run the caller's script again, which may have no __main__ guard.
            if scheduler is None:
                scheduler = held.enter_context(cluster_here(expected, {ONE_THREAD: "1"}, PATIENCE))
            client = held.enter_context(connected(scheduler, set_as_default=False, timeout=CONNECT))
            client.wait_for_workers(expected, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise EngineError(
                f"no Dask scheduler with workers answers at {scheduler or 'this machine'} ({first_line(error)}): start "
                "one with `dask scheduler`, and workers with `dask worker`"
            ) from error
        yield client


@contextmanager
def polars_on_one_thread() -> Iterator[None]:
    """Processes that start inside the block use one thread in polars; this one keeps those it has."""
    before = os.environ.get(ONE_THREAD)
    os.environ[ONE_THREAD] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[ONE_THREAD]
        else:
            os.environ[ONE_THREAD] = before
