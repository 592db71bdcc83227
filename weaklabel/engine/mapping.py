"""Map: a kernel over tasks on whatever backend is set; what fails is tried again, who dies is survived."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import ExitStack, contextmanager
from pickle import PicklingError
from typing import Any, Generic, TypeVar

from weaklabel import progress
from weaklabel.engine import _dask, _loky
from weaklabel.engine._dask import Packed, unpacked
from weaklabel.engine.backend import ONE_THREAD, Backend, current, polars_on_one_thread
from weaklabel.engine.working import Outcome, attempted, in_worker
from weaklabel.errors import EngineError, first_line

T = TypeVar("T")
R = TypeVar("R")

DEATHS = 3  # of workers in a row without a single task done between them
DEATH = ("TerminatedWorkerError", "BrokenProcessPool", "KilledWorker")
LOST = ("FutureCancelledError", "CancelledError", "CommClosedError")  # distributed's, when the scheduler is gone
AHEAD = 8  # tasks for each worker that are out or whose results nobody has taken; joblib has 2 of them run or wait
NAMED = 3  # tasks in one message


def mapped(
    kernel: Callable[[T], R], tasks: Iterable[T], label: str, n: int | None = None, keep_going: bool = False
) -> Iterator[R]:
    """The kernel's result for each task, in the order of the tasks.

    Parameters
    ----------
    kernel
        A function that can be sent to other processes, and run twice on a task without harm.
    tasks
        They are taken only some ahead of those that run; `str` of one names it.
    label
        What a progress bar says.
    n
        How many tasks, where they do not know it.
    keep_going
        Whether the other tasks are done first when one has failed.

    Raises
    ------
    WeaklabelError
        The kernel's own, about bad input.
    EngineError
        A task failed otherwise, three times; or workers die again and again.
    """
    number = len(tasks) if n is None and isinstance(tasks, Sized) else n
    book = _Book(iter(tasks))
    failed: list[tuple[T, Exception]] = []
    for task, outcome in progress.track(book.in_order(_outcomes(kernel, book)), label, number):
        if outcome.error is None:
            yield outcome.result  # type: ignore[misc]  # the kernel may return None
        elif keep_going:
            failed.append((task, outcome.error))
        else:
            raise outcome.error
    if failed:
        raise _all_of(failed)


class _Book(Generic[T]):
    """Which tasks are out, so that those a dead worker took with it can be given out again."""

    def __init__(self, tasks: Iterator[T]) -> None:
        self._tasks = enumerate(tasks)
        self._out: dict[int, T] = {}
        self._again: list[int] = []
        self._given = self._taken = 0
        self.done = False

    def given_out(self, most: int | None = None) -> Iterator[tuple[int, T]]:
        """Tasks with their numbers: first those that were lost, then new ones.

        With `most`, it ends when the outcomes of so many are awaited or wait to be taken: workers that are faster than
        whoever takes their results must not fill memory with these. `done` says whether there are more.
        """
        self._given = self._taken = 0
        while most is None or self._given - self._taken < most:
            self._given += 1
            if self._again:
                number = self._again.pop(0)
                yield number, self._out[number]
                continue
            for number, task in self._tasks:
                self._out[number] = task
                yield number, task
                break
            else:
                self.done = True
                return

    def lost(self) -> list[T]:
        """Whatever is out is lost; it will be given out again."""
        self._again = sorted(self._out)
        self.done = False
        return list(self._out.values())

    def in_order(self, outcomes: Iterator[Outcome[R]]) -> Iterator[tuple[T, Outcome[R]]]:
        """The outcomes with their tasks in the order of these; what comes early waits."""
        early: dict[int, tuple[T, Outcome[R]]] = {}
        following = 0
        for outcome in outcomes:
            self._taken += 1
            early[outcome.number] = self._out.pop(outcome.number), outcome
            while following in early:
                yield early.pop(following)
                following += 1


def _outcomes(kernel: Callable[[T], R], book: _Book[T]) -> Iterator[Outcome[R]]:
    """In any order; workers that die are replaced, and what they had taken runs again."""
    backend = current()
    if backend.name == "sequential":
        yield from (attempted(kernel, number, task) for number, task in book.given_out())
        return
    deaths = 0
    while True:
        try:
            for outcome in _parallel(kernel, book, backend):
                deaths = 0
                yield outcome
            return
        except PicklingError as error:
            raise EngineError(f"what is to run cannot be sent to another process ({first_line(error)})") from error
        except Exception as error:
            name = type(error).__name__  # joblib has its class under several addresses; distributed may not be there
            if name not in DEATH + LOST:
                raise
            if name in LOST:
                raise EngineError(f"the connection to the Dask scheduler was lost ({first_line(error)})") from error
            deaths += 1
            lost = book.lost()
            if deaths == DEATHS or name == "KilledWorker":  # Dask itself has tried again
                raise EngineError(_dying(lost)) from error


def _parallel(kernel: Callable[[T], R], book: _Book[T], backend: Backend) -> Iterator[Outcome[R]]:
    with _configured(backend):
        while not book.done:
            yield from _some(kernel, book, backend)


def _some(kernel: Callable[[T], R], book: _Book[T], backend: Backend) -> Iterator[Outcome[R]]:
    """Of tasks until there are none, or too many results wait to be taken."""
    from joblib import Parallel, delayed

    here = os.getpid()
    tasks: Any = ((kernel, number, task, here) for number, task in book.given_out(AHEAD * backend.workers))
    jobs: Any = (delayed(in_worker)(*task) for task in tasks)
    packed = Packed(tasks) if backend.name == "dask" else None
    if packed is not None:
        jobs = (delayed(unpacked)(in_worker, task) for task in packed)
    with _loky.born_deaf():
        found = Parallel(n_jobs=backend.n_jobs, return_as="generator_unordered", batch_size=1)(jobs)
    try:
        for outcome in found:  # noqa: UP028  # `yield from` would close it before the warnings are silenced
            yield outcome
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that tasks were cancelled is known to whoever cancelled them
            found.close()
    if packed is not None and packed.error is not None:
        raise PicklingError(first_line(packed.error)) from packed.error


@contextmanager
def _configured(backend: Backend) -> Iterator[None]:
    """One thread for each worker, whatever the backend."""
    from joblib import parallel_config
    from threadpoolctl import threadpool_limits

    with ExitStack() as held:
        if backend.name == "dask":
            held.enter_context(parallel_config(_dask.joblib_backend(backend.client)))
        elif backend.name == "threads":
            held.enter_context(parallel_config("threading"))
            held.enter_context(threadpool_limits(1))
        elif backend.name == "loky":
            held.enter_context(parallel_config(_loky.joblib_backend({ONE_THREAD: "1"})))
        else:
            held.enter_context(polars_on_one_thread())
        yield


def _dying(lost: list[Any]) -> str:
    names = ", ".join(str(task) for task in lost[:NAMED]) + (" ..." if len(lost) > NAMED else "")
    return (
        f"workers died again and again while these ran: {names}; for want of memory, or because the code ended "
        "its process: run on fewer workers, or sequentially to see which it is"
    )


def _all_of(failed: list[tuple[Any, Exception]]) -> Exception:
    if len(failed) == 1:
        return failed[0][1]
    names = ", ".join(str(task) for task, _ in failed[:NAMED]) + (" ..." if len(failed) > NAMED else "")
    return EngineError(f"{len(failed)} parts failed ({names}); the first: {failed[0][1]}")
