"""What work costs: CPU seconds and memory of this process and of the workers that it started, from Linux' /proc."""

import os
import re
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Seconds of a run: on all processors together, and by the clock."""

    cpu: float
    wall: float


class Clock:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._cpu, self._wall = cpu_seconds(), time.perf_counter()

    def cost(self) -> Cost:
        """So far."""
        wall = time.perf_counter() - self._wall
        return Cost(cpu_seconds() - self._cpu, wall)


def cpu_seconds() -> float:
    """Of this process, of its children that have ended and of those that live, and of theirs.

    It never falls: when a child ends, what it took passes to its parent's account. Those that live are known to a
    hundredth of a second.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = sum(_ticks(process) for process in workers()) / TICK
    return time.process_time() + ended.ru_utime + ended.ru_stime + living


def workers() -> list[int]:
    """The living descendants of this process."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found = list(children.get(os.getpid(), ()))
    for process in found:  # grows as it is gone through
        found += children.get(process, ())
    return found


def peak_mib() -> float:
    """The most that this process, or any one of its workers, ever had in memory, as the kernel remembers it.

    Unlike `ru_maxrss`, it knows nothing of the process that started this one.
    """
    return max(_status("self", "VmHWM"), *(_status(str(process), "VmHWM") for process in workers()), 0.0)


def resident_mib() -> float:
    """What this process has in memory now."""
    return _status("self", "VmRSS")


def forget_peak() -> None:
    """Let the peak start anew from what is in memory now, where the kernel allows it."""
    try:
        (PROC / "self" / "clear_refs").write_text("5")
    except OSError:
        return


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(folder.name)):
            yield int(folder.name), int(fields[1])


def _ticks(process: int) -> int:
    """Of a process and its children that have ended."""
    fields = _stat(str(process))
    return sum(int(field) for field in fields[11:15])


def _stat(process: str) -> list[str]:
    """The fields from the state on; none where the process is gone."""
    try:
        return (PROC / process / "stat").read_text().rpartition(")")[2].split()  # a name may hold blanks and brackets
    except OSError:
        return []


def _status(process: str, field: str) -> float:
    try:
        found = re.search(rf"{field}:\s+(\d+) kB", (PROC / process / "status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0
