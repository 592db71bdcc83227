"""Map: the same results on every backend, in order; failures tried again and named; workers that die survived."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from weaklabel import engine, progress
from weaklabel.engine import mapping, working
from weaklabel.engine.backend import ONE_THREAD
from weaklabel.errors import EngineError, TableError, UnknownNameError

HERE = ("sequential", "threads", "loky")


def squared(x):
    return x * x, os.getpid(), os.environ.get(ONE_THREAD)


def fails_at(bad, times, folder, x):
    """Fails on the tasks `bad`, the first `times` times each."""
    tried = Path(folder, f"{x}-{len(list(Path(folder).glob(f'{x}-*')))}")
    if x in bad:
        tried.touch()
        if len(list(Path(folder).glob(f"{x}-*"))) <= times:
            raise OSError(f"no answer for {x}")
    return x


def refuses(bad, x):
    if x == bad:
        raise TableError(f"{x} is no table")
    return x


def kills_itself(folder, x):
    """The worker dies on task 2, the first time, once the result of task 0 is taken; each run leaves a mark."""
    Path(folder, f"{x}-{os.getpid()}").touch()
    if x == 2 and len(list(Path(folder).glob("2-*"))) == 1:
        wait_until(Path(folder, "taken").exists)
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def always_dies(x):
    if x == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


@pytest.fixture(params=HERE)
def backend(request):
    with engine.run_on(request.param, 2):
        yield request.param


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(working, "PAUSE", 0.001)


def test_results_come_in_the_order_of_the_tasks(backend):
    assert [found[0] for found in engine.mapped(squared, range(20), "squares")] == [x * x for x in range(20)]


def test_tasks_may_come_one_by_one(backend):
    assert [found[0] for found in engine.mapped(squared, (x for x in range(5)), "squares", 5)] == [0, 1, 4, 9, 16]


def test_tasks_are_taken_only_some_ahead_of_those_that_run():
    taken = []

    def tasks():
        for x in range(1000):
            taken.append(x)
            yield x

    with engine.run_on("threads", 2):
        found = engine.mapped(squared, tasks(), "squares")
        next(found)
        found.close()

    assert len(taken) <= mapping.AHEAD * 2 + 1


def test_processes_are_others_and_use_one_thread_in_polars():
    with engine.run_on("loky", 2):
        found = list(engine.mapped(squared, range(8), "squares"))

    assert os.getpid() not in {pid for _, pid, _ in found}
    assert {threads for _, _, threads in found} == {"1"}


def test_threads_that_each_have_their_processes_leave_the_environment_as_it_was(monkeypatch):
    monkeypatch.delenv(ONE_THREAD, raising=False)
    found = {}

    def work(name):
        with engine.run_on("loky", 2):
            found[name] = [n for n, _, _ in engine.mapped(squared, range(6), "squares")]

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found["a"] == found["b"] == [n * n for n in range(6)]
    assert ONE_THREAD not in os.environ


def test_what_fails_is_tried_again(backend, tmp_path):
    kernel = partial(fails_at, {1, 3}, 2, str(tmp_path))

    assert list(engine.mapped(kernel, range(5), "tries")) == [0, 1, 2, 3, 4]


def test_what_fails_again_and_again_is_named(backend, tmp_path):
    kernel = partial(fails_at, {3}, 99, str(tmp_path))

    with pytest.raises(EngineError, match="3 failed 3 times: OSError: no answer for 3"):
        list(engine.mapped(kernel, range(5), "tries"))


def test_bad_input_is_not_tried_again_and_stays_the_error_that_it_is(backend):
    with pytest.raises(TableError, match="2 is no table") as raised:
        list(engine.mapped(partial(refuses, 2), range(5), "tables"))

    assert "in refuses" in raised.value.__notes__[0]  # where it arose, in another process too


def test_the_others_may_be_done_first(backend, tmp_path):
    kernel = partial(fails_at, {1, 3}, 99, str(tmp_path))
    found = engine.mapped(kernel, range(6), "tries", keep_going=True)

    assert [next(found) for _ in range(4)] == [0, 2, 4, 5]
    with pytest.raises(EngineError, match=r"2 parts failed \(1, 3\); the first: 1 failed 3 times"):
        next(found)


def test_one_bad_input_among_many_stays_what_it_is(backend):
    with pytest.raises(TableError, match="2 is no table"):
        list(engine.mapped(partial(refuses, 2), range(5), "tables", keep_going=True))


def test_a_process_that_is_killed_is_survived_and_what_was_done_is_not_done_again(tmp_path):
    found = []

    with engine.run_on("loky", 2):
        for x in engine.mapped(partial(kills_itself, str(tmp_path)), range(8), "killed"):
            found.append(x)
            (tmp_path / "taken").touch()

    assert found == list(range(8))
    runs = [len(list(tmp_path.glob(f"{x}-*"))) for x in range(8)]
    assert runs[0] == 1
    assert runs[2] == 2
    assert sum(runs) <= 8 + 4  # tasks that were out when it died, at most twice the workers


def test_a_task_that_always_kills_its_process_is_named():
    with engine.run_on("loky", 2), pytest.raises(EngineError, match=r"workers died again and again while these ran: 2"):
        list(engine.mapped(always_dies, range(4), "killed"))


def test_what_cannot_be_sent_is_said():
    lock = threading.Lock()

    with engine.run_on("loky", 2), pytest.raises(EngineError, match="cannot be sent to another process"):
        list(engine.mapped(lambda x: (lock, x), range(4), "locks"))


def test_progress_is_told(backend):
    seen = []

    def tracker(items, label, total):
        for item in items:
            seen.append((label, total))
            yield item

    with progress.using(tracker):
        list(engine.mapped(squared, range(3), "squares"))

    assert seen == [("squares", 3)] * 3


def test_the_backend_is_set_inside_the_block_alone():
    with engine.run_on("threads", 3):
        with engine.run_on("sequential"):
            assert engine.workers() == 1
        assert engine.workers() == 3

    assert engine.workers() == 1


def test_a_number_of_workers_means_processes_or_what_was_set():
    with engine.with_n_jobs(2):
        pids = {pid for _, pid, _ in engine.mapped(squared, range(4), "squares")}
    with engine.run_on("threads", 4), engine.with_n_jobs(2):
        inside = engine.workers(), {pid for _, pid, _ in engine.mapped(squared, range(4), "squares")}

    assert os.getpid() not in pids
    assert inside == (2, {os.getpid()})


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (("fork",), UnknownNameError, "no backend is called 'fork'; there are: sequential, threads, loky, dask"),
        (("loky", 0), EngineError, "n_jobs is 0; it is a number of workers"),
        (("loky", 2, "tcp://127.0.0.1:1"), EngineError, "only the backend 'dask' has a scheduler"),
    ],
)
def test_what_is_no_backend_is_refused(asked, error, said):
    with pytest.raises(error, match=said), engine.run_on(*asked):
        pass


def test_dask_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)

    with pytest.raises(EngineError, match=r"pip install 'weaklabel\[dask\]'"), engine.run_on("dask"):
        list(engine.mapped(squared, range(2), "squares"))


INTERRUPTED = """
import os, sys, time
from weaklabel import engine
folder = sys.argv[1]
def slow(x):
    with open(os.path.join(folder, str(x)), "w") as note:
        note.write(str(os.getpid()))
    time.sleep(0.05 if x < 2 else 60)
    return x
with engine.run_on(sys.argv[2], 2):
    for x in engine.mapped(slow, range(6), "slow"):
        print(x, flush=True)
"""


@pytest.mark.parametrize("name", [*HERE, "dask"])
def test_ctrl_c_stops_at_once_and_leaves_no_process(name, tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path), name]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert running.stdout.readline() == "0\n"

    os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to all of them
    _, said = running.communicate(timeout=30)

    assert running.returncode != 0
    assert said.count("KeyboardInterrupt\n") == 1  # of the caller; workers say nothing
    wait_until(lambda: not living(running.pid))


@pytest.mark.parametrize("name", ["loky", "dask"])
def test_workers_go_when_whoever_started_them_is_killed(name, tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path), name]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert running.stdout.readline() == "0\n"
    workers = {int(file.read_text()) for file in tmp_path.iterdir()}

    running.kill()  # it can tell nobody
    running.communicate()

    assert workers - {running.pid} == workers
    wait_until(lambda: not any(alive(pid) for pid in workers))


def alive(pid):
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return said.strip() not in ("", "Z")


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def living(group):
    """The processes of a group; not those that have ended and that nobody has asked about."""
    said = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split(maxsplit=2) for line in said.splitlines()]
    return [args for pgid, stat, args in found if pgid == str(group) and not stat.startswith("Z")]
