"""Rounds: what each look at a review found, and what was asked then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from weaklabel.review.journal import Journal
from weaklabel.review.learning import Learned

State = Literal["waiting", "asked", "stopped"]


@dataclass(frozen=True)
class Round:
    """Where a loop stands.

    Attributes
    ----------
    state
        "waiting": the last batch is not answered yet. "asked": a new one was sent. "stopped": enough is known.
    number
        How many batches came before.
    open
        Questions that wait for an answer.
    record
        What was found, as it stands in the journal's table `rounds`; empty while waiting.
    learned
        What was learned from all answers so far, such as the end model; None while waiting.
    """

    state: State
    number: int
    open: int
    record: Mapping[str, Any]
    learned: Learned | None = None


def number_of(journal: Journal) -> int:
    """How many batches were asked."""
    return len(journal.frame("batches"))


def records(journal: Journal) -> list[dict[str, Any]]:
    """What each round found, the first first."""
    return [json.loads(text) for text in journal.frame("rounds")["record"]]
