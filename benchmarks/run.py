"""Every flow beside its peers, and how it grows: one table for each contest, one plot for each growth.

    python benchmarks/run.py                          every flow, the short form: some minutes (`make bench`)
    python benchmarks/run.py labeling picking         some of them
    python benchmarks/run.py --full                   1e6 to 1e8 rows: hours, and 30 GB on the disk
    python benchmarks/run.py --install                first, the peers into folders of their own
    python benchmarks/run.py --out plots              where plots go

Peers that are not installed are named. How to read the tables: benchmarks/README.md.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import shown
from growth import Growth, plot, seconds_of
from side_by_side import INSTALLED, ONE_THREAD, Contest, measured, times_of

HERE = Path(__file__).parent
FLOWS = ("labeling", "label_models", "votes", "clicks", "picking", "scale")


def main() -> None:
    """Measure what was asked for, and print it."""
    chosen = _options()
    if chosen.install:
        install()
        return
    os.environ.update(ONE_THREAD)  # for the processes that measure
    os.environ["PYTHONPATH"] = str(HERE)  # for workers, who need the kernels of the flows
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    shown.printed(f"{len(os.sched_getaffinity(0))} cores, load {load} over 1, 5 and 15 minutes")
    for name in chosen.flows or FLOWS:
        flow = importlib.import_module(f"flows.{name}")
        shown.printed(f"\n[bold]{name}[/bold]: {(flow.__doc__ or '').splitlines()[0]}\n")
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            for one in (*flow.contests(chosen.full), *flow.growths(chosen.full)):
                contest(one, Path(folder)) if isinstance(one, Contest) else growth(one, Path(folder), chosen.out)


def contest(one: Contest, folder: Path) -> None:
    """One table."""
    shown.printed(shown.table(one.name, measured(one, folder)))


def growth(one: Growth, folder: Path, out: Path) -> None:
    """One table, one plot, and why a way is missing."""
    found = times_of(list(one.contests.values()), folder)
    points = dict(zip(one.contests, found, strict=True))
    times = seconds_of(points)
    shown.printed(shown.growth_table(one, times))
    for size, ways in points.items():
        for way, result in ways.items():
            if result.missing:
                shown.printed(f"  {way}, {one.axis} = {size:,}: {result.missing}")
    shown.printed(f"  {shown.relative(plot(one, times, out))}\n")


def install() -> None:
    """The peers that are not there anyway: modAL, scikit-activeml and duckdb, then CLAX (3 GB, with torch and jax)."""
    subprocess.run([sys.executable, HERE / "active.py", "--install"], check=True)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(INSTALLED), "duckdb"]
    subprocess.run(command, check=True)
    subprocess.run([sys.executable, HERE / "clicks.py", "--install"], check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flows", nargs="*", metavar="flow", help=f"of {', '.join(FLOWS)}; all by default")
    parser.add_argument("--full", action="store_true", help="the long form")
    parser.add_argument("--out", type=Path, default=Path("out", "benchmarks"), help="the folder of plots")
    parser.add_argument("--folder", type=Path, help="where inputs are written, for the time of the run")
    parser.add_argument("--install", action="store_true", help="get the peers, and end")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.flows if name not in FLOWS]:
        parser.error(f"there is no flow {unknown[0]!r}: it is one of {', '.join(FLOWS)}")
    return chosen


if __name__ == "__main__":
    main()
