"""The things that a plug-in can be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import Changes, LabelMatrix, Posterior, Propensities, Seen, Task
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


class PageEstimator(Protocol):
    """An estimator that reads what was clicked on each page, and says so by `needs = "pages"`."""

    def estimate(self, pages: Any) -> Propensities:
        """Estimate from the pages of a log with sessions."""


class UserModel(Protocol):
    """Says which documents of a page are clicked.

    Relevance is P(click | examined), shape (s, K): s pages of K positions, the top first; NaN where a page has no
    document.
    """

    def click(self, relevance: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
        """Clicks drawn for each page, shape (s, K): 0 or 1, and 0 where there is no document."""

    def log_likelihood(self, relevance: Floats, clicks: NDArray[Any]) -> Floats:
        """The log of the probability of each page's clicks, shape (s,); -inf where the user never clicks so."""

    def examination(self, relevance: Floats) -> Floats:
        """P(examined) of each place whatever is clicked, shape (s, K); NaN where there is no document."""


class QueryStrategy(Protocol):
    """Says how much each item is worth asking about, whatever other items there are: a pool may come in parts.

    The simplest, such as `margin`, are plain functions from probabilities, shape (n, k), to scores, shape (n,); a
    dataclass that is built without arguments may look at the rest of the pool, too.
    """

    def score(self, pool: Any) -> Floats:
        """Scores of shape (n,) of the items of a `weaklabel.review.picking.pool.Pool`; higher is more worthwhile."""


@runtime_checkable
class BatchStrategy(QueryStrategy, Protocol):
    """A query strategy that looks at what it chooses together.

    Its scores make a short list of `funnel` times the batch's size, and it chooses from that.
    """

    funnel: int

    def choose(self, pool: Any, size: int, seed: int) -> NDArray[np.intp]:
        """`size` different rows of a pool that has the item with the highest score first."""


class AnnotationBackend(Protocol):
    """Where people see tasks and leave answers. It keeps no memory of its own: the journal does.

    Any call may be repeated after a crash. Calls raise `ServerError` where the server cannot be reached or refuses.
    """

    def prepare(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Make the place where tasks like these are asked, or find it, and see that it asks the same question.

        Returns the constructor's fields by which the same place is found again, as JSON, without any secret.
        """

    def ready(self) -> None:
        """Wait until it answers, for a minute at most."""

    def find(self, keys: Iterable[str]) -> dict[str, str]:
        """Key -> remote id of those of these tasks that are there already."""

    def send(self, tasks: Sequence[Task]) -> list[str]:
        """Add all of these tasks or none; their remote ids in the same order.

        Raises `InDoubtError` where nobody can tell whether they were added.
        """

    def suggest(self, tasks: Mapping[str, Task]) -> list[str]:
        """Show these pre-labels from now on: remote id -> the task with its new pre-label; the ids of those that do."""

    def changed(self, since: str = "", after: str = "") -> Iterator[Changes]:
        """Tasks in which something changed at or after the time `since`, page by page, from the position `after`."""

    def survey(self) -> Iterator[Seen]:
        """Every task there is."""

    def mark(self) -> str:
        """A short text that is another one whenever tasks have come or gone; empty where nobody can tell so cheaply."""

    def remove(self, remote_ids: Sequence[str]) -> list[str]:
        """Delete those of these tasks that nobody has answered or begun to; the ids of those deleted."""
