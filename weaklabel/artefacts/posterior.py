"""What is believed about each item's class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import checks
from weaklabel.artefacts.label_matrix import ABSTAIN
from weaklabel.artefacts.store import Artefact
from weaklabel.errors import TableError
from weaklabel.numerics import Floats, row_sum, top_two

TIE = 1e-5  # Snorkel's tolerance


@dataclass(frozen=True, eq=False)
class Posterior(Artefact):
    """P(class | what is known) for each item.

    Parameters
    ----------
    probs
        Shape (n, k), rows sum to 1.
    item_ids
        Shape (n,), text, unique.
    classes
        The k class names.
    covered
        Shape (n,): something is known about the item. An uncovered row is the prior, and abstains.
    answered
        Shape (n,): a person said so. Default: nobody did.
    provenance
        The model, its parameters, and the fingerprint of what it saw.
    prior
        Shape (k,), positive, sums to 1: the class balance that the label model was told, which is in the probabilities
        of items that nobody answered; uniform if it was told none (what it learned from the votes is no prior). Empty:
        not known.

    Raises
    ------
    TableError
        Shapes disagree, or a row (the item is named) or the prior is not a probability distribution.
    """

    kind: ClassVar[str] = "posterior"

    probs: Floats
    item_ids: pl.Series
    classes: tuple[str, ...]
    covered: NDArray[np.bool_]
    answered: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    provenance: Mapping[str, Any] = field(default_factory=dict)
    prior: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        checks.put(self, item_ids=checks.ids(self.item_ids))
        checks.put(self, classes=checks.classes(self.classes))
        n, k = len(self.item_ids), len(self.classes)
        probs = np.asarray(self.probs, np.float64)
        answered = np.asarray(self.answered, bool) if len(self.answered) else np.zeros(n, bool)
        if probs.shape != (n, k) or np.shape(self.covered) != (n,) or answered.shape != (n,):
            raise TableError(
                f"probs have shape {probs.shape}, covered {np.shape(self.covered)}; {n} items x {k} classes given"
            )
        right = np.abs(row_sum(probs) - 1) < 1e-6
        if not (right.all() and (probs >= 0).all()):
            wrong = ~(right & (probs >= 0).all(axis=1))
            row = int(wrong.argmax())
            raise TableError(f"the probabilities of item {self.item_ids[row]!r} are {probs[row]}: not a distribution")
        checks.put(self, probs=checks.frozen(probs))
        checks.put(self, covered=checks.frozen(np.asarray(self.covered, bool)))
        checks.put(self, answered=checks.frozen(answered))
        checks.put(self, prior=checks.frozen(self._checked_prior()))

    def _checked_prior(self) -> Floats:
        prior = np.asarray(self.prior, np.float64)
        fits = prior.shape == (len(self.classes),) and (prior > 0).all() and abs(prior.sum() - 1) < 1e-6
        if prior.size and not fits:
            raise TableError(
                f"the prior is {prior}: it needs {len(self.classes)} positive shares that sum to 1, or none"
            )
        return prior

    def labels(self) -> NDArray[np.int8]:
        """Shape (n,): the most probable class; -1 where nothing is known or the best two tie (within 1e-5)."""
        if not len(self.probs):
            return np.empty(0, np.int8)
        best, second = top_two(self.probs)
        known = self.covered & (best - second > TIE)
        return np.where(known, self.probs.argmax(axis=1), ABSTAIN).astype(np.int8)

    def to_frame(self) -> pl.DataFrame:
        """Columns id, label (null: abstains), p_<class> for each class, covered, answered."""
        labels = pl.Series(self.labels(), dtype=pl.Int64)
        names = pl.Series("label", self.classes).gather(labels.set(labels == ABSTAIN, None))
        probs = [pl.Series(f"p_{name}", self.probs[:, y]) for y, name in enumerate(self.classes)]
        flags = [pl.Series("covered", self.covered), pl.Series("answered", self.answered)]
        return pl.DataFrame([self.item_ids, names, *probs, *flags])

    def meta(self) -> dict[str, Any]:
        return {"classes": self.classes, "provenance": dict(self.provenance), "prior": self.prior.tolist()}

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, meta: Mapping[str, Any]) -> Self:
        probs = frame.select(f"p_{name}" for name in meta["classes"]).to_numpy()
        covered, answered = frame["covered"].to_numpy(), frame["answered"].to_numpy()
        prior = np.asarray(meta.get("prior", []), np.float64)  # older files have none
        return cls(probs, frame["id"], tuple(meta["classes"]), covered, answered, meta["provenance"], prior)
