"""The pool: what a query strategy may look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.errors import TableError
from weaklabel.numerics import Floats

Rows = NDArray[np.intp]
FILLED_BY = {
    "features": "features=",
    "weak": "weak=",
    "members": "members=",
    "opinions": "answers=",
}  # what `pick` takes for it


@dataclass(frozen=True, eq=False)
class Pool:
    """Items that may be asked about, and what is known of them; every array has one row an item, in the same order.

    Parameters
    ----------
    probs
        Shape (n, k): P(class) by the model whose errors are to be found, such as the end model.
    features
        Shape (n, d), an array or a scipy matrix in CSR form. None: there are none.
    weak
        Shape (n, k): P(class) by the label model; where no labeling function voted, the row of `probs`, since silence
        contradicts nothing. None: there is none.
    lf_accuracy
        How often the label model is right where a labeling function voted, in [0, 1], as an audit found it: on items
        drawn at random, not on items chosen because something was doubtful. None: not audited.
    members
        Shape (m, n, k): P(class) by each of m models. None: there are none.
    opinions
        Shape (n, k): the weights of the people who answered, spread over the classes; zeros where nobody did. None:
        nobody was asked.
    model_weight
        How many average people the model of `probs` weighs.

    Raises
    ------
    TableError
        The arrays are not of the same items and classes, or the accuracy is out of range.
    """

    probs: Floats
    features: Any = None
    weak: Floats | None = None
    lf_accuracy: float | None = None
    members: Floats | None = None
    opinions: Floats | None = None
    model_weight: float = 1.0

    def __post_init__(self) -> None:
        n = len(self)
        if self.features is not None and (len(self.features.shape) != 2 or self.features.shape[0] != n):
            raise TableError(f"features have shape {self.features.shape}: {n} items need one row each")
        if self.weak is not None and self.weak.shape != self.probs.shape:
            raise TableError(f"the label model's probabilities have shape {self.weak.shape}, not {self.probs.shape}")
        if self.members is not None and self.members.shape[1:] != self.probs.shape:
            raise TableError(f"the members' probabilities have shape {self.members.shape}, not m x {self.probs.shape}")
        if self.opinions is not None and self.opinions.shape != self.probs.shape:
            raise TableError(f"opinions have shape {self.opinions.shape}, not {self.probs.shape}")
        if self.lf_accuracy is not None and not 0 <= self.lf_accuracy <= 1:
            raise TableError(f"lf_accuracy is {self.lf_accuracy}: it is a share of right labels, from 0 to 1")

    def __len__(self) -> int:
        return len(self.probs)

    def take(self, rows: Rows | slice) -> "Pool":
        """The same of some of the items, in the order of `rows`."""
        return replace(
            self,
            probs=self.probs[rows],
            features=None if self.features is None else self.features[rows],
            weak=None if self.weak is None else self.weak[rows],
            members=None if self.members is None else self.members[:, rows],
            opinions=None if self.opinions is None else self.opinions[rows],
        )

    def require(self, what: str, strategy: str) -> Any:
        """The array of that name.

        Raises
        ------
        TableError
            There is none; the message says what to give to `pick`.
        """
        found = getattr(self, what)
        if found is None:
            raise TableError(f"strategy {strategy!r} needs {what} of the items: give pick {FILLED_BY[what]}...")
        return found


def joined(pools: Sequence[Pool]) -> Pool:
    """One pool of the items of several, in their order; all of them know the same kinds of things."""
    first = pools[0]
    if len(pools) == 1:
        return first
    return replace(
        first,
        probs=np.concatenate([pool.probs for pool in pools]),
        features=None if first.features is None else _stacked([pool.features for pool in pools]),
        weak=None if first.weak is None else np.concatenate([pool.weak for pool in pools]),
        members=None if first.members is None else np.concatenate([pool.members for pool in pools], axis=1),
        opinions=None if first.opinions is None else np.concatenate([pool.opinions for pool in pools]),
    )


def _stacked(features: Sequence[Any]) -> Any:
    if isinstance(features[0], np.ndarray):
        return np.concatenate(features)
    from scipy.sparse import vstack

    return vstack(features, format="csr")
