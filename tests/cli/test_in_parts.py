"""The commands on folders of parts, on every backend: the same output; what was cut off goes on."""

import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

import weaklabel as wl

RULES = """
import time
from weaklabel import keywords, labeling_function
CLASSES = ("ham", "spam")
prize = keywords("prize", ["prize", "win"], label=1)
hello = keywords("hello", ["hello"], label=0)
@labeling_function()
def slow(x):
    if x.text == "sleeps":
        time.sleep(60)
    return 0 if len(x.text) < 6 else -1
"""
TEXTS = ("win a prize", "hello", "hello there", "nothing")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with rules and three parts of 20 messages."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "table").mkdir()
    for i in range(3):
        rows = [{"id": f"{i}-{j}", "text": TEXTS[(i + j) % 4]} for j in range(20)]
        pl.DataFrame(rows).write_parquet(f"table/part-{i}.parquet")
    return tmp_path


@pytest.mark.parametrize("how", ["", " -j 2", " --backend threads -j 2", " --backend loky --n-jobs 2"])
def test_parts_go_all_the_way_on_every_backend(how, folder, weaklabel):
    applied = weaklabel(f"apply rules.py table --out votes/{how}")
    again = weaklabel(f"apply rules.py table --out votes/{how}")
    denoised = weaklabel(f"denoise votes --out posterior/ --model majority{how}")
    picked = weaklabel(f"pick posterior --size 4 --table table --tasks review{how}")
    trained = weaklabel("training-set posterior table --out training.parquet")

    assert "3 labeling functions voted on 45 of 60 items" in applied
    assert "known from before: all rows" in again
    assert "30 ham, 15 spam, 15 without a label" in denoised
    assert "picked 4 of 60 items by margin" in picked
    assert "45" in trained
    whole = wl.apply(
        wl.load_lfs("rules.py").lfs, pl.concat(map(pl.read_parquet, sorted(folder.glob("table/*")))), ("h", "s")
    )
    assert wl.LabelMatrix.load("votes").votes.tolist() == whole.votes.tolist()


def test_a_log_in_parts_is_counted_by_several_workers(folder, weaklabel):
    for i in range(2):
        pl.DataFrame(
            {"query_id": ["q"] * 4, "doc_id": ["a", "b"] * 2, "position": [1, 2] * 2, "click": [i, 0, 1, 0]}
        ).write_parquet(f"log-{i}.parquet")

    one = weaklabel("count log-0.parquet log-1.parquet --out one.parquet")
    two = weaklabel("count log-0.parquet log-1.parquet --out two.parquet -j 2")

    assert one.splitlines()[0] == two.splitlines()[0]
    assert wl.ClickCounts.load("one.parquet").frame.equals(wl.ClickCounts.load("two.parquet").frame)


def test_known_classes_reach_parts(folder, weaklabel):
    weaklabel("apply rules.py table --out votes")
    pl.DataFrame({"id": ["0-3", "1-2", "9-9"], "label": ["spam", "ham", None]}).write_csv("gold.csv")

    weaklabel("denoise votes --out posterior --gold gold.csv")

    P = wl.Posterior.load("posterior")
    assert dict(P.to_frame().filter("answered").select("id", "label").iter_rows()) == {"0-3": "spam", "1-2": "ham"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("apply rules.py table --out votes.parquet", "is the name of a file: drop its ending"),
        ("apply rules.py table --out votes/ --backend spark", "no backend is called 'spark'; there are: sequential"),
        ("apply rules.py table --out votes/ -j 0", "n_jobs is 0; it is a number of workers, or -1"),
        ("apply rules.py table --out v --backend loky --scheduler tcp://a", "only the backend 'dask' has a scheduler"),
        ("apply rules.py empty --out votes/", "no file at empty"),
        ("denoise table --out posterior/", "has no weaklabel header"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(line, said, folder, weaklabel):
    assert said in weaklabel(line, code=1)


def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(folder, weaklabel):
    good = pl.read_parquet("table/part-2.parquet")
    good.with_columns(text=pl.lit("sleeps")).write_parquet("table/part-2.parquet")
    command = [sys.executable, "-m", "weaklabel", "apply", "rules.py", "table", "--out", "votes/", "-j", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(command, **pipes, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("votes/*.parquet"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=30)
    refused = weaklabel("denoise votes --out posterior/", code=1)
    good.write_parquet("table/part-2.parquet")
    on = weaklabel("apply rules.py table --out votes/")

    assert (running.returncode, said.strip().splitlines()) == (
        130, ["interrupted: run it again, and it goes on with the parts that are missing"]
    )  # fmt: skip
    assert "has not ended, or was cut off: run it again" in refused
    assert "known from before: all but 20 new or changed rows" in on
