"""Peak resident memory (MiB) of this process before and after applying functions to a file; see `apply.py`."""

import re
import sys
from pathlib import Path

import apply_workload as workload

import weaklabel as wl


def peak() -> float:
    """What the kernel remembers as the most, of this program alone (unlike `ru_maxrss`, which a parent's hides)."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1024


lfs, path = workload.declarative(), Path(sys.argv[1])
before = peak()
wl.apply_file(lfs, path, path.with_suffix(".votes"), workload.CLASSES)
print(before, peak())
