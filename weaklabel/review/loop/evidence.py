"""What people have said so far, settled, and what the models learn from it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from weaklabel.artefacts import Annotation
from weaklabel.review.audit.permutation import AuditSlice, among, audit_slice
from weaklabel.review.journal import Journal
from weaklabel.review.learning import Learned
from weaklabel.review.loop.options import Loop
from weaklabel.review.people.consensus import consensus
from weaklabel.review.second.settle import Settled, settle_answers

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a round knows.

    Attributes
    ----------
    answers
        Item -> class, by people and model together: what the models learn from.
    settled
        What people said, weighed.
    audit
        The slice of the pool that judges the models.
    learned
        What they learned.
    skipped
        Items of the pool that people left without an answer, or whose question they deleted.
    tasks
        Every question so far, answered or not: key, item, batch and state, as in the journal.
    """

    answers: dict[str, str]
    settled: Settled
    audit: AuditSlice
    learned: Learned
    skipped: tuple[str, ...]
    tasks: pl.DataFrame

    @cached_property
    def asked(self) -> frozenset[str]:
        """Items that were asked about, answered or not."""
        return frozenset(self.tasks["item"])

    @property
    def by_people(self) -> dict[str, str]:
        """The same, but of the audit's items by people alone: what models and labeling functions are judged by."""
        return {**self.answers, **self.settled.audited}


def gathered(loop: Loop, journal: Journal, before: int | None = None) -> Evidence:
    """The evidence in the journal.

    Parameters
    ----------
    before
        Only answers to batches of a lower number, to look back at an earlier round. None: all.
    """
    tasks = journal.frame("tasks").select("key", "item", "batch", "state")
    if before is not None:
        tasks = tasks.filter(pl.col("batch") <= before)
    pool = set(loop.learner.item_ids)
    everything = journal.annotations()
    given = _of_pool(everything, set(tasks["key"]), pool)
    skipped = tuple(item for item in [*journal.skipped(), *_deleted(everything, tasks)] if item in pool)
    return _settled(loop, given, skipped, tasks)


def _deleted(everything: Iterable[Annotation], tasks: pl.DataFrame) -> list[str]:
    """Items that nobody said anything of, and nobody will, since people deleted each question about them.

    Were they open for ever, the audit could never get past them.
    """
    said = {said.item_id for said in everything}
    gone = tasks.group_by("item", maintain_order=True).agg((pl.col("state") == "tombstone").all())
    return [item for item in gone.filter("state")["item"] if item not in said]


def _of_pool(annotations: Iterable[Annotation], keys: set[str], pool: set[str]) -> list[Annotation]:
    given = [said for said in annotations if said.key in keys]
    inside = [said for said in given if said.item_id in pool]
    if len(inside) < len(given):
        other = next(said.item_id for said in given if said.item_id not in pool)
        _log.warning("%d answers are about items that the table lacks, first %r", len(given) - len(inside), other)
    return inside


def _settled(loop: Loop, given: list[Annotation], skipped: tuple[str, ...], tasks: pl.DataFrame) -> Evidence:
    """Settle by people alone, learn, settle again beside what the model makes of it, and learn from that."""
    learner, ids = loop.learner, loop.learner.item_ids
    alone = {item: str(label) for item, label in consensus(given, classes=learner.classes).labels.items()}
    learned = learner.fit(alone, audit_slice(ids, alone, skipped=skipped, seed=loop.seed))
    drawn = audit_slice(ids, {said.item_id for said in given if not said.skipped}, skipped=skipped, seed=loop.seed)
    settled = settle_answers(given, learned.unseen, drawn.item_ids)
    answers = dict(settled.labels)
    audit = _decided(audit_slice(ids, answers, skipped=skipped, seed=loop.seed), settled)
    if answers != alone:
        learned = learner.fit(answers, audit)
    return Evidence(answers, settled, audit, learned, skipped, tasks)


def _decided(audit: AuditSlice, settled: Settled) -> AuditSlice:
    """The slice up to the first item that people alone do not decide."""
    undecided = ~among(audit.item_ids, settled.audited)
    end = int(undecided.argmax()) if undecided.any() else len(audit)
    return AuditSlice(audit.item_ids[:end], audit.skipped, audit.pool, audit.seed)
