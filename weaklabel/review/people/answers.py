"""Which answers count: of each person the latest to each item, and no skips."""

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from weaklabel.artefacts import Annotation, Label
from weaklabel.errors import AnswerError
from weaklabel.review import moments

Answers = Mapping[str, Mapping[str, Annotation]]  # item -> annotator -> the answer

_log = logging.getLogger(__name__)


def newest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Each annotation once, as it was last changed; exports that overlap hold it several times."""
    return _last(annotations, by=lambda said: (said.item_id, said.remote_id, said.created_at))


def current_answers(annotations: Iterable[Annotation]) -> dict[str, dict[str, Annotation]]:
    """Each person's latest answer to each item; skips are left out, and take no answer back.

    Parameters
    ----------
    annotations
        Answers and skips, in any order, perhaps repeated.

    Returns
    -------
    dict
        Item -> annotator -> answer, both in the order of their names. Where several classes may be chosen, they stand
        in the order of their names, too.

    Raises
    ------
    AnswerError
        The time of an answer cannot be read, or some answers name one class and others several.
    """
    given = [said for said in newest(annotations) if not said.skipped]
    latest = _last(given, by=lambda said: (said.item_id, said.annotator))
    _check_one_kind(latest)
    answers: dict[str, dict[str, Annotation]] = {}
    for said in sorted(latest, key=lambda said: (said.item_id, said.annotator)):
        one = replace(said, label=in_order(said.label)) if isinstance(said.label, tuple) else said
        answers.setdefault(said.item_id, {})[said.annotator] = one
    return answers


def labels(given: Mapping[str, Annotation]) -> dict[str, Label]:
    """Annotator -> label, of the answers to one item."""
    return {annotator: said.label for annotator, said in given.items() if said.label is not None}


def in_order(label: Label) -> Label:
    """Several classes in the order of their names, each once, so that equal choices are equal labels."""
    return label if isinstance(label, str) else tuple(sorted(set(label)))


def spelled(label: Label) -> str:
    """The label as a person reads it; several classes are joined by " + "."""
    return label if isinstance(label, str) else " + ".join(label) or "(none)"


def moment(annotation: Annotation) -> datetime:
    """When it was last changed; one without a time is older than any with one.

    Raises
    ------
    AnswerError
        The time cannot be read.
    """
    try:
        return moments.moment(annotation.updated_at)
    except AnswerError as error:
        raise AnswerError(
            f"annotation {annotation.remote_id} of item {annotation.item_id!r} was changed at "
            f"{annotation.updated_at!r}, which is no ISO 8601 time"
        ) from error


def for_class(
    annotations: Iterable[Annotation], name: str, classes: tuple[str, str] = ("no", "yes")
) -> list[Annotation]:
    """Answers that may name several classes, as answers to the question whether one of them applies.

    Parameters
    ----------
    annotations
        Answers and skips; a skip stays one.
    name
        The class asked about.
    classes
        What the new answers are called: the first where the class was not chosen, the second where it was.

    Returns
    -------
    list
        As many annotations, each with one of `classes` for its label: what `fold` takes for a posterior of two classes.
    """
    no, yes = classes
    asked = list(annotations)
    chosen = {one for said in asked for one in _chosen(said.label)}
    if chosen and name not in chosen:
        _log.warning("nobody chose %r: every answer becomes %r (chosen were %s)", name, no, ", ".join(sorted(chosen)))
    return [said if said.skipped else replace(said, label=yes if name in _chosen(said.label) else no) for said in asked]


def _chosen(label: Label | None) -> tuple[str, ...]:
    if label is None:
        return ()
    return (label,) if isinstance(label, str) else label


def _last(annotations: Iterable[Annotation], by: Callable[[Annotation], Hashable]) -> list[Annotation]:
    return list({by(said): said for said in sorted(annotations, key=_age)}.values())


def _age(said: Annotation) -> tuple[datetime, tuple[str, ...]]:
    """Sorts by time; at the same time by all else there is, so that the order of a file never decides."""
    rest = (said.remote_id, said.annotator, str(said.label or ""), said.created_at, said.key)
    return moment(said), (*rest, said.suggestion, said.model_version, str(said.lead_time))


def _check_one_kind(answers: Iterable[Annotation]) -> None:
    first: dict[bool, Annotation] = {}
    for said in answers:
        first.setdefault(isinstance(said.label, tuple), said)
    if len(first) == 2:
        one, several = first[False], first[True]
        raise AnswerError(
            f"{one.annotator} answered {one.label!r} on item {one.item_id!r}, one class, and {several.annotator} "
            f"{several.label!r} on item {several.item_id!r}, several: take the answers to one question at a time"
        )
