"""What the numbers of the benchmarks rest on."""

import io
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
if not FOLDER.is_dir():
    pytest.skip("the benchmarks are not here: the tests were taken out of a checkout", allow_module_level=True)


@pytest.fixture(autouse=True)
def _beside_the_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def numbers(n, folder):
    return np.arange(n)


def total(values):
    return np.array([values.sum()])


def total_but_one(values):
    return np.array([values[1:].sum() + 1])


def broken(values):
    raise ValueError("no such thing")


def test_the_exponent_of_a_planted_power_is_found():
    from growth import exponent

    sizes = [10**4, 10**5, 10**6]

    assert exponent(sizes, [3e-5 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert exponent(sizes, [0.2, 0.2, 0.2]) == pytest.approx(0)
    assert np.isnan(exponent([10], [1]))


def test_a_ratio_is_the_median_over_pairs_that_ran_beside_each_other():
    from cost import Cost
    from side_by_side import Measured, ratios

    peer = Measured([Cost(8, 8), Cost(40, 40), Cost(9, 9)])  # the machine was five times as slow in the second round
    ours = Measured([Cost(2, 2), Cost(10, 10), Cost(3, 3)])

    assert ratios(peer, ours) == (4, 3, 4)


def test_a_contest_says_which_results_differ_which_way_fails_and_which_is_not_there(tmp_path):
    from side_by_side import Contest, Way, same_arrays, times

    ways = {
        "sum": Way(total),
        "another": Way(total),
        "wrong": Way(total_but_one),
        "broken": Way(broken),
        "absent": Way(total, needs="no_such_module"),
    }

    found = times(Contest("sum", ways, numbers, 1000, agrees=same_arrays), tmp_path)

    assert {name: one.agrees or one.missing for name, one in found.items()} == {
        "sum": "",
        "another": "same",
        "wrong": "DIFFERS",
        "broken": "failed: ValueError('no such thing')",
        "absent": "not installed",
    }
    assert [len(found[name].rounds) >= 3 for name in ways] == [True, True, True, False, False]


def test_cpu_seconds_are_also_those_of_a_process_that_was_started_whether_it_lives_or_ended():
    from cost import cpu_seconds, workers

    busy = "import time\nwhile time.process_time() < 0.5: pass\nprint('done', flush=True)\ninput()"
    before, own = cpu_seconds(), time.process_time()
    child = subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    living, among = cpu_seconds(), child.pid in workers()
    child.communicate(b"\n")
    ended = cpu_seconds()
    of_this_process = time.process_time() - own

    assert among
    assert child.pid not in workers()
    assert living - before >= 0.45
    assert ended - before - of_this_process == pytest.approx(0.5, abs=0.25)


def test_a_table_has_a_row_for_each_way_and_compares_with_the_first_that_ran():
    from cost import Cost
    from rich.console import Console
    from shown import table
    from side_by_side import Measured

    found = {
        "absent": Measured(missing="not installed"),
        "peer": Measured([Cost(2, 3)] * 3, peak=300, added=200),
        "ours": Measured([Cost(0.5, 0.6)] * 3, "same", peak=100, added=0),
    }

    said = io.StringIO()
    Console(width=200, file=said).print(table("a contest", found))

    absent, peer, ours = (next(line.split() for line in said.getvalue().splitlines() if name in line) for name in found)
    assert absent == ["absent", "not", "installed"]
    assert peer == ["peer", "2", "2-2", "3", "1", "300", "200"]
    assert ours == ["ours", "0.5", "0.5-0.5", "0.6", "4.0", "(4.0-4.0)", "100", "0", "same"]
