"""What a person is asked, and what a person answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Label = str | tuple[str, ...]  # several class names where the question allows several


@dataclass(frozen=True)
class Prelabel:
    """The answer that the model would give, shown to the person as a suggestion.

    Attributes
    ----------
    label
        Class name, or the names of several.
    probability
        In [0, 1].
    model_version
        Which model said so.
    """

    label: Label
    probability: float
    model_version: str


@dataclass(frozen=True)
class Task:
    """One question to a person.

    Attributes
    ----------
    key
        Deterministic: a hash of the fields shown, so that the same question is never asked twice.
    item_id
        The item it is about.
    data
        The fields shown.
    classes
        The possible answers.
    prelabel
        The suggestion, if there is one.
    votes
        Labeling function -> class name it voted, without abstentions: the reasons behind the suggestion.
    rank
        1 is the most worthwhile.
    kind
        How it is asked: choice, choices, grade or pairwise.
    blind
        The person is shown neither the suggestion nor the votes, so that what they do to answers can be measured.
    probs
        Class name -> its probability by the model, shown with the votes; empty where nothing is known.
    """

    key: str
    item_id: str
    data: Mapping[str, Any]
    classes: tuple[str, ...]
    prelabel: Prelabel | None = None
    votes: Mapping[str, str] = field(default_factory=dict)
    rank: int = 1
    kind: str = "choice"
    blind: bool = False
    probs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Annotation:
    """One answer, or one refusal to answer, from one person.

    Attributes
    ----------
    remote_id
        The annotation's id where it was made.
    key
        The task's key.
    item_id
        The item it is about.
    label
        Class name, or the names chosen (perhaps none) where the question allows several; None for a skip. A skip is
        never an answer, even where the tool stored a pre-filled label with it.
    annotator
        Who.
    lead_time
        Seconds spent, where known.
    updated_at
        ISO 8601 time of the last change, where known.
    created_at
        The same of its making; with `remote_id` it says which annotation this is, because ids are used again.
    suggestion
        What became of the pre-label: accepted, changed, ignored; none where there was none to see.
    model_version
        Which model's pre-label was seen; empty where none was.
    """

    remote_id: str
    key: str
    item_id: str
    label: Label | None
    annotator: str
    lead_time: float | None = None
    updated_at: str = ""
    created_at: str = ""
    suggestion: str = "none"
    model_version: str = ""

    @property
    def skipped(self) -> bool:
        """The person declined to answer."""
        return self.label is None
