"""Dask through joblib, with what its backend there leaves out: a task that is lost is an error, and no endless wait."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Packed:
    """Tasks as bytes: what cannot be packed is known here, and nothing is spread over workers that may die.

    Attributes
    ----------
    error
        Why a task could not be packed, if one could not; there is none after it.
    """

    def __init__(self, tasks: Iterable[tuple[Any, ...]]) -> None:
        self._tasks = tasks
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        import cloudpickle

        try:
            for task in self._tasks:
                yield cloudpickle.dumps(task)
        except Exception as error:  # whatever an object's own __reduce__ may raise
            self.error = error


def unpacked(function: Callable[..., Any], task: bytes) -> Any:
    """In a worker: the function of what was packed."""
    import pickle

    return function(*pickle.loads(task))


def joblib_backend(client: Any) -> Any:
    """The backend of joblib for a Dask client, but that a task whose workers keep dying raises KilledWorker."""
    from joblib._dask import DaskDistributedBackend

    class Dask(DaskDistributedBackend):  # type: ignore[misc]  # joblib has no types
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))  # of one, joblib would make this process the worker

        async def _collect(self) -> None:
            while self._continue:
                async for future, result in self.waiting_futures:
                    self._results.pop(future)
                    failed = future.status == "error"
                    self._callbacks.pop(future)(_Lost(result[1]) if failed else result)
                await asyncio.sleep(0.01)

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, _Lost):
                raise out.error
            return super().retrieve_result_callback(out)

    return Dask(client=client)


class _Lost:
    def __init__(self, error: BaseException) -> None:
        self.error = error
