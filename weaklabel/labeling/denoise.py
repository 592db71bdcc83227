"""Denoise: from votes to beliefs, by a named label model."""

import logging
from typing import Any

import numpy as np

from weaklabel import plugins
from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.protocols import LabelModel

log = logging.getLogger(__name__)


def denoise(L: LabelMatrix, model: str | LabelModel = "snorkel", **params: Any) -> Posterior:
    """P(class | votes) of each item, by a label model fitted to these votes.

    Parameters
    ----------
    L
        The votes, shape (n, m).
    model
        Name of a label model, or one with its parameters set.
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
    UnknownNameError
        There is no such model.
    """
    for name in silent_classes(L):
        log.warning("no labeling function ever votes %r, so labels of that class rest on elimination alone", name)
    return label_model(model, **params).fit(L).predict_proba(L)


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
    present = np.unique(L.votes)
    return tuple(name for y, name in enumerate(L.classes) if y not in present)
