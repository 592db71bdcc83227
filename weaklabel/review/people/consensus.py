"""One label for each item, from all that people said about it, by a named rule."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from weaklabel import plugins
from weaklabel.artefacts import Annotation, Label
from weaklabel.errors import AnswerError
from weaklabel.review.people.answers import Answers, current_answers, labels
from weaklabel.review.people.verdict import Rule, Verdict

SCHEMA = {
    "item_id": pl.String,
    "label": pl.String,
    "support": pl.Float64,
    "by": pl.String,
    "answers": pl.Int64,
    "reason": pl.String,
    "votes": pl.String,
}


@dataclass(frozen=True)
class Consensus:
    """What people say of each item, and all they said. Items and annotators stand in the order of their names.

    Attributes
    ----------
    rule
        The name of the rule that decided.
    version
        Of the rule.
    params
        Of the rule, such as who is an expert.
    verdicts
        Item -> label, support, the rule that decided it, and the reason why it is open if it is.
    votes
        Item -> annotator -> label: every answer that was weighed.
    """

    rule: str
    version: int
    params: Mapping[str, Any]
    verdicts: Mapping[str, Verdict]
    votes: Mapping[str, Mapping[str, Label]]

    @cached_property
    def labels(self) -> dict[str, Label]:
        """Item -> label, of those decided."""
        return {item: verdict.label for item, verdict in self.verdicts.items() if verdict.label is not None}

    @cached_property
    def open(self) -> dict[str, str]:
        """Item -> why nothing is decided: these go back to review."""
        return {item: verdict.reason for item, verdict in self.verdicts.items() if verdict.label is None}

    def to_frame(self) -> pl.DataFrame:
        """One row per item: item_id, label (null: open), support, by, answers, reason (null: decided), votes.

        A label of several classes is a JSON list; `votes` is a JSON object, annotator -> label.
        """
        rows = [
            (item, _text(v.label), v.support, v.by, len(self.votes[item]), v.reason or None, _json(self.votes[item]))
            for item, v in self.verdicts.items()
        ]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    def to_json(self) -> str:
        """All of it as JSON: the same answers give the same bytes, in whatever order they came."""
        items = {
            item: {"label": v.label, "support": v.support, "by": v.by, "reason": v.reason, "votes": self.votes[item]}
            for item, v in self.verdicts.items()
        }
        return _json({"rule": self.rule, "version": self.version, "params": self.params, "items": items})


def consensus(
    annotations: Iterable[Annotation],
    rule: str | Rule = "majority",
    *,
    classes: Sequence[str] | None = None,
    **params: Any,
) -> Consensus:
    """One label for each item that people answered, or the reason why there is none; every vote is kept.

    Of each person the latest answer to an item counts; skips do not. What the rule cannot decide stays open.

    Parameters
    ----------
    annotations
        Answers and skips, in any order, perhaps repeated.
    rule
        The name of one (majority, dawid_skene, latest, expert, none), or one that was built.
    classes
        The possible answers; by default whatever was answered.
    params
        Of the rule, such as `experts`.

    Raises
    ------
    AnswerError
        An answer is none of `classes`, its time cannot be read, or the rule cannot take answers like these.
    UnknownNameError
        There is no such rule.
    ModelError
        The rule has no parameter of that name.
    """
    answers = current_answers(annotations)
    if classes is not None:
        _check_classes(answers, classes)
    built = plugins.build("rule", rule, **params)
    name = rule if isinstance(rule, str) else type(rule).__name__
    verdicts = built(answers)
    votes = {item: labels(given) for item, given in answers.items()}
    return Consensus(name, built.version, {key: vars(built)[key] for key in sorted(vars(built))}, verdicts, votes)


def _check_classes(answers: Answers, classes: Sequence[str]) -> None:
    for given in answers.values():
        for said in given.values():
            named = said.label if isinstance(said.label, tuple) else (said.label,)
            if any(name not in classes for name in named):
                raise AnswerError(
                    f"{said.annotator} answered {said.label!r} on item {said.item_id!r} "
                    f"(annotation {said.remote_id}); the classes are {', '.join(classes)}"
                )


def _text(label: Label | None) -> str | None:
    return _json(label) if isinstance(label, tuple) else label


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
