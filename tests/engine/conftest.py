"""Real servers for the tests of the engine: a Dask cluster of processes, a folder behind FTP."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
N_WORKERS = 2
PATIENCE = 60  # seconds for a process to come up, on a machine that is busy
# Whatever ends the run, a signal that nobody can catch too, the processes go by themselves; and no run is idle so long.
SCHEDULER = ("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show", "--idle-timeout", "15 minutes")
# No nanny: a worker that is killed stays dead, and the process that is killed is the one that works.
WORKER = ("dask_worker", "--nthreads", "1", "--memory-limit", "0", "--no-nanny", "--death-timeout", "60")
USER, PASSWORD = "weaklabel", "a-pass-word"


@dataclass
class DaskCluster:
    """A scheduler and two workers, each a process on this machine; what they say lies in `folder`.

    Workers can import the modules of the tests, as this process can: their functions travel by name.
    """

    folder: Path
    scheduler: subprocess.Popen | None = None
    workers: list[subprocess.Popen] = field(default_factory=list)

    @property
    def address(self):
        """Where the scheduler listens: tcp://127.0.0.1:port."""
        return json.loads(self._file.read_text())["address"]

    def mend(self):
        """Have a scheduler and two workers, whatever happened to those there were."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self.stop()
            self.scheduler = self._started(*SCHEDULER)
            _wait_for(self._file.exists, self._log)
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < N_WORKERS:
            self.workers.append(self._started(*WORKER))
        self._await_workers()

    def kill_worker(self, pid=None):
        """As the system does it when memory runs out: at once, in the middle of anything; returns when it is dead."""
        worker = next(one for one in self.workers if one.poll() is None and pid in (None, one.pid))
        worker.kill()
        worker.wait(PATIENCE)

    def kill_scheduler(self):
        """At once; the next test has a new one."""
        self.scheduler.kill()
        self.scheduler.wait(PATIENCE)

    def stop(self):
        """End them all, and see them end."""
        everyone = [*self.workers, *([self.scheduler] if self.scheduler else [])]
        for process in everyone:
            process.kill()
        for process in everyone:
            process.wait(PATIENCE)
        self._file.unlink(missing_ok=True)
        self.scheduler, self.workers = None, []

    @property
    def _file(self):
        return self.folder / "scheduler.json"

    def _log(self):
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def _started(self, program, *options):
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(self._file)]
        pinned = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        env = os.environ | pinned | {"PYTHONPATH": str(ROOT)}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--no-dashboard", *options], cwd=self.folder, env=env, stdout=log, stderr=log
            )

    def _await_workers(self):
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=PATIENCE) as client:
            # By address: one that was killed a moment ago may still be on the scheduler's list.
            _wait_for(lambda: len(client.run(os.getpid, on_error="ignore")) == N_WORKERS, self._log)


@pytest.fixture(scope="session")
def dask_processes(tmp_path_factory):
    """One cluster for a whole run, mended by `dask_cluster` for each test."""
    pytest.importorskip("distributed", reason="dask.distributed is not installed: pip install 'weaklabel[dask]'")
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def dask_cluster(dask_processes):
    """A cluster with two workers; the test may kill what it likes."""
    dask_processes.mend()
    return dask_processes


@dataclass(frozen=True)
class FtpFolder:
    """A folder as others see it, and as it lies on this machine."""

    url: str
    path: Path


@pytest.fixture(scope="session")
def ftp_server(tmp_path_factory):
    """An FTP server of this process on loopback: its address, and the folder that it serves."""
    pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed: pip install pyftpdlib")
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    folder = tmp_path_factory.mktemp("ftp")
    people = DummyAuthorizer()
    people.add_user(USER, PASSWORD, folder, perm="elradfmwMT")
    server = FTPServer(("127.0.0.1", 0), type("Handler", (FTPHandler,), {"authorizer": people}))
    over = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, over), daemon=True)
    thread.start()
    try:
        yield FtpFolder(f"ftp://{USER}:{PASSWORD}@127.0.0.1:{server.address[1]}", folder)
    finally:
        over.set()
        thread.join(PATIENCE)
        server.close_all()


@pytest.fixture
def ftp_folder(ftp_server, tmp_path):
    """An empty folder of a real FTP server: `url` for fsspec, `path` on this machine."""
    name = tmp_path.name
    (ftp_server.path / name).mkdir()
    return FtpFolder(f"{ftp_server.url}/{name}", ftp_server.path / name)


def _serve(server, over):
    # In steps, so that this thread alone touches the sockets until it ends.
    while not over.is_set():
        server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)


def _wait_for(true, log):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"a server did not come up; it says:\n{log()}"
        time.sleep(0.02)
