"""What picking from a large pool on the disk costs, in a fresh process; started by active.py.

The end model is linear, its probabilities float32. The batch is compared with that of the whole pool's scores, sorted.
"""

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from weaklabel.review.pick_file import pick_file
from weaklabel.review.strategies.diverse import Diverse

NAMES = [f"x{j}" for j in range(32)]
WEIGHTS = np.random.default_rng(1).standard_normal((10, 32)).astype(np.float32)


def model(rows: pl.DataFrame) -> np.ndarray:
    """Softmax of linear scores, shape (n, 10)."""
    scores = WEIGHTS @ rows.select(NAMES).to_numpy().T
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores.T


def peak() -> float:
    """MiB of this process: getrusage would count what its parent held, too."""
    said = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(said.split()[0]) / 1024


def sorted_whole(path: str) -> list[str]:
    """The ids of the 100 smallest margins by a full sort, ties to be drawn by nobody."""
    rows, margins = pl.scan_parquet(path), []
    n = rows.select(pl.len()).collect().item()
    for start in range(0, n, 1 << 18):
        top = np.sort(model(rows.slice(start, 1 << 18).collect()), axis=1)[:, -2:].astype(float)
        margins.append(top[:, 1] - top[:, 0])
    best = np.argsort(np.concatenate(margins), kind="stable")[:100]
    ids = rows.select("id").collect().to_series()
    return ids.gather(best).to_list()


def main() -> None:
    """Print the cost of each way."""
    path = sys.argv[1]
    model(pl.scan_parquet(path).head(1).collect())  # what is imported late is imported
    before, batches = peak(), {}
    for name, strategy, known in (("margin", "margin", {}), ("diverse, badge", Diverse("badge"), {"features": NAMES})):
        began = time.process_time()
        batches[name] = pick_file(path, 100, strategy, model=model, **known)
        print(f"  {name:16}{time.process_time() - began:6.2f} CPU s, {peak() - before:5.0f} MiB above imports so far")
    same = set(batches["margin"].item_ids) == set(sorted_whole(path))
    print(f"  margin {'asks for the very items of a full sort' if same else 'DIFFERS FROM A FULL SORT'}")


if __name__ == "__main__":
    main()
