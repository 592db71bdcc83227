"""Denoise: from votes to beliefs, by a named label model."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel import plugins
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.labeling.gold import Gold, as_gold, clamp, learn_from_gold
from weaklabel.labeling.models._log_linear import LogLinear
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


def fitted_to(L: LabelMatrix, model: str | LabelModel, **params: Any) -> LabelModel:
    """A label model fitted to these votes; warns of classes that no function votes for."""
    for name in silent_classes(L):
        log.warning("no labeling function ever votes %r, so labels of that class rest on elimination alone", name)
    return label_model(model, **params).fit(L)


def taught(fitted: LabelModel, L: LabelMatrix, known: NDArray[np.int64]) -> Posterior:
    """What a label model believes once it has learned about votes from known classes, shape (n,), -1 where unknown.

    No item is set to its own class. A model that cannot learn from them believes what it did.
    """
    if not isinstance(fitted, LogLinear) or not (known != ABSTAIN).any():
        return fitted.predict_proba(L)
    better, said = learn_from_gold(fitted, L, known)
    posterior = better.predict_proba(L)
    learned = said["prior"] == "known classes" or any(said["class_bias"])  # then what was told is in there no more
    prior = np.full(L.cardinality, 1 / L.cardinality) if learned else posterior.prior
    return replace(posterior, prior=prior, provenance={**posterior.provenance, "gold": said})


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


def silent_classes(L: LabelMatrix) -> tuple[str, ...]:
    """The classes for which no function ever votes; a model can reach them only by elimination."""
    return tuple(name for y, name in enumerate(L.classes) if not (L.votes == y).any())
