"""Time two ways to the same result, alternating, in CPU seconds of this process: the ratio is what counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """What a comparison found: the shortest of several runs of each side, in CPU seconds, and whether they agree."""

    name: str
    ours: float
    peer: float
    agree: bool


def compare(
    name: str, ours: Callable[[], Any], peer: Callable[[], Any], same: Callable[[Any, Any], bool], repeats: int = 3
) -> Result:
    """Run both `repeats` times in turn; a result that differs from the peer's is said, not hidden."""
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    results = {}
    for _ in range(repeats):
        for side, work in (("ours", ours), ("peer", peer)):
            start = time.process_time()
            results[side] = work()
            times[side].append(time.process_time() - start)
    return Result(name, min(times["ours"]), min(times["peer"]), same(results["ours"], results["peer"]))


def report(result: Result) -> str:
    """One line: both times, the ratio, and whether the results agree."""
    agree = "same result" if result.agree else "RESULTS DIFFER"
    ratio = result.peer / result.ours
    return f"  {result.name:<44} {result.ours:8.3f} s   peer {result.peer:8.3f} s   {ratio:6.1f}x   {agree}"


def threads_of_one() -> None:
    """One thread for torch; numpy's and polars' are set by OPENBLAS_NUM_THREADS and POLARS_MAX_THREADS before start."""
    import torch

    torch.set_num_threads(1)
