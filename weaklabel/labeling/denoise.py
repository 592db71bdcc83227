"""Denoise: from votes to beliefs, by a named label model."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel import plugins
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.labeling.gold import Gold, as_gold, clamp, learn_from_gold
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.patterns import Fittable, VoteCounts
from weaklabel.numerics import Floats
from weaklabel.protocols import LabelModel

log = logging.getLogger(__name__)


def denoise(
    L: LabelMatrix, model: str | LabelModel = "hybrid_em", *, gold: Gold | None = None, **params: Any
) -> Posterior:
    """P(class | votes) of each item, by a label model fitted to these votes.

    Parameters
    ----------
    L
        The votes, shape (n, m).
    model
        Name of a label model, or one with its parameters set.
    gold
        Known classes of some items: item id -> class name or number, or an array of shape (n,), -1 where unknown. They
        improve the model where they can (majority vote learns nothing), and those items get them for certain.
    params
        Parameters of the named model.

    Returns
    -------
    Posterior
        Shape (n, k). An item on which every function abstains keeps the prior and is not `covered`.

    Raises
    ------
    ModelError
        The model cannot be fitted to these votes, or has no such parameter.
    TableError
        `gold` names an item or a class that the matrix lacks.
    UnknownNameError
        There is no such model.
    """
    fitted = fitted_to(L, model, **params)
    if gold is None:
        return fitted.predict_proba(L)
    known = as_gold(gold, L)
    return clamp(taught(fitted, L, known), known)


def fitted_to(L: Fittable, model: str | LabelModel, **params: Any) -> LabelModel:
    """A label model fitted to these votes; warns of classes that no function votes for."""
    for name in silent_classes(L):
        log.warning("no labeling function ever votes %r, so labels of that class rest on elimination alone", name)
    return label_model(model, **params).fit(L)


@dataclass(frozen=True)
class Taught:
    """A label model that has learned about votes from known classes, and what was done; None: it cannot learn."""

    model: Any
    said: Mapping[str, Any] | None = None

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """What it believes; no item is set to its own class."""
        posterior: Posterior = self.model.predict_proba(L)
        if self.said is None:
            return posterior
        # What was told may be in there no more.
        learned = self.said["prior"] == "known classes" or any(self.said["class_bias"])
        prior = np.full(L.cardinality, 1 / L.cardinality) if learned else posterior.prior
        return replace(posterior, prior=prior, provenance={**posterior.provenance, "gold": self.said})


def teach(fitted: LabelModel, L: LabelMatrix, known: NDArray[np.int64], share: Floats | None = None) -> Taught:
    """Teach a label model from known classes, shape (n,), -1 where unknown; see `learn_from_gold` for the share."""
    if not isinstance(fitted, LogLinear) or not (known != ABSTAIN).any():
        return Taught(fitted)
    return Taught(*learn_from_gold(fitted, L, known, share))


def taught(fitted: LabelModel, L: LabelMatrix, known: NDArray[np.int64]) -> Posterior:
    """What a label model believes once it has learned about votes from known classes, shape (n,), -1 where unknown."""
    return teach(fitted, L, known).predict_proba(L)


def label_model(model: str | LabelModel, **params: Any) -> LabelModel:
    """A label model by name, with parameters, to be fitted to some votes and used on others.

    Examples
    --------
    >>> majority = label_model("majority")
    >>> majority.fit(LabelMatrix.from_array([[0, 1, 0]])).predict_proba(LabelMatrix.from_array([[1, 1, 0]])).probs
    array([[0., 1.]])
    """
    built: LabelModel = plugins.build("model", model, **params)
    return built


def silent_classes(L: Fittable) -> tuple[str, ...]:
    """The classes for which no function ever votes; a model can reach them only by elimination."""
    if isinstance(L, VoteCounts):
        cast = L.covotes.diagonal().reshape(-1, L.cardinality).sum(axis=0)
        return tuple(name for name, times in zip(L.classes, cast.tolist(), strict=True) if not times)
    return tuple(name for y, name in enumerate(L.classes) if not (L.votes == y).any())
