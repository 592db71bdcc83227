"""On a Dask cluster of real processes, some of which die."""

import os
import socket
import threading
import time
from functools import partial

import polars as pl
import pytest

from weaklabel import (
    LabelingFunction,
    LabelMatrix,
    Posterior,
    apply_file,
    denoise_file,
    engine,
    keywords,
    load_lfs,
)  # fmt: skip
from weaklabel.engine import backend
from weaklabel.errors import EngineError, TableError

N = 12
ROWS = pl.DataFrame({"id": ["a", "b", "c"], "text": ["you won a prize", "see you at nine", "free, free, free!"]})
LONGEST = 60  # seconds that a kernel waits for the test


def counted(task):
    """Not done in the order of the tasks."""
    time.sleep(0.01 * ((7 * task) % 5))
    return task, task**2


def where(task):
    return os.getpid()


def summed(frame):
    return int(frame["n"].sum())


def held(folder, frame):
    """The sum, once the test has opened the gate; leaves a note that it began."""
    task = int(frame["n"][0])
    (folder / f"begun-{os.getpid()}-{task}").touch()
    _wait_for(folder / "gate")
    return summed(frame)


def deadly(task):
    if task == 3:
        os._exit(1)
    return task


def at_fault(task):
    if task == 3:
        raise TableError(f"task {task} has no column 'text'")
    return task


def waits(folder, x):
    """Abstains, once the test has opened the gate; leaves a note that it began."""
    (folder / f"begun-{os.getpid()}-{x.id[1:]}").touch()
    _wait_for(folder / "gate")
    return -1


def votes(lfs, rows):
    from weaklabel import apply

    return apply(lfs, rows, classes=("ham", "spam")).votes.tolist()


def _wait_for(path):
    deadline = time.monotonic() + LONGEST
    while not path.exists():
        assert time.monotonic() < deadline, f"nobody made {path.name}"
        time.sleep(0.01)


@pytest.fixture
def on_dask(dask_cluster):
    with engine.run_on("dask", scheduler=dask_cluster.address):
        yield dask_cluster


def test_results_are_those_of_one_process_and_in_its_order(dask_cluster):
    alone = list(engine.mapped(counted, range(N), "counting"))

    with engine.run_on("dask", scheduler=dask_cluster.address):
        assert engine.workers() == len(dask_cluster.workers)
        assert list(engine.mapped(counted, range(N), "counting")) == alone


def test_both_workers_work_one_thread_each(on_dask, tmp_path):
    frames = [pl.DataFrame({"n": [i]}) for i in range(2)]
    watcher = threading.Thread(target=_open_when_begun, args=(tmp_path, 2))
    watcher.start()

    list(engine.mapped(partial(held, tmp_path), frames, "counting"))

    watcher.join()
    assert {_begun(note)[0] for note in tmp_path.glob("begun-*")} == {one.pid for one in on_dask.workers}


@pytest.mark.parametrize("rows", [1, 1000], ids=["small tasks", "tasks that joblib would spread over the workers"])
def test_a_worker_that_is_killed_changes_nothing(on_dask, tmp_path, rows):
    frames = [pl.DataFrame({"n": range(i, i + rows)}) for i in range(N)]
    killed = []

    def kill():
        first = _all_begun(tmp_path, 2)[0]
        killed.append(_begun(first)[0])
        on_dask.kill_worker(killed[0])
        (tmp_path / "gate").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    found = list(engine.mapped(partial(held, tmp_path), frames, "counting"))
    killer.join()

    assert found == [summed(frame) for frame in frames]
    begun = [_begun(note) for note in tmp_path.glob("begun-*")]
    lost = {task for pid, task in begun if pid == killed[0]}
    assert lost
    assert lost <= {task for pid, task in begun if pid != killed[0]}


def test_a_scheduler_that_is_killed_is_an_error(on_dask, tmp_path):
    frames = [pl.DataFrame({"n": [i]}) for i in range(N)]

    def kill():
        _all_begun(tmp_path, 2)
        on_dask.kill_scheduler()
        (tmp_path / "gate").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(EngineError, match="scheduler"):
        list(engine.mapped(partial(held, tmp_path), frames, "counting"))
    killer.join()


def test_a_single_worker_does_all_the_work(on_dask):
    on_dask.kill_worker()
    [left] = [one.pid for one in on_dask.workers if one.poll() is None]

    assert set(engine.mapped(where, range(N), "counting")) == {left}


def test_a_cluster_is_free_again_when_nobody_wants_the_rest(on_dask):
    found = engine.mapped(counted, range(1000), "counting")
    next(found)
    found.close()

    assert list(engine.mapped(counted, range(N), "counting")) == [counted(task) for task in range(N)]


def test_bad_input_is_an_error_as_in_one_process(on_dask):
    with pytest.raises(TableError, match="task 3 has no column 'text'"):
        list(engine.mapped(at_fault, range(N), "counting"))


def test_what_cannot_be_sent_is_an_error(on_dask):
    with pytest.raises((EngineError, TypeError), match="pickle"):
        list(engine.mapped(counted, [1, threading.Lock(), 3], "counting"))


def test_a_task_that_kills_every_worker_is_named():
    with engine.run_on("dask", n_jobs=2), pytest.raises(EngineError, match=r"died .* 3"):
        list(engine.mapped(deadly, range(6), "counting"))


def test_an_address_where_nobody_listens_is_an_error(monkeypatch):
    monkeypatch.setattr(backend, "CONNECT", "1s")
    with socket.socket() as taken:  # bound, and not listening: nobody else can take it meanwhile
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(EngineError, match=address), engine.run_on("dask", scheduler=address):
            pass


@pytest.mark.parametrize("address", ["", "10.0.0.5", "http://127.0.0.1:8786", "tcp://no such host:8786"])
def test_what_is_no_address_is_an_error(address, monkeypatch):
    monkeypatch.setattr(backend, "CONNECT", "1s")

    with pytest.raises(EngineError, match="scheduler"), engine.run_on("dask", scheduler=address):
        pass


def test_a_file_of_labeling_functions_travels_with_its_helpers_and_neighbours(on_dask, tmp_path):
    (tmp_path / "words.py").write_text(
        "PRIZES = ('prize', 'won')\n\n\ndef has(text):\n    return any(w in text for w in PRIZES)\n"
    )
    (tmp_path / "rules.py").write_text(
        "import weaklabel\n"
        "import words\n"
        "from words import has\n\n"
        "CLASSES = ['ham', 'spam']\n\n\n"
        "def loud(text):\n    return text.count('!') > 0\n\n\n"
        "@weaklabel.labeling_function()\ndef prize(x):\n    return 1 if has(x.text) else -1\n\n\n"
        "@weaklabel.labeling_function()\ndef shouted(x):\n    return 1 if loud(x.text) else 0\n\n\n"
        "@weaklabel.labeling_function()\ndef by_module(x):\n    return 1 if words.has(x.text) else -1\n"
    )
    lfs = load_lfs(tmp_path / "rules.py").lfs

    [found] = engine.mapped(partial(votes, lfs), [ROWS], "voting")

    assert found == [[1, 0, 1], [-1, 0, -1], [-1, 1, -1]]


def test_tables_in_parts_go_all_the_way_on_a_cluster_although_a_worker_is_killed(on_dask, tmp_path):
    """Votes, counts and probabilities; the first worker that begins to vote is killed while it does."""
    (tmp_path / "table").mkdir()
    for i in range(6):
        ROWS.with_columns(id=pl.col("id") + str(i)).write_parquet(tmp_path / "table" / f"part-{i}.parquet")
    lfs = [keywords("won", ["won", "free"], label=1), LabelingFunction("waits", partial(waits, tmp_path))]
    (tmp_path / "gate").touch()
    with engine.run_on("sequential"):
        apply_file(lfs, tmp_path / "table", tmp_path / "here", ("ham", "spam"))
    (tmp_path / "gate").unlink()
    for note in tmp_path.glob("begun-*"):
        note.unlink()

    def kill():
        on_dask.kill_worker(_begun(_all_begun(tmp_path, 2)[0])[0])
        (tmp_path / "gate").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    apply_file(lfs, tmp_path / "table", tmp_path / "there", ("ham", "spam"))
    there = denoise_file(tmp_path / "there", tmp_path / "probs-there")
    killer.join()
    with engine.run_on("sequential"):
        here = denoise_file(tmp_path / "here", tmp_path / "probs-here")

    assert LabelMatrix.load(tmp_path / "there").to_frame().equals(LabelMatrix.load(tmp_path / "here").to_frame())
    assert there.labels == here.labels
    probs = [Posterior.load(tmp_path / f"probs-{name}").probs.tolist() for name in ("there", "here")]
    assert probs[0] == probs[1]


def _begun(note):
    _, pid, task = note.name.split("-")
    return int(pid), int(task)


def _all_begun(folder, n):
    """The notes, once tasks have begun in so many processes."""
    deadline = time.monotonic() + LONGEST
    while len({_begun(note)[0] for note in folder.glob("begun-*")}) < n:
        assert time.monotonic() < deadline, "the workers did not begin"
        time.sleep(0.01)
    return sorted(folder.glob("begun-*"))


def _open_when_begun(folder, n):
    _all_begun(folder, n)
    (folder / "gate").touch()
