"""Keys of impressions, whose lowest bit is the click: sorted, and equal ones counted."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
BLOCK = 2**16  # keys at a time: they, and what is worked out of them, fit into the caches of a core


def reduced(keys: Ints) -> tuple[Ints, Counts, Counts]:
    """The different keys without their clicks, sorted, with their impressions and clicks; the keys get sorted, too."""
    keys.sort()
    cells, impressions, clicks = [keys[:0]], [_narrow(keys[:0])], [_narrow(keys[:0])]
    start = 0
    while start < len(keys):  # blocks of whole cells
        end = min(start + BLOCK, len(keys))
        end += int(np.searchsorted(keys[end:], keys[end - 1] | 1, "right"))
        block = keys[start:end]
        cell = block >> 1
        first = starts(cell)
        cells.append(cell[first])
        impressions.append(_narrow(np.diff(first, append=len(block))))
        clicks.append(_narrow(np.add.reduceat(block & 1, first)))
        start = end
    return np.concatenate(cells), np.concatenate(impressions), np.concatenate(clicks)


def _narrow(counts: Ints) -> Counts:
    """Half as wide: no more keys wait than 32 bits can count."""
    return counts.astype(np.int32)


def starts(keys: NDArray[np.integer]) -> Ints:
    """Where each different one begins, of keys that are sorted; of others, where each run of equal ones does."""
    return np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
