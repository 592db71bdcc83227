"""A Dask cluster on this machine: processes that end with whoever started them, and that Ctrl-C does not reach.

Run as a program this is their keeper, which waits until nobody holds its input any more: that is so even when the
process that started it was killed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

SCHEDULER = ("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
WORKERS = ("dask_worker", "--host", "127.0.0.1", "--nthreads", "1")  # each with a nanny, which replaces it when it dies
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "critical",  # what a person needs to know comes as an error of ours
    # Nobody looks at its dashboard: watching itself would take a fiftieth of a core for each process.
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "2s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}
FILE = "scheduler.json"
LOOK = 0.02  # seconds


@contextmanager
def cluster_here(n: int, env: dict[str, str], patience: float) -> Iterator[str]:
    """The address of a scheduler with workers that are about to come.

    Parameters
    ----------
    n
        How many workers.
    env
        What they find in their environment, beside what this process finds in its own.
    patience
        Seconds to wait for the scheduler.

    Raises
    ------
    TimeoutError
        It does not come.
    """
    folder = mkdtemp(prefix="weaklabel-dask-")  # the keeper removes it
    keeper = subprocess.Popen(
        [sys.executable, __file__, folder, str(n)], env=os.environ | QUIET | env, stdin=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield _address(Path(folder, FILE), time.monotonic() + patience)
    finally:
        keeper.communicate()  # that its input is closed is its sign to end


def _address(file: Path, deadline: float) -> str:
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, ValueError):  # not there yet, or half of it
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        time.sleep(LOOK)
    raise TimeoutError("the scheduler did not start")


def keep(folder: str, n: str) -> None:
    """Have a scheduler and workers until the input ends."""

    def started(program: str, *options: str, group: int) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{program}",
            "--scheduler-file",
            str(Path(folder, FILE)),
            "--no-dashboard",
        ]
        return subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL, process_group=group)

    scheduler = started(*SCHEDULER, group=0)
    workers = started(*WORKERS, "--nworkers", n, "--local-directory", folder, group=scheduler.pid)
    try:
        sys.stdin.read()
    finally:
        os.killpg(scheduler.pid, signal.SIGKILL)
        scheduler.wait()
        workers.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(*sys.argv[1:])
