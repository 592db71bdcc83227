"""The things that a plug-in can be."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, Self, runtime_checkable

from weaklabel.artefacts import Annotation, LabelMatrix, Posterior, Propensities, Task
from weaklabel.numerics import Floats


@runtime_checkable
class LabelingFunctionLike(Protocol):
    """Votes on one row; Snorkel's own labeling functions are this too."""

    name: str

    def __call__(self, x: Any) -> int:
        """-1 to abstain, or a class number."""


class LabelModel(Protocol):
    """Turns votes into beliefs. Fitting again forgets the first time."""

    def fit(self, L: Any) -> Self:
        """Learn from unlabelled votes: a label matrix, or the table of its vote patterns."""

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """P(class | votes) for each item."""


class PropensityEstimator(Protocol):
    """Says how often each position is examined, or refuses."""

    def estimate(self, counts: Any) -> Propensities:
        """Estimate from the additive counts of a log."""


class QueryStrategy(Protocol):
    """Says how much each item is worth asking about."""

    def __call__(self, probs: Floats) -> Floats:
        """Scores of shape (n,), higher is more worthwhile, from probabilities of shape (n, k)."""


class AnnotationBackend(Protocol):
    """Where people see tasks and leave answers."""

    def find(self, keys: Iterable[str]) -> set[str]:
        """Which of these tasks are there already."""

    def push(self, tasks: Sequence[Task]) -> int:
        """Add the tasks that are not there yet; returns how many were new."""

    def pull(self) -> list[Annotation]:
        """Every answer and every skip."""
