"""The next batch: the audit's share, second opinions, and what a strategy chooses."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

import numpy as np
import polars as pl

from weaklabel.artefacts import ABSTAIN, Batch
from weaklabel.labeling.denoise import label_model
from weaklabel.review.audit.held_out import class_numbers
from weaklabel.review.audit.permutation import audit_next, audit_quota
from weaklabel.review.audit.repair import BAR, repair_next
from weaklabel.review.loop.evidence import Evidence
from weaklabel.review.loop.options import REPAIR, Loop
from weaklabel.review.pick import pick
from weaklabel.review.second.freed import known_error, with_errors, without_peoples_errors

# Before the audit says anything, labeling functions are thought as good as where `lf_aware` begins to trust them.
RIGHT, SEEN = 6.5, 10.0


@dataclass(frozen=True)
class Composed:
    """A batch and what each of its items is there for.

    Attributes
    ----------
    batch
        The audit's items first, then second opinions, then the strategy's.
    attempts
        Item -> which time it is asked, of those asked before.
    counts
        Part -> number of items: audit, repair, second, chosen.
    lf_accuracy
        What `lf_aware` was told.
    """

    batch: Batch
    attempts: dict[str, int]
    counts: dict[str, int]
    lf_accuracy: float | None


def composed(loop: Loop, known: Evidence) -> Composed | None:
    """The next batch, of which nothing waits for an answer; None where nothing is left to ask or to spend."""
    tasks = known.tasks
    size = loop.size if loop.budget is None else min(loop.size, loop.budget.left(len(tasks)))
    again = list(known.settled.next_opinions(size, loop.second))
    drawn, tested = _audit(loop, known, size, len(tasks))
    taken = [*drawn, *tested]
    again = again[: size - len(taken)]
    accuracy = lf_accuracy(loop, known)
    chosen = _chosen(loop, known, size - len(taken) - len(again), taken, accuracy)
    items = [*taken, *again, *chosen]
    if not items:
        return None
    counts = {"audit": len(drawn), "repair": len(tested), "second": len(again), "chosen": len(chosen)}
    attempts = {item: n + 1 for item, n in tasks.group_by("item").len().iter_rows() if item in set(again)}
    return Composed(_batch(loop, items, counts, accuracy, known), attempts, counts, accuracy)


def lf_accuracy(loop: Loop, known: Evidence) -> float | None:
    """How often the majority of labeling functions is right on the audit's items, a little held back; None without any.

    The majority, because no answer has taught it anything.
    """
    L = loop.learner.L
    if L is None:
        return None
    at = L.item_ids.is_in(known.audit.item_ids.implode()).to_numpy()
    said = label_model("majority").fit(L).predict_proba(L).labels()[at]
    truth = class_numbers(known.by_people, L.item_ids.filter(pl.Series(at)), L.classes)
    voted = said != ABSTAIN
    agreed = ((said == truth)[voted].sum() + RIGHT) / (voted.sum() + SEEN)
    return without_peoples_errors(float(agreed), known_error(known.settled, len(L.classes)), len(L.classes))


def bar(loop: Loop, known: Evidence) -> float:
    """Agreement with people's answers below which a labeling function is too imprecise, as they err, too."""
    k = len(loop.learner.classes)
    return with_errors(BAR, known_error(known.settled, k), k)


def _audit(loop: Loop, known: Evidence, size: int, asked: int) -> tuple[list[str], list[str]]:
    """The audit's share: the next items of its order, and those that tell most about single functions."""
    ids, L = loop.learner.item_ids, loop.learner.L
    blind = L is None and not known.answers
    quota = size if blind else audit_quota(size, asked, loop.share)
    tested: list[str] = []
    if L is not None:
        wait = [*known.asked, *known.skipped]
        tested = repair_next(L, floor(quota * REPAIR), known.by_people, asked=wait, skipped=known.skipped,
                             bar=bar(loop, known), seed=loop.seed).to_list()  # fmt: skip
    drawn = audit_next(ids, quota - len(tested), asked=[*known.asked, *tested], seed=loop.seed)
    return drawn.to_list(), tested


def _chosen(loop: Loop, known: Evidence, size: int, taken: Iterable[str], accuracy: float | None) -> list[str]:
    excluded = {*known.asked, *taken}
    if size < 1 or len(excluded) >= len(loop.learner.item_ids):
        return []
    batch = pick(
        known.learned.beliefs,
        size,
        loop.acquisition,
        features=loop.learner.features,
        weak=known.learned.weak,
        lf_accuracy=accuracy,
        exclude=excluded,
        seed=loop.seed,
    )
    return batch.item_ids.to_list()


def _batch(loop: Loop, items: list[str], counts: dict[str, int], accuracy: float | None, known: Evidence) -> Batch:
    """One batch; its scores only keep the order, as the parts' own cannot be compared."""
    scores = np.arange(len(items), 0, -1, dtype=np.float64)
    provenance = {
        "parts": counts,
        "seed": loop.seed,
        "size": loop.size,
        "strategy": loop.strategy_name,
        "lf_accuracy": accuracy,
        "answers": len(known.answers),
        "labels": dict(known.learned.beliefs.provenance),
    }
    return Batch(pl.Series("id", items, dtype=pl.String), scores, "review run", provenance)
