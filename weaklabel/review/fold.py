"""Fold: people's answers into what is believed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Annotation, Posterior
from weaklabel.errors import AnswerError


def fold(posterior: Posterior, annotations: Iterable[Annotation]) -> Posterior:
    """The posterior with the items that people answered set to their answers.

    Of each person the latest answer to an item counts, and of several people the majority. Where they tie, the item
    stays as it was. A skip changes nothing. Neither the order of the annotations nor repeating them matters.

    Parameters
    ----------
    posterior
        n items, k classes.
    annotations
        Answers and skips.

    Returns
    -------
    Posterior
        An answered item has probability 1 on its class, and is `covered` and `answered`. The provenance says under
        "answers" how many items were answered, by how many people, and on which they disagreed.

    Raises
    ------
    AnswerError
        An answer is about an item or names a class that the posterior lacks, or its time cannot be read.
    """
    current = newest(annotations)
    rows = _rows(posterior.item_ids, current)
    answers = _by_item(current)
    _check_classes(answers, posterior.classes)
    votes = {item: Counter(str(answer.label) for answer in given) for item, given in answers.items()}
    decided = {item: label for item, count in votes.items() if (label := _majority(count)) is not None}
    where = [rows[item] for item in decided]
    probs, covered, answered = posterior.probs.copy(), posterior.covered.copy(), posterior.answered.copy()
    probs[where] = np.eye(len(posterior.classes))[[posterior.classes.index(label) for label in decided.values()]]
    covered[where] = answered[where] = True
    provenance = {**posterior.provenance, "answers": _summary(current, answers, decided)}
    return replace(posterior, probs=probs, covered=covered, answered=answered, provenance=provenance)


def newest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Each annotation once, as it was last changed; exports that overlap hold it several times."""
    return _last(annotations, by=lambda annotation: (annotation.item_id, annotation.remote_id))


def _last(annotations: Iterable[Annotation], by: Callable[[Annotation], Hashable]) -> list[Annotation]:
    return list({by(annotation): annotation for annotation in sorted(annotations, key=_age)}.values())


def _age(annotation: Annotation) -> tuple[datetime, str, str, str]:
    """Sorts by time; at the same time by what else is there, so that the order of a file never decides."""
    return _moment(annotation), annotation.remote_id, annotation.annotator, annotation.label or ""


def _moment(annotation: Annotation) -> datetime:
    try:
        moment = datetime.fromisoformat(annotation.updated_at or "0001-01-01")
    except ValueError as error:
        raise AnswerError(
            f"annotation {annotation.remote_id} of item {annotation.item_id!r} was changed at "
            f"{annotation.updated_at!r}, which is no ISO 8601 time"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rows(item_ids: pl.Series, annotations: Sequence[Annotation]) -> dict[str, int]:
    wanted = sorted({annotation.item_id for annotation in annotations})
    rows = dict(zip(wanted, tables.rows_of(item_ids, wanted), strict=True))
    if unknown := [item for item, row in rows.items() if row is None]:
        raise AnswerError(
            f"{len(unknown)} of {len(rows)} items with answers are not in the posterior, first {unknown[0]!r}: "
            "fold the answers into the posterior of the items that were asked about"
        )
    return rows


def _by_item(annotations: Sequence[Annotation]) -> dict[str, list[Annotation]]:
    """Each person's latest answer to each item."""
    given = [annotation for annotation in annotations if not annotation.skipped]
    answers = defaultdict(list)
    for answer in _last(given, by=lambda annotation: (annotation.item_id, annotation.annotator)):
        answers[answer.item_id].append(answer)
    return dict(answers)


def _check_classes(answers: dict[str, list[Annotation]], classes: Sequence[str]) -> None:
    for given in answers.values():
        for answer in given:
            if answer.label not in classes:
                raise AnswerError(
                    f"{answer.annotator} answered {answer.label!r} on item {answer.item_id!r} "
                    f"(annotation {answer.remote_id}); the classes are {', '.join(classes)}"
                )


def _majority(count: Counter[str]) -> str | None:
    (label, most), *others = count.most_common(2)
    return None if others and others[0][1] == most else label


def _summary(
    current: Sequence[Annotation], answers: dict[str, list[Annotation]], decided: dict[str, str]
) -> dict[str, Any]:
    return {
        "answered": len(decided),
        "annotators": len({answer.annotator for given in answers.values() for answer in given}),
        "skipped": len({annotation.item_id for annotation in current} - answers.keys()),
        "disagreed": sorted(answers.keys() - decided.keys()),
    }
