"""The audit slice on real pools: honest scores, false stops, label models taught by answers, functions to repair.

    python benchmarks/audit.py                              all four parts: some twenty minutes on one core
    python benchmarks/audit.py score stop --sets youtube sms --seeds 5
    python benchmarks/audit.py labels repair

The pool is the training split; of imdb it is the two splits whose texts are there. The end model is logistic regression
on LSA of 100 dimensions, learned from answers alone; the answers are the gold labels. Batches of 20, a quarter of each
from the audit's order, the rest by margin.

score: bias, root mean squared error, coverage of the 95 % interval and its width, at 100, 200 and 300 answers. The
truth is the score on the pool of models that did not see the item; `memory` is how much more the model scores with the
items it has learned by heart. Beside it the bias of numbers that are usually at hand.
stop: stop when the target, 95 % of the score with all answers, is surely reached; 600 answers at most. A stop is false
if the truth is below the target then; `oracle` is the first round at which it is there.
labels: accuracy of the label model on covered items that nobody answered, after 200 answers of which 50 are the audit,
and how far the one that the audit teaches, which a review uses, is from majority vote: on average and in the worst run.
Random, conflict and uncertain (label model) choose at once; margin, lf_aware and diverse are the loop's, in batches of
20 from a `Learner` that is taught again after each.
repair: flags, the share that is right (precision below the bar), and the majority vote before and after dropping them.
"""

import argparse
import logging
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import polars as pl
from audit_loop import Loop, Pool, Truth, pools
from warm import Task, ask
from ws_data import with_texts

import weaklabel as wl
from weaklabel.review.audit.functions import denoise_with_answers
from weaklabel.review.audit.held_out import HeldOut
from weaklabel.review.audit.permutation import audit_next, audit_slice
from weaklabel.review.audit.repair import BAR, repair, repair_next
from weaklabel.review.audit.score import audit_score
from weaklabel.review.audit.stopping import LEVEL, verdict
from weaklabel.review.learning import Learner

MOST, LOOKS = 600, (100, 200, 300)
ANSWERS, LED = 200, ("margin", "lf_aware", "diverse")  # of the label models


def score_part(names: list[str], seeds: int) -> None:
    """Bias and coverage of the audit's scores."""
    print(f"{'set':<9}{'measure':<10}{'n':>4}{'audit':>6}{'truth':>7}{'memory':>8}{'bias':>8}{'rmse':>7}{'cover':>7}"
          f"{'width':>7}   bias of: cross-validation, all answers, own belief")  # fmt: skip
    for pool in pools(names, features=True):
        rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}
        for seed in range(seeds):
            loop = Loop(pool, seed)
            while len(loop.answers) < max(LOOKS):
                loop.step()
                if len(loop.answers) in LOOKS:
                    held, truth = loop.held(), loop.truth()
                    for name in ("accuracy", "f1", "log_loss"):
                        rows.setdefault((name, len(loop.answers)), []).append(looked(held, truth, name))
        for (name, n), row in sorted(rows.items()):
            audit, truth, memory, error, covered, width, *naive = np.array(row).T
            rmse = np.sqrt((error**2).mean())
            print(f"{pool.name:<9}{name:<10}{n:>4}{audit.mean():>6.0f}{truth.mean():>7.3f}{memory.mean():>+8.3f}"
                  f"{error.mean():>+8.3f}{rmse:>7.3f}{covered.mean():>7.2f}{width.mean():>7.3f}   "
                  + " ".join(f"{value.mean():+.3f}" for value in naive), flush=True)  # fmt: skip


def looked(held: HeldOut, known: Truth, name: str) -> tuple[float, ...]:
    """What one look at a loop finds."""
    score, (truth, whole, crossed) = audit_score(held, name), known.scores(name)
    naive = [value - truth for value in (crossed, *score.naive.values())]
    covered = float(score.lower <= truth <= score.upper)
    return score.audited, truth, whole - truth, score.value - truth, covered, score.width, *naive


def stop_part(names: list[str], seeds: int) -> None:
    """False stops, and answers used beside an oracle's."""
    print("set      target  stopped  false  answers at stop (median)  oracle (median)  first forecast of labels left")
    for pool in pools(names, features=True):
        target = 0.95 * full_score(pool)
        runs = [stopped(pool, seed, target) for seed in range(seeds)]
        stops = [run for run in runs if run[0]]
        false = sum(truth < target for _, truth, _, _ in stops)
        oracle = [first for *_, first, _ in runs if first]
        used = np.median([run[0] for run in stops])
        print(f"{pool.name:<9}{target:.3f}  {len(stops):>4}/{seeds}  {false:>5}  {used:>24.0f}"
              f"  {np.median(oracle):>15.0f}  {[run[3] for run in runs[:5]]}", flush=True)  # fmt: skip


def full_score(pool: Pool) -> float:
    """Accuracy of the end model that knows every answer, in five folds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    return float((cross_val_predict(LogisticRegression(C=10.0, max_iter=300), pool.features, pool.y) == pool.y).mean())


def stopped(pool: Pool, seed: int, target: float) -> tuple[int, float, int, int | None]:
    """Answers and truth at the stop, or 0; answers at which an oracle stops, or 0; labels left, as said at 100."""
    loop, oracle, forecast = Loop(pool, seed), 0, None
    while len(loop.answers) < MOST:
        loop.step()
        said = verdict(audit_score(loop.held(), level=LEVEL), target=target)
        if not oracle or said.stop:
            truth = loop.truth().scores("accuracy")[0]
            oracle = oracle or len(loop.answers) * (truth >= target)
        if len(loop.answers) == 100:
            forecast = said.labels_left
        if said.stop:
            return len(loop.answers), truth, oracle, forecast
    return 0, 0.0, oracle, forecast


def labels_part(names: list[str], seeds: int) -> None:
    """Label models taught by the audit, by all answers, and by none."""
    print("set      answers by   majority  no answers  audit teaches  all teach   gap to majority: mean, worst run")
    gaps = {}
    for pool in pools(names or sorted({*with_texts(), "tennis"}), features=True):
        plain = {model: wl.denoise(pool.L, model) for model in ("majority", "hybrid_em")}
        for how, choose in acquisitions(pool, plain["hybrid_em"]).items():
            rows = np.array([taught(pool, plain, choose(seed), seed) for seed in range(seeds)])
            gap = rows[:, 2] - rows[:, 0]
            gaps[pool.name, how] = float(gap.mean())
            values = "".join(f"{value:>11.3f}" for value in rows.mean(axis=0))
            print(f"{pool.name:<9}{how:<11}{values}   {gap.mean():+.4f}, {gap.min():+.4f}", flush=True)
    print("worst gap: {} by {}".format(*min(gaps, key=gaps.get)), f"{min(gaps.values()):+.4f}")


def acquisitions(pool: Pool, beliefs: wl.Posterior) -> dict[str, Callable[[int], dict[str, str]]]:
    """Ways to choose, each from a seed to 200 answers."""
    counts = np.stack([(pool.L.votes == y).sum(axis=1) for y in range(pool.L.cardinality)], axis=1)
    against, n = counts.sum(axis=1) - counts.max(axis=1), len(counts)
    at_once = {
        "random": lambda rng: rng.random(n),
        "conflict": lambda rng: against + rng.random(n) / 2,
        "uncertain": lambda rng: rng.random(n) / 1e9 - beliefs.probs.max(axis=1),
    }
    ways = {how: partial(best, pool, scores) for how, scores in at_once.items()}
    return ways if pool.features is None else ways | {how: partial(led, task_of(pool), how) for how in LED}


def best(pool: Pool, scores: Callable[[np.random.Generator], np.ndarray], seed: int) -> dict[str, str]:
    """Fifty answers of the audit, and those that score best."""
    asked = dict.fromkeys(audit_next(pool.ids, ANSWERS // 4, seed=seed))
    order = pool.ids.gather(np.argsort(-scores(np.random.default_rng(seed))))
    return answered(pool, [*asked, *[item for item in order if item not in asked][: ANSWERS - len(asked)]])


def task_of(pool: Pool) -> Task:
    """The pool for a learner that finds its features made."""
    from sklearn.preprocessing import FunctionTransformer

    made = FunctionTransformer(lambda _: pool.features)
    learner = Learner({"id": pool.ids, "text": [""] * len(pool.ids)}, pool.L, text_features=made)
    return Task(pool.name, learner, pool.y, np.zeros(0), np.zeros(0))


def led(task: Task, strategy: str, seed: int) -> dict[str, str]:
    """What the loop asks of a model that learns after each batch."""
    answers: dict[str, str] = {}
    while len(answers) < ANSWERS:
        learned = task.learner.fit(answers, audit_slice(task.learner.item_ids, answers, seed=seed))
        ask(task, answers, learned.beliefs.probs, strategy, 0.25, seed)
    return answers


def taught(pool: Pool, plain: dict[str, wl.Posterior], answers: dict[str, str], seed: int) -> tuple[float, ...]:
    """Accuracy of the majority vote, and of a label model without answers, taught by the audit, and by all."""
    audit = audit_slice(pool.ids, answers, seed=seed)
    left = pool.L.covered & ~pool.ids.is_in(pl.Series(list(answers)).implode()).to_numpy()
    ways = (*plain.values(), denoise_with_answers(pool.L, answers, audit), wl.denoise(pool.L, gold=answers))
    return tuple(right(beliefs.probs[left], pool.y[left]) for beliefs in ways)


def answered(pool: Pool, asked: Iterable[str]) -> dict[str, str]:
    """What people say of these items."""
    gold = pool.gold
    return {item: gold[item] for item in asked}


def right(probs: np.ndarray, y: np.ndarray) -> float:
    """Accuracy; of tied classes one is drawn."""
    best = np.isclose(probs, probs.max(axis=1, keepdims=True))
    return float((best[np.arange(len(y)), y] / best.sum(axis=1)).mean())


def repair_part(names: list[str], seeds: int) -> None:
    """Flags, right ones, and the majority vote without the flagged functions."""
    print("set      answers            bad  flags  right  recall   majority before, after   coverage before, after")
    for pool in pools(names, features=False):
        for n, drawn in ((50, 0), (100, 0), (100, 50), (200, 100)):
            rows = [repaired(pool, n, drawn, seed) for seed in range(seeds)]
            bad, flags, hits, *rest = np.sum(rows, axis=0)
            print(f"{pool.name:<9}{n:>4}, {drawn:>3} by function{bad / seeds:>4.0f}{flags / seeds:>7.1f}"
                  f"{hits / flags if flags else np.nan:>7.2f}{hits / bad if bad else np.nan:>8.2f}   "
                  + "  ".join(f"{value / seeds:.3f}" for value in rest), flush=True)  # fmt: skip


def repaired(pool: Pool, n: int, drawn: int, seed: int) -> tuple[float, ...]:
    """Bad functions, flags, right flags; accuracy and coverage of the majority vote before and after."""
    answers = answered(pool, audit_next(pool.ids, n - drawn, seed=seed))
    while len(answers) < n and len(more := repair_next(pool.L, min(10, n - len(answers)), answers, seed=seed)):
        answers |= answered(pool, more)
    flagged = {flag.lf for flag in repair(pool.L, answers, seed=seed)}
    bad = {name for name, votes in zip(pool.L.lf_names, pool.L.votes.T, strict=True)
           if (votes >= 0).any() and (votes == pool.y)[votes >= 0].mean() < BAR}  # fmt: skip
    kept = pool.L.votes.copy()
    kept[:, [name in flagged for name in pool.L.lf_names]] = -1
    after = wl.LabelMatrix(kept, pool.ids, pool.L.lf_names, pool.L.classes)
    before, then = majority(pool.L, pool.y), majority(after, pool.y)
    return len(bad), len(flagged), len(bad & flagged), before[0], then[0], before[1], then[1]


def majority(L: wl.LabelMatrix, y: np.ndarray) -> tuple[float, float]:
    """Accuracy of the majority vote on covered items, and their share."""
    return right(wl.denoise(L, "majority").probs[L.covered], y[L.covered]), float(L.covered.mean())


PARTS = {"score": (score_part, 60), "stop": (stop_part, 40), "labels": (labels_part, 3), "repair": (repair_part, 8)}


def main() -> None:
    """Run the parts that are asked for."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, help="default: 60, 40, 3 and 8")
    options = parser.parse_args()
    for part in options.parts or PARTS:
        run, seeds = PARTS[part]
        print(f"\n{part}")
        run(options.sets, options.seeds or seeds)


if __name__ == "__main__":
    main()
