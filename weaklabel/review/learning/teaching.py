"""A label model that is fitted once, and taught by other answers again and again."""

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.labeling.denoise import fitted_to, taught
from weaklabel.protocols import LabelModel


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
        self.L, self.fitted = L, fitted_to(L, model)
        self.untaught: Posterior = self.fitted.predict_proba(L)

    def teach(self, gold: NDArray[np.int64]) -> Posterior:
        """What the model believes once it has learned from known classes, shape (n,), -1 where unknown.

        They teach it about votes; no item is set to its own class.
        """
        return taught(self.fitted, self.L, gold) if (gold != ABSTAIN).any() else self.untaught
