"""A label model that is fitted once, and taught by other answers again and again."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.labeling.denoise import label_model, silent_classes
from weaklabel.labeling.gold import learn_from_gold
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.protocols import LabelModel

_log = logging.getLogger(__name__)


class Teacher:
    """What `denoise_with_answers` does, without fitting the label model to the votes each time.

    Parameters
    ----------
    L
        The votes.
    model
        Name of a label model, or one with its parameters set.

    Raises
    ------
    ModelError
        The model cannot be fitted to these votes.
    UnknownNameError
        There is no such model.
    """

    def __init__(self, L: LabelMatrix, model: str | LabelModel) -> None:
        for name in silent_classes(L):
            _log.warning("no labeling function ever votes %r, so labels of that class rest on elimination alone", name)
        self.L = L
        self.fitted = label_model(model).fit(L)
        self.untaught: Posterior = self.fitted.predict_proba(L)

    def teach(self, gold: NDArray[np.int64]) -> Posterior:
        """What the model believes once it has learned from known classes, shape (n,), -1 where unknown.

        They teach it about votes; no item is set to its own class.
        """
        if not isinstance(self.fitted, LogLinear) or not (gold != ABSTAIN).any():
            return self.untaught
        better, said = learn_from_gold(self.fitted, self.L, gold)
        posterior = better.predict_proba(self.L)
        provenance: dict[str, Any] = {**posterior.provenance, "gold": said}
        k = self.L.cardinality
        learned = said["prior"] == "known classes" or any(said["class_bias"])  # then what it was told is gone
        return replace(posterior, prior=np.full(k, 1 / k) if learned else posterior.prior, provenance=provenance)
