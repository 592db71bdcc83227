"""When compiled loops are used, and that nothing depends on it."""

import os
import subprocess
import sys

import pytest

from weaklabel.labeling.compiled import choice
from weaklabel.labeling.compiled.choice import PRICE, compiled, forced, pays

USED = """
import sys
import numpy as np, polars as pl
import weaklabel as wl
from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.models.weighted_majority import WeightedMajority
from weaklabel.labeling.compiled.choice import forced
texts = ["You WIN cash", "nothing", "caf\u00e9 winner"] * 300
texts = pl.DataFrame({"id": [str(i) for i in range(900)], "text": texts})
lfs = [wl.keywords(f"k{j}", words, 1) for j, words in enumerate((["win"], ["cash", "winner"], ["prize"]))]

def work():
    L = wl.apply(lfs, texts, ("ham", "spam"))
    return L.votes.tolist(), covotes(L).tolist(), WeightedMajority().fit(L).predict_proba(L).probs.tolist()
"""


def run(script, **environment):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(autouse=True)
def _nothing_missed_so_far(monkeypatch):
    monkeypatch.setattr(choice, "_missed", choice._missed.__class__(float))


def test_small_work_does_not_load_numba():
    assert run(USED + "work()\nprint('numba' in sys.modules)") == ["False"]


def test_without_numba_all_goes_the_plain_way():
    script = (
        "import sys\nsys.modules['numba'] = None\n"
        + USED
        + ("expected = work()\nwith forced(True):\n    print(work() == expected)")
    )

    assert run(script) == ["True"]


def test_with_numba_the_same_comes_out():
    pytest.importorskip("numba")
    script = USED + "expected = work()\nwith forced(True):\n    print(work() == expected, 'numba' in sys.modules)"

    assert run(script) == ["True", "True"]


def test_a_large_piece_of_work_pays_at_once_and_many_small_ones_in_the_end():
    pytest.importorskip("numba")

    assert pays("large", PRICE)
    assert [pays("small", PRICE / 3) for _ in range(4)] == [False, False, True, True]
    assert not pays("other", PRICE / 3)


def test_a_tiny_piece_is_never_worth_it_nor_is_one_that_saves_nothing():
    pays("words", 2 * PRICE)

    assert not pays("words", 1e-6)
    assert not pays("words", -1.0)


def test_the_way_can_be_forced_for_a_while():
    pytest.importorskip("numba")

    with forced(True):
        assert pays("small", 0)
        with forced(False):
            assert not pays("large", 100)
        assert pays("small", 0)
    assert not pays("small", 0)


def test_a_loop_that_has_no_place_on_disk_is_compiled_for_this_process():
    np = pytest.importorskip("numpy")
    pytest.importorskip("numba")
    space = {}
    exec("def loop(numbers):\n    for i in range(len(numbers)):\n        numbers[i] *= 3", space)
    numbers = np.arange(4)

    compiled(space["loop"])(numbers)

    assert numbers.tolist() == [0, 3, 6, 9]


def test_a_disk_that_takes_nothing_more_stops_nobody(tmp_path):
    pytest.importorskip("numba")
    script = USED + (
        "expected = work()\nimport resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "with forced(True):\n    assert work() == expected"
    )

    run(script, NUMBA_CACHE_DIR=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")

    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]
