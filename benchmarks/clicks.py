"""Click debiasing beside its peers: examination, labels, rankers and their cost, on logs whose truth is known.

    python benchmarks/clicks.py                                  every kind of log, 1e6 impressions, some minutes
    python benchmarks/clicks.py --logs pbm1 fixed --impressions 100000 1000000
    python benchmarks/clicks.py --seeds 20 --no-peers            coverage of intervals
    python benchmarks/clicks.py --install                        first, the peers into an environment of their own
    python benchmarks/clicks.py --full                           1e5 to 1e7 impressions, 20 seeds, all peers: hours

Each contender runs in a fresh process of one thread that reads the same Parquet file; CPU seconds and peak memory are
those of the whole process up to its estimate. `error` is the mean of |estimate - truth| over positions, `relative` the
largest |estimate / truth - 1|, `covered` the share of intervals (without the first position's) that hold the truth,
`labels` the NDCG@10 of the documents in the log ranked by their labels, `ranker` that of new queries' documents;
`voted` the share of pairs on which clicks vote by default, `right` that of right votes, relevant being grade 1 and up.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click_logs
import numpy as np
import polars as pl

from weaklabel import plugins
from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.rank import rank
from weaklabel.clicks.ranking.metrics import ndcg

HERE = Path(__file__).parent
PEERS = HERE / "click_peers"
HOME = HERE / ".peers"
NEEDED = (
    # CLAX fails at import with the jax that pip would choose.
    "clax-models", "jax==0.7.2", "flax", "optax", "torch", "lightgbm", "xgboost", "polars",
)  # fmt: skip
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "JAX_PLATFORMS": "cpu"}
BASELINES = ("naive clicks", "true curve", "full information")
BY_PAGES = ("cascade", "dbn")  # they fit whole pages, which takes long, and matter where users scan from the top
PAIR = ["query_id", "doc_id"]
COLUMNS = ("error", "relative", "covered", "labels", "voted", "right", "ranker", "seconds", "peak_mib")
DIGITS = (4, 3, 2, 3, 3, 4, 3, 1, 0)


@dataclass(frozen=True)
class Contender:
    """A script and what it is told."""

    name: str
    script: str
    options: tuple[str, ...] = ()

    @property
    def is_peer(self) -> bool:
        """Whether it runs in the peers' environment."""
        return self.script != "ours.py"


def contenders() -> list[Contender]:
    """Everything that runs on a log."""
    ours = [Contender(name, "ours.py", (name,)) for name in plugins.names("estimator")]
    return [
        *ours,
        Contender("trust, 300 anchors", "ours.py", ("trust", "--anchors")),
        Contender("harvesting, features", "ours.py", ("harvesting", "--features")),
        *(Contender(name, "ours.py", (name,)) for name in BASELINES),
        Contender("CLAX, position-based", "clax_pbm.py"),
        Contender("LightGBM, position", "lightgbm_position.py"),
        Contender("LightGBM, naive", "lightgbm_position.py", ("--naive",)),
        Contender("XGBoost, unbiased", "xgboost_unbiased.py"),
        Contender("XGBoost, naive", "xgboost_unbiased.py", ("--naive",)),
    ]


def main() -> None:
    """Print one table per log."""
    chosen = _options()
    if chosen.install:
        install()
        return
    with tempfile.TemporaryDirectory() as folder:
        shown = click_logs.write_documents(Path(folder))
        for impressions in chosen.impressions:
            for log in chosen.logs:
                table(log, impressions, chosen, Path(folder), shown)


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", nargs="+", default=list(click_logs.SETTINGS), choices=list(click_logs.SETTINGS))
    parser.add_argument("--impressions", nargs="+", type=int, default=[1_000_000])
    parser.add_argument("--seeds", type=int, default=1, help="logs of each kind; labels, rankers, peers on the first")
    parser.add_argument("--only", nargs="+", help="contenders by name")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--peer-logs", nargs="+", default=["pbm1", "prod2", "fixed"], help="logs that peers run on")
    parser.add_argument("--peers-up-to", type=int, default=1_000_000, help="impressions")
    parser.add_argument("--jobs", type=int, default=2, help="contenders that run at a time, each on one thread")
    parser.add_argument("--install", action="store_true", help="make the peers' environment, some 3 GB")
    parser.add_argument("--full", action="store_true", help="all sizes, 20 seeds, peers on all logs")
    chosen = parser.parse_args()
    if chosen.full:
        chosen.impressions, chosen.seeds, chosen.peer_logs = [100_000, 1_000_000, 10_000_000], 20, chosen.logs
    return chosen


def install() -> None:
    """Make the peers' environment beside this file."""
    venv.create(HOME, with_pip=True)
    (HOME / ".gitignore").write_text("*\n")
    subprocess.run([HOME / "bin" / "python", "-m", "pip", "install", "-q", *NEEDED], check=True)


def table(log: str, impressions: int, chosen: Any, folder: Path, shown: pl.DataFrame) -> None:
    """All contenders on logs of one kind and size."""
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in range(chosen.seeds):
        path = folder / "log.parquet"
        planted = click_logs.write_log(log, impressions, seed, shown, path)
        planted.write_parquet(folder / "truth.parquet")
        truth = planted["examination"].to_numpy()
        running = [one for one in contenders() if wanted(one, log, impressions, seed, chosen)]
        with ThreadPoolExecutor(chosen.jobs) as pool:
            work = partial(measured, path=path, truth=truth, folder=folder, shown=shown, curve_only=seed > 0)
            results = pool.map(work, running)
            for one, result in zip(running, results, strict=True):
                found.setdefault(one.name, []).append(result)
        path.unlink()
    print(f"\n{log}: {click_logs.SETTINGS[log].about}; {impressions:,} impressions, {chosen.seeds} logs")
    print(f"{'':22}" + "".join(f"{name:>10}" for name in COLUMNS))
    for name, results in found.items():
        print(f"{name:22}{line(results)}")
    sys.stdout.flush()


def wanted(one: Contender, log: str, impressions: int, seed: int, chosen: Any) -> bool:
    """Whether it runs on this log."""
    if chosen.only and one.name not in chosen.only:
        return False
    if not one.is_peer:
        by_pages = one.name in BY_PAGES and log != "dbn" and not (chosen.full or chosen.only)
        return not by_pages and not (seed and one.options[0] in BASELINES)
    if chosen.no_peers or seed or log not in chosen.peer_logs or impressions > chosen.peers_up_to:
        return False
    return (HOME / "bin" / "python").exists()


def measured(
    one: Contender, path: Path, truth: np.ndarray, folder: Path, shown: pl.DataFrame, curve_only: bool
) -> dict[str, Any]:
    """What a contender found, scored."""
    python = HOME / "bin" / "python" if one.is_peer else Path(sys.executable)
    with tempfile.TemporaryDirectory() as out:
        command = [python, PEERS / one.script, path, folder, out, *one.options, *["--curve"] * curve_only]
        done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True)
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["it said nothing"])[-1]}
        found = json.loads(Path(out, "found.json").read_text())
        return found | errors(found, truth) | qualities(Path(out), path, folder, shown)


def errors(found: dict[str, Any], truth: np.ndarray) -> dict[str, float]:
    """Of the curve."""
    if found["curve"] is None:
        return {}
    curve = np.array(found["curve"])
    true = truth[np.array(found.get("position", np.arange(1, len(curve) + 1))) - 1]
    scored = {"error": float(np.abs(curve - true).mean()), "relative": float(np.abs(curve / true - 1).max())}
    if found.get("lower"):
        lower, upper = np.array(found["lower"]), np.array(found["upper"])
        scored["covered"] = float(((lower <= true) & (true <= upper))[1:].mean())
    return scored


def qualities(out: Path, path: Path, folder: Path, shown: pl.DataFrame) -> dict[str, float]:
    """Of the labels and of the ranker."""
    scored = {}
    if (out / "labels.parquet").exists():
        logged = pl.read_parquet(path, columns=PAIR).unique()
        gold = shown.join(logged, on=PAIR, how="semi").select(*PAIR, "grade")
        labels = pl.read_parquet(out / "labels.parquet").select(*PAIR, "relevance")
        scored["labels"] = ndcg(labels.join(logged, on=PAIR, how="semi"), gold, n_bootstrap=1).value
        if not (out / "scores.parquet").exists():
            trained_on(labels, path, folder, shown).write_parquet(out / "scores.parquet")
    if (out / "votes.parquet").exists():
        cast = pl.read_parquet(out / "votes.parquet").join(shown.select(*PAIR, "grade"), on=PAIR)
        sure = cast.filter(pl.col("vote") >= 0)
        scored["voted"] = len(sure) / len(cast)
        scored["right"] = float(((sure["grade"] >= 1) == (sure["vote"] == 1)).mean() or 0.0)
    if (out / "scores.parquet").exists():
        gold = pl.read_parquet(folder / "new.parquet", columns=[*PAIR, "grade"])
        scored["ranker"] = ndcg(pl.read_parquet(out / "scores.parquet"), gold, n_bootstrap=1).value
    return scored


def trained_on(labels: pl.DataFrame, path: Path, folder: Path, shown: pl.DataFrame) -> pl.DataFrame:
    """New documents by our ranker, trained on the labels of a peer that has none; they count by their impressions."""
    click = pl.col("click").cast(pl.Int64)
    seen = pl.scan_parquet(path).group_by(PAIR).agg(impressions=pl.len(), clicks=click.sum()).collect()
    both = labels.join(seen, on=PAIR).with_columns(effective_sample_size=pl.col("impressions").cast(pl.Float64))
    names = [name for name in shown.columns if name[0] == "f" and name[1:].isdigit()]
    ranker = rank(RelevanceLabels(both), shown.select(*PAIR, *names))
    return ranker.score(pl.read_parquet(folder / "new.parquet"))


def line(results: Iterable[dict[str, Any]]) -> str:
    """Means over the logs; why there are none."""
    results = list(results)
    for reason in ("failed", "refused"):
        said = [result[reason] for result in results if reason in result]
        if said:
            times = f" ({len(said)} of {len(results)} logs)" if len(results) > 1 else ""
            return f"   {reason}{times}: {said[0][:140]}"
    cells = []
    for name, digits in zip(COLUMNS, DIGITS, strict=True):
        values = [result[name] for result in results if name in result]
        cells.append(f"{np.mean(values):10.{digits}f}" if values else f"{'-':>10}")
    return "".join(cells)


if __name__ == "__main__":
    main()
