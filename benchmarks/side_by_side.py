"""Several ways to the same result, side by side: what each costs, and whether the results agree.

The times of a contest come from one fresh process, in which the ways run in turn, once unmeasured and then at least
three times, in an order that is turned round each time; so whatever slows the machine down slows all of them. Peak
memory comes from a fresh process for each way. All run on one thread, unless a way starts workers.
"""

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cost
import numpy as np
from cost import Cost

INSTALLED = Path(__file__).parent / ".active_peers"  # by --install
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)
ENOUGH, MOST = 2.0, 15  # CPU seconds of all rounds, past three of them; rounds
FEW = 5000  # rows of a warm-up
LONGEST = 120  # signs of an error


def as_it_is(inputs: Any) -> Any:
    """The inputs as they are."""
    return inputs


def unsaid(_: Any, __: Any) -> str:
    """Nothing, where results cannot be compared."""
    return ""


@dataclass(frozen=True)
class Way:
    """One way to the result; its functions are of a module, as they travel to other processes.

    Attributes
    ----------
    run
        What is measured: from prepared inputs to a result.
    prepare
        From the contest's inputs to what `run` takes, unmeasured.
    needs
        A module, or a file, without which the way is not installed.
    around
        Entered with the prepared inputs before the clock starts, left after it stopped: where workers start and end.
    scale
        What its times are multiplied by, where it is so slow that it works on some of the rows only; its name says so.
    agrees
        From the first way's result and this one's to what the table says of them.
    """

    run: Callable[[Any], Any]
    prepare: Callable[[Any], Any] = as_it_is
    needs: str | Path | None = None
    around: Callable[[Any], AbstractContextManager[Any]] = nullcontext
    scale: float = 1
    agrees: Callable[[Any, Any], str] | None = None


@dataclass(frozen=True)
class Contest:
    """Several ways to the same result; the others are compared with the first.

    Attributes
    ----------
    name
        What is done, to how much.
    ways
        By name.
    inputs
        Makes what they work on, out of the number of rows and a folder for files.
    n
        Rows.
    write
        Writes files for `inputs` first, in a process of its own; not again where they are there.
    agrees
        From the first way's result and another's to what the table says of them.
    memory
        Whether peak memory is measured, too.
    """

    name: str
    ways: Mapping[str, Way]
    inputs: Callable[[int, Path], Any]
    n: int
    write: Callable[[int, Path], None] | None = None
    agrees: Callable[[Any, Any], str] = unsaid
    memory: bool = True


@dataclass
class Measured:
    """What is known of one way."""

    rounds: list[Cost] = field(default_factory=list)
    agrees: str = ""
    missing: str = ""
    peak: float = np.nan
    added: float = np.nan

    @property
    def cpu(self) -> float:
        """The median of its rounds, in seconds."""
        return median([one.cpu for one in self.rounds])

    @property
    def wall(self) -> float:
        """The median of its rounds, in seconds."""
        return median([one.wall for one in self.rounds])


def measured(contest: Contest, folder: Path) -> dict[str, Measured]:
    """Times, agreement and memory of each way."""
    (found,) = times_of([contest], folder)
    for name in contest.ways:
        if contest.memory and not found[name].missing:
            peaks = alone(peaks_of, contest, name, folder)
            if isinstance(peaks, str):
                found[name].agrees += f" (memory: {peaks})"
            else:
                found[name].peak, found[name].added = peaks
    return found


def times_of(contests: Sequence[Contest], folder: Path) -> list[dict[str, Measured]]:
    """Times and agreement of the ways in several contests, one contest after the other, in one fresh process."""
    for contest in contests:
        for n in (FEW, contest.n):
            if contest.write is not None:
                alone(contest.write, n, place(folder, n))
    found = alone(_times_of, contests, folder)
    if isinstance(found, str):
        return [{name: Measured(missing=found) for name in contest.ways} for contest in contests]
    return found


def _times_of(contests: Sequence[Contest], folder: Path) -> list[dict[str, Measured]]:
    sys.path.append(str(INSTALLED))
    return [times(contest, folder) for contest in contests]


def place(folder: Path, n: int) -> Path:
    """The folder for so many rows."""
    found = folder / str(n)
    found.mkdir(exist_ok=True)
    return found


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """The work's result, from a fresh process; what is to be said where it failed, or that process was killed."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        future: Future[Any] = process.submit(work, *arguments)
        try:
            return future.result()
        except Exception as error:
            return f"failed: {error!r}"[:LONGEST]


def times(contest: Contest, folder: Path) -> dict[str, Measured]:
    """The ways in turn, in this process."""
    inputs = contest.inputs(contest.n, place(folder, contest.n))
    found = {name: Measured(missing=lacking(way)) for name, way in contest.ways.items()}
    ready = {name: contest.ways[name].prepare(inputs) for name, one in found.items() if not one.missing}
    compare(contest, ready, found)
    spent, rounds = 0.0, 0
    while rounds < 3 or (spent < ENOUGH and rounds < MOST):
        names = [name for name in ready if not found[name].missing]
        for name in names if rounds % 2 else reversed(names):
            found[name].rounds.append(timed(contest.ways[name], ready[name]))
            spent += found[name].rounds[-1].cpu
        rounds += 1
    return found


def timed(way: Way, prepared: Any) -> Cost:
    """One run; that its result is let go is no part of it."""
    with way.around(prepared):
        gc.collect()
        clock = cost.Clock()
        result = way.run(prepared)
        taken = clock.cost()
        del result
    return Cost(taken.cpu * way.scale, taken.wall * way.scale)


def lacking(way: Way) -> str:
    """What is to be said where a way's peer is not there."""
    if way.needs is None:
        return ""
    there = way.needs.exists() if isinstance(way.needs, Path) else find_spec(way.needs)
    return "" if there else "not installed"


def compare(contest: Contest, ready: Mapping[str, Any], found: Mapping[str, Measured]) -> None:
    """The unmeasured round: what is loaded late is loaded, and each result is held against the first."""
    first: Any = None
    for name, prepared in ready.items():
        way = contest.ways[name]
        try:
            with way.around(prepared):
                result = way.run(prepared)
        except Exception as error:
            found[name].missing = f"failed: {error!r}"[:LONGEST]
            continue
        first = result if first is None else first
        said = (way.agrees or contest.agrees)(first, result)
        found[name].agrees = said.removeprefix("same").removeprefix(": ") if result is first else said


def peaks_of(contest: Contest, name: str, folder: Path) -> tuple[float, float]:
    """MiB at the peak of this process, or of its largest worker, and what of it was added to imports and inputs."""
    sys.path.append(str(INSTALLED))
    way = contest.ways[name]
    way.run(way.prepare(contest.inputs(FEW, place(folder, FEW))))  # what is loaded late is loaded
    ready = way.prepare(contest.inputs(contest.n, place(folder, contest.n)))
    with way.around(ready):
        gc.collect()
        cost.forget_peak()
        before = cost.resident_mib()
        way.run(ready)
        peak = cost.peak_mib()
    return peak, np.nan if cost.workers() else max(peak - before, 0.0)  # a worker's peak has its imports in it


def median(values: list[float]) -> float:
    """NaN of none."""
    return float(np.median(values)) if values else np.nan


def ratios(first: Measured, other: Measured) -> tuple[float, float, float]:
    """How many times less CPU than the first: the median over the rounds, the least and the most.

    Each round gives one ratio, of two runs that stand beside each other in time.
    """
    each = [one.cpu / two.cpu for one, two in zip(first.rounds, other.rounds, strict=False) if two.cpu > 0]
    return (median(each), min(each), max(each)) if each else (np.nan, np.nan, np.nan)


def same_arrays(first: Any, other: Any) -> str:
    """Equal to the last bit."""
    return "same" if np.array_equal(first, other) else "DIFFERS"


def same_start(first: Any, other: Any) -> str:
    """Equal to the last bit, as far as both go."""
    rows = min(len(first), len(other))
    return same_arrays(first[:rows], other[:rows])


def close_arrays(first: Any, other: Any, atol: float = 1e-4) -> str:
    """Equal up to the float32 that some peers work in, and with the same largest column."""
    if first is other:
        return "same"
    gap = float(np.abs(first - other).max())
    labels = (first.argmax(axis=1) == other.argmax(axis=1)).mean()
    return f"{'same' if gap <= atol else 'DIFFERS'}: |dp| <= {gap:.0e}, labels {labels:.2%}"


def threads_of_one() -> None:
    """One thread for torch; numpy's and polars' are set by OPENBLAS_NUM_THREADS and POLARS_MAX_THREADS before start."""
    import torch

    torch.set_num_threads(1)
