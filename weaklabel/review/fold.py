"""Fold: people's answers into what is believed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Annotation, Label, Posterior
from weaklabel.errors import AnswerError
from weaklabel.review.people.answers import newest
from weaklabel.review.people.consensus import Consensus, consensus
from weaklabel.review.people.verdict import Rule

__all__ = ["fold", "newest"]


def fold(
    posterior: Posterior,
    annotations: Iterable[Annotation],
    rule: str | Rule = "majority",
    *,
    experts: Sequence[str] = (),
    **params: Any,
) -> Posterior:
    """The posterior with the items that people answered set to their answers.

    Of each person the latest answer to an item counts, and where several people answered, what the rule makes of it.
    What it cannot decide, such as a tie, stays as it was. A skip changes nothing. Neither the order of the annotations
    nor repeating them matters.

    Parameters
    ----------
    posterior
        n items, k classes.
    annotations
        Answers and skips, each answer one class; of answers that name several make those to one class by `for_class`.
    rule
        majority, dawid_skene, latest, expert or none: see `consensus`.
    experts
        Whose answers overrule the others', by the rule "expert".
    params
        Others of the rule's.

    Returns
    -------
    Posterior
        An answered item has probability 1 on its class, and is `covered` and `answered`. The provenance says under
        "answers" how many items were answered, by how many people, and how many skipped; on which they disagreed, and
        why each stays open; the rule, its version and parameters; and every vote with its item's support.

    Raises
    ------
    AnswerError
        An answer is about an item or names a class that the posterior lacks, names several classes, or its time cannot
        be read.
    UnknownNameError
        There is no such rule.
    ModelError
        The rule has no such parameter.
    """
    current = newest(annotations)
    rows = _rows(posterior.item_ids, current)
    _check_one_class(current, posterior.classes)
    named = {"experts": tuple(experts)} if experts else {}
    found = consensus(current, rule, classes=posterior.classes, **named, **params)
    where = [rows[item] for item in found.labels]
    probs, covered, answered = posterior.probs.copy(), posterior.covered.copy(), posterior.answered.copy()
    probs[where] = np.eye(len(posterior.classes))[_numbers(found.labels, posterior.classes)]
    covered[where] = answered[where] = True
    provenance = {**posterior.provenance, "answers": _summary(current, found)}
    return replace(posterior, probs=probs, covered=covered, answered=answered, provenance=provenance)


def _rows(item_ids: pl.Series, annotations: Sequence[Annotation]) -> dict[str, int]:
    wanted = sorted({annotation.item_id for annotation in annotations})
    rows = dict(zip(wanted, tables.rows_of(item_ids, wanted), strict=True))
    if unknown := [item for item, row in rows.items() if row is None]:
        raise AnswerError(
            f"{len(unknown)} of {len(rows)} items with answers are not in the posterior, first {unknown[0]!r}: "
            "fold the answers into the posterior of the items that were asked about"
        )
    return rows


def _check_one_class(annotations: Sequence[Annotation], classes: Sequence[str]) -> None:
    for said in annotations:
        if isinstance(said.label, tuple):
            raise AnswerError(
                f"{said.annotator} answered {said.label!r} on item {said.item_id!r} (annotation {said.remote_id}), "
                f"several classes at once, and the posterior is of one of {', '.join(classes)}: fold class by class, "
                "with a posterior for each, for_class(annotations, name) and its two classes"
            )


def _numbers(labels: Mapping[str, Label], classes: Sequence[str]) -> list[int]:
    place: dict[Label, int] = {name: number for number, name in enumerate(classes)}
    return [place[label] for label in labels.values()]


def _summary(current: Sequence[Annotation], found: Consensus) -> dict[str, Any]:
    """JSON that a file keeps as it is: lists, not tuples."""
    return {
        "answered": len(found.labels),
        "annotators": len({annotator for votes in found.votes.values() for annotator in votes}),
        "skipped": len({annotation.item_id for annotation in current} - found.votes.keys()),
        "disagreed": sorted(found.open),
        "rule": found.rule,
        "version": found.version,
        "params": {name: list(value) if isinstance(value, tuple) else value for name, value in found.params.items()},
        "open": found.open,
        "votes": {item: dict(votes) for item, votes in found.votes.items()},
        "support": {item: verdict.support for item, verdict in found.verdicts.items()},
    }
