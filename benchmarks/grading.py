"""Which pairs people should grade so that clicks are best anchored: picked by design, at random, or by most clicks.

    python benchmarks/grading.py                                 half a minute
    python benchmarks/grading.py --near                          graders who are wrong are so by one grade

On each log of users who trust the top (MQ2008's documents, five weak rankers) people grade so many pairs, the estimator
`trust` learns from them, and `debias` makes labels by its curve. A document's own relevance lies around its grade's
(`--spread`), as in life. A grader of accuracy .8 gives one of the other grades, any, in one case of five; `3 of .8` are
three such graders of each pair, which costs three times as much a pair, and what a rule of `grades` makes of them.

`refused`: share of logs on which the estimator says that the anchors cannot tell. Over the others, `curve`: mean error
of P(click) of a relevant document over positions, absolute; `relative`: of examination relative to the top; `labels`:
root mean square error of the relevance of documents that nobody graded; `ndcg`: of all documents ranked by labels.
Below it, the same by the true curve, and by `harvesting`, which takes no grades and knows no trust.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import click_logs
import numpy as np
import polars as pl

import weaklabel as wl
from weaklabel import plugins
from weaklabel.artefacts import Annotation
from weaklabel.clicks import simulate as simulation
from weaklabel.errors import NotIdentifiedError
from weaklabel.review.grades import grades

PAIR = ["query_id", "doc_id"]
TOP = 2  # the best grade
WORST, BEST = 0.2, 0.8  # P(click | examined) of documents without and of the best grade, on average
PEOPLE = {
    "perfect": (1, 1.0, "median"),
    ".8": (1, 0.8, "median"),
    "3 of .8, median": (3, 0.8, "median"),
    "3 of .8, mean": (3, 0.8, "mean"),
    "3 of .8, expected": (3, 0.8, "expected"),
}  # how many grade each pair, how often each is right, and the rule
MEASURES = ("curve", "relative", "labels", "ndcg")


@dataclass(frozen=True)
class World:
    """A log and what is true of it: `documents` has query_id, doc_id, grade, and worth, relevance on grades' scale."""

    counts: wl.ClickCounts
    documents: pl.DataFrame
    alpha: Any
    beta: Any


def main() -> None:
    """Print a line for each way to choose, kind of people and number of pairs."""
    chosen = _options()
    shown = simulation.weak_rankers(click_logs.rankings("train"), n=5, queries=10, seed=0)
    rows: list[dict[str, Any]] = []
    for seed in range(chosen.seeds):
        world = _world(shown, chosen.impressions, chosen.spread, seed)
        rows += [*_trials(world, chosen.graded, chosen.near, seed), *_references(world)]
    print(f"{chosen.impressions:,} impressions, {chosen.seeds} logs; spread {chosen.spread}; near {chosen.near}")
    print(_table(pl.DataFrame(rows)))


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--graded", nargs="+", type=int, default=[25, 50, 100, 200])
    parser.add_argument("--impressions", type=int, default=1_000_000)
    parser.add_argument(
        "--spread", type=float, default=0.1, help="deviation of a document's relevance from its grade's"
    )
    parser.add_argument("--near", action="store_true", help="people who err give a neighbouring grade")
    return parser.parse_args()


def _world(shown: pl.DataFrame, impressions: int, spread: float, seed: int) -> World:
    """A log of documents whose relevance lies around that of their grades, symmetrically, and is never cut off."""
    rng, width = np.random.default_rng(seed), np.sqrt(3) * spread
    by_grade = simulation.relevance_of_grades(shown["grade"], noise=0.0, top=TOP)
    worth = by_grade + rng.uniform(-width, width, len(shown)) / (BEST - WORST)
    documents = shown.with_columns(relevance=WORST + (BEST - WORST) * pl.Series(worth))
    pages = round(impressions / shown.group_by("query_id").len()["len"].clip(upper_bound=click_logs.DEPTH).mean())
    log = simulation.simulate(documents, "trust", pages, depth=click_logs.DEPTH, seed=seed)
    alpha, beta = plugins.build("user", "trust").affine(click_logs.DEPTH)
    known = shown.select(*PAIR, "grade", worth=pl.Series(worth))
    return World(wl.count(log), known, alpha * (BEST - WORST), beta + alpha * WORST)


def _trials(world: World, sizes: list[int], near: bool, seed: int) -> Iterator[dict[str, Any]]:
    for size in sizes:
        for way, ids in _chosen(world.counts, size, seed).items():
            for people, (each, accuracy, rule) in PEOPLE.items():
                anchors = grades(_answers(world, ids, (each, accuracy, near), seed), rule=rule)
                yield {"graded": size, "people": people, "chosen": way, **_score(world, anchors)}


def _chosen(counts: wl.ClickCounts, size: int, seed: int) -> dict[str, list[str]]:
    """The pairs by each way to choose them, as query_id/doc_id."""
    pairs = (
        counts.frame.group_by(PAIR)
        .agg(pl.col("clicks").sum())
        .sort(PAIR)
        .with_columns(id=pl.concat_str(PAIR, separator="/"))
    )
    return {
        "pick_pairs": wl.pick_pairs(counts, size=size, seed=seed).item_ids.to_list(),
        "random": pairs["id"].sample(size, seed=seed).to_list(),
        "most clicks": pairs.sort("clicks", descending=True, maintain_order=True)["id"].head(size).to_list(),
    }


def _answers(world: World, ids: list[str], people: tuple[int, float, bool], seed: int) -> list[Annotation]:
    """What so many people, right so often and else wrong by one grade alone or by any, say of each pair."""
    each, accuracy, near = people
    rng = np.random.default_rng(seed)
    known = dict(world.documents.select(pl.concat_str(PAIR, separator="/"), "grade").iter_rows())
    said = []
    for item in ids:
        for person in range(each):
            wrong = [g for g in range(TOP + 1) if g != known[item] and not (near and abs(g - known[item]) > 1)]
            grade = known[item] if rng.random() < accuracy else rng.choice(wrong)
            said.append(Annotation(f"{item}:{person}", item, item, str(grade), f"p{person}"))
    return said


def _score(world: World, anchors: pl.DataFrame) -> dict[str, Any]:
    try:
        curve = wl.estimate(world.counts, "trust", anchors=anchors)
    except NotIdentifiedError:
        return {"refused": 1.0, **dict.fromkeys(MEASURES)}
    return {"refused": 0.0, **_measured(world, curve, anchors)}


def _measured(world: World, curve: wl.Propensities, anchors: pl.DataFrame) -> dict[str, float | None]:
    true = world.alpha + world.beta
    high = None if curve.alpha is None else curve.alpha + curve.beta  # without, only what is relative is known
    labels = wl.debias(world.counts, curve)
    others = labels.frame.join(world.documents, on=PAIR).join(anchors, on=PAIR, how="anti")
    error = (others["relevance"] - others["worth"]).to_numpy()
    return {
        "curve": None if high is None else float(np.abs(high - true).mean()),
        "relative": float(np.abs(curve.examination - true / true[0]).mean()),
        "labels": float(np.sqrt((error**2).mean())),
        "ndcg": wl.ndcg(labels, world.documents.select(*PAIR, "grade"), k=10).value,
    }


def _references(world: World) -> Iterator[dict[str, Any]]:
    """What is reached by the true curve, and without grades."""
    nobody = world.documents.head(0)
    blind = wl.estimate(world.counts)
    high = world.alpha + world.beta
    rel = high / high[0]
    known = replace(
        blind, examination=rel, lower=rel, upper=rel, alpha=world.alpha, beta=world.beta, replicates=None, provenance={}
    )
    for name, curve in (("true curve", known), ("harvesting", blind)):
        yield {"graded": 0, "people": "nobody", "chosen": name, "refused": 0.0, **_measured(world, curve, nobody)}


def _table(rows: pl.DataFrame) -> str:
    means = rows.group_by("graded", "people", "chosen", maintain_order=True).agg(
        pl.col("refused").mean(), pl.col(MEASURES).mean().round(4)
    )
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        return str(means)


if __name__ == "__main__":
    main()
