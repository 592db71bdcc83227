"""A process that goes on without us: started, recognised later, stopped with all its children."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_children: dict[int, "subprocess.Popen[bytes]"] = {}  # a child that ended stays a zombie until its parent asks for it


def start(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> int:
    """Start it in a session of its own, with no input and all output added to `log`; its process id.

    Raises
    ------
    OSError
        It is no program, or the log cannot be written.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child.pid


def born(pid: int) -> str | None:
    """When the process with this id started, in the system's own words; None if there is none.

    With it a process is known again for certain: ids are given anew, to others.
    """
    if child := _children.get(pid):
        child.poll()
    if not Path("/proc/self/stat").exists():
        return _born_by_ps(pid)
    try:
        # The name, in brackets, may hold anything; after it: the state, at 17 the threads, at 19 the time of birth.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Its first thread may be dead while others still hold its files and ports.
    ended = state in "ZX" and int(fields[16]) <= 1
    return None if ended else fields[18]


def stop(pid: int, patience: float) -> bool:
    """End the process and its group: asked to first, killed after `patience` seconds; whether asking was enough."""
    if _signalled(pid, signal.SIGTERM, patience):
        return True
    kill(pid)
    return False


def kill(pid: int) -> bool:
    """End the process and its group at once, without asking; whether it is gone."""
    return _signalled(pid, signal.SIGKILL, 10.0)


def _signalled(pid: int, number: signal.Signals, patience: float) -> bool:
    known = born(pid)
    if known is None:
        return True
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
    until = time.monotonic() + patience
    while born(pid) == known:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _born_by_ps(pid: int) -> str | None:
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False, capture_output=True, text=True)
    state, _, started = done.stdout.strip().partition(" ")
    return started.strip() or None if state and not state.startswith("Z") else None
