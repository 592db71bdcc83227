"""What `weaklabel --help` costs beside a bare Typer application that loads nothing.

    python benchmarks/help.py
    python benchmarks/help.py --runs 40

Each is started in turn, as a process of its own with the same interpreter; wall and CPU seconds, medians. `rich` is the
bare application with Typer's rich help; `python` is an interpreter that does nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

BARE = """
import typer

app = typer.Typer({settings})


@app.command()
def one() -> None:
    "The first."


@app.command()
def two() -> None:
    "The second."


app()
"""


def cost(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process, with whatever it starts."""
    before, start = used(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start, used() - before


def used() -> float:
    """CPU seconds of the processes that have ended."""
    all_of_them = resource.getrusage(resource.RUSAGE_CHILDREN)
    return all_of_them.ru_utime + all_of_them.ru_stime


def in_turn(commands: dict[str, list[str]], runs: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of each."""
    for command in commands.values():
        cost(command)  # compiled and in the system's cache, for all alike
    found = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(cost(command))
    return {name: (median(wall for wall, _ in runs), median(cpu for _, cpu in runs)) for name, runs in found.items()}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        bare, rich = Path(folder, "bare.py"), Path(folder, "rich_help.py")
        bare.write_text(BARE.format(settings="rich_markup_mode=None"))
        rich.write_text(BARE.format(settings=""))
        commands = {
            "python": [sys.executable, "-c", "pass"],
            "bare": [sys.executable, str(bare), "--help"],
            "weaklabel": [sys.executable, "-m", "weaklabel", "--help"],
            "rich": [sys.executable, str(rich), "--help"],
        }
        found = in_turn(commands, runs)
    wall, cpu = found["bare"]
    print(f"{'':10} {'wall s':>7} {'CPU s':>7} {'wall x bare':>12} {'CPU x bare':>11}   medians of {runs}, in turn")
    for name, (w, c) in found.items():
        print(f"{name:10} {w:7.3f} {c:7.3f} {w / wall:12.2f} {c / cpu:11.2f}")


if __name__ == "__main__":
    main()
