"""What most label models come down to once fitted: each vote adds its evidence, and abstentions say nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from typing import Any

import numpy as np

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import ModelError
from weaklabel.labeling.patterns import BLOCK, Votes
from weaklabel.numerics import Floats, normalise_log


@dataclass
class LogLinear:
    """log P(y | votes) = bias(y) + sum over the votes of evidence(function, vote, y), up to a constant.

    Attributes
    ----------
    bias_
        Shape (k,): what is believed of an item without votes, in logs.
    evidence_
        Shape (m, k, k), finite: [j, v, y] is what a vote v of function j adds to class y, in logs.
    fitted_to_
        Names of the functions, and of the classes.
    """

    bias_: Floats = field(init=False, repr=False)
    evidence_: Floats = field(init=False, repr=False)
    fitted_to_: tuple[tuple[str, ...], tuple[str, ...]] = field(init=False, repr=False)

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """P(class | votes), summed in logs: many votes never underflow.

        Raises
        ------
        ModelError
            The matrix has other functions or classes than the one that the model was fitted to.
        """
        for kind, fitted, given in zip(("functions", "classes"), self.fitted_to_, (L.lf_names, L.classes), strict=True):
            if fitted != given:
                raise ModelError(_other_matrix(kind, fitted, given))
        probs = normalise_log(log_scores(L.votes, self.bias_, self.evidence_))
        return Posterior(probs, L.item_ids, L.classes, L.covered, provenance=self._provenance())

    def _provenance(self) -> dict[str, Any]:
        """The model's name and its parameters."""
        parameters = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return {"model": type(self).__module__.rpartition(".")[2], **parameters}


def log_scores(votes: Votes, bias: Floats, evidence: Floats) -> Floats:
    """Unnormalised log P(y | votes), shape (n, k), by blocks of rows: no one-hot matrix of all votes is built."""
    n, k = len(votes), len(bias)
    scores = np.tile(bias, (n, 1)).astype(np.float64)
    for start in range(0, n, BLOCK):
        block = votes[start : start + BLOCK]
        for v in range(k):
            scores[start : start + BLOCK] += (block == v).astype(np.float64) @ evidence[:, v]
    return scores


def _other_matrix(kind: str, fitted: Sequence[str], given: Sequence[str]) -> str:
    there, here = next(pair for pair in zip_longest(fitted, given) if pair[0] != pair[1])
    return (
        f"the model was fitted to {len(fitted)} {kind} and this matrix has {len(given)}; the first that differs is "
        f"{there!r} there and {here!r} here: give it the same ones in the same order"
    )
